"""Which calls a registered backend answers: by its server's code, else by the capability table, else by its tags.

A tag is what somebody wrote for a search box ("LLM" stands on a speech engine whose model has a language model inside),
so it counts only when nothing better is known.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from newbackend.catalog import modalities
from newbackend.catalog.languages import languages
from newbackend.checkout.layout import layout_of
from newbackend.checkout.tree import Checkout, cached, cached_by_file
from newbackend.errors import NewbackendError
from newbackend.registrations.capabilities.place import Capabilities
from newbackend.registrations.gallery_index.place import GalleryIndex

_FOLDERS = ("", "src/", "cpp/")
_CPP = re.compile(r"Status\s+(?:\w+::)?([A-Z]\w*)\s*\(")
_METHODS = {
    ".py": re.compile(r"^[ \t]*(?:async )?def (\w+)\(", re.M),
    ".go": re.compile(r"^func \([^)\n]*\) (\w+)\(", re.M),
    **dict.fromkeys((".cpp", ".cc", ".h", ".hpp"), _CPP),
    ".rs": re.compile(r"\basync fn (\w+)\s*[(<]"),
}
"""How a source of each kind begins a method."""
_SOURCES = tuple(_METHODS)
_STUB = 800  # characters: a longer body does something before it says that a call is not implemented


def served_modalities(checkout: Checkout, name: str, lang: str) -> tuple[str, ...]:
    """The modalities that a backend serves, in canonical order, from the best source that knows any."""
    code = _code(checkout, languages()[lang].directory_of(name)) if lang in languages() else frozenset()
    for rpcs in (code, _declared(checkout).get(name, frozenset())):
        known = tuple(key for key, row in modalities().items() if row.rpcs[0] in rpcs)
        if rpcs:
            return known
    tags = _tags(checkout).get(name, frozenset())
    return tuple(key for key, row in modalities().items() if tags & {tag.lower() for tag in row.tags})


@cached
def _code(checkout: Checkout, directory: str) -> frozenset[str]:
    """The RPCs of the proto that the backend's own sources define a method for, without those that only refuse."""
    names = {_plain(rpc): rpc for rpc in layout_of(checkout).proto.rpcs}
    found = {_rpc(method, names) for path in _sources(checkout, directory) for method in _methods(checkout, path)}
    return frozenset(found - {"", "Health", "Free", "LoadModel", "Status"})


@cached_by_file
def _methods(checkout: Checkout, path: str) -> frozenset[str]:
    """The methods that a source defines, without those that only refuse."""
    text = _text(checkout, path)
    methods = list(_METHODS[posixpath.splitext(path)[1]].finditer(text))
    ends = (*(method.start() for method in methods[1:]), len(text))
    bodies = ((method[1], text[method.end() : end]) for method, end in zip(methods, ends, strict=False))
    return frozenset(name for name, body in bodies if len(body) >= _STUB or "unimplemented" not in body.lower())


def _rpc(method: str, names: dict[str, str]) -> str:
    """The RPC of a method: Rust writes it in snake case, Go's server calls `Embedding` Embeddings."""
    plain = _plain(method)
    return names.get(plain) or names.get(plain.removesuffix("s"), "")


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _sources(checkout: Checkout, directory: str) -> Iterator[str]:
    for folder in _FOLDERS:
        for name in checkout.children(f"{directory}/{folder}".rstrip("/")):
            if name.endswith(_SOURCES) and not name.startswith("test") and not name.endswith("_test.go"):
                yield f"{directory}/{folder}{name}"


def _text(checkout: Checkout, path: str) -> str:
    try:
        return checkout.read(path) or ""
    except NewbackendError:
        return ""  # not text, or not to be read: another source answers


@cached
def _declared(checkout: Checkout) -> dict[str, frozenset[str]]:
    """Backend -> the RPCs of its entry in the capability table."""
    return {fact.backend: frozenset(fact.value.get("GRPCMethods") or ()) for fact in Capabilities().observe(checkout)}


@cached
def _tags(checkout: Checkout) -> dict[str, frozenset[str]]:
    return {
        fact.backend: frozenset(str(tag).lower() for tag in fact.value.get("tags") or ())
        for fact in GalleryIndex().observe(checkout)
        if fact.kind == "meta" and "&" in fact.value
    }

"""Guesses what the registration does not state: flavour, pin and modalities, each from the best source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from newbackend.catalog import modalities
from newbackend.catalog.languages import Flavour
from newbackend.describe.facts import Registered
from newbackend.describe.matrix import Row, departures
from newbackend.pin import DEFAULT_BASE, DEFAULT_BRANCH, default_variable
from newbackend.registrations.capabilities.place import known_methods

_SHA = re.compile(r"[0-9a-f]{40}\Z")
_ASSIGNED = re.compile(r"^([A-Z][A-Z0-9_]*)\s*\?=\s*(\S+)\s*$", re.M)
_SOURCES = (".go", ".py", ".cpp", ".cc", ".rs")
_NOT_WRITTEN = re.compile(r"test|_pb2(?:_grpc)?\.py\Z")
"""Tests, and what protoc makes of every RPC that there is."""
FALLBACK = "llm"
BY_TAGS = "modalities are a guess by the gallery's tags"


def flavour_of(backend: Registered, rows: Mapping[str, Sequence[Row]]) -> str:
    """The template flavour: that of the backend's build files, else the one whose table differs least."""
    flavours = backend.language.flavours
    shown = [key for key, flavour in flavours.items() if flavour.seen_in and _shows(backend, flavour)]
    if shown:
        return shown[0]
    tried = [backend.language.default_flavour, *flavours]
    candidates = [key for key in dict.fromkeys(tried) if not flavours[key].seen_in]
    return min(candidates, key=lambda key: len(str(departures(backend, key, rows))))


def _shows(backend: Registered, flavour: Flavour) -> bool:
    """Whether a file of the backend shows the flavour. The backend that a flavour builds on does not have the flavour
    itself."""
    if flavour.needs_path.startswith(f"{backend.directory}/"):
        return False
    return any(
        re.search(text, backend.checkout.read(f"{backend.directory}/{file}") or "")
        for file in backend.checkout.children(backend.directory)
        for pattern, text in flavour.seen_in.items()
        if fnmatch(file, pattern)
    )


def pin_of(backend: Registered) -> dict[str, str] | None:
    """The pin: the bump bot's row with the commit in the backend's Makefile, or a submodule; else None."""
    text = backend.checkout.read(f"{backend.directory}/Makefile") or ""
    commits = {variable: value for variable, value in _ASSIGNED.findall(text) if _SHA.match(value)}
    for fact in backend.of("bump-bot"):
        row = fact.value
        if row.get("file") == f"{backend.directory}/Makefile" and row.get("variable") in commits:
            return {
                "repo": str(row.get("repository") or ""),
                "sha": commits[row["variable"]],
                "branch": str(row.get("branch") or ""),
                "variable": str(row["variable"]),
            }
    return _submodule_of(backend)


def _submodule_of(backend: Registered) -> dict[str, str] | None:
    """The pin of a language whose upstream is a git submodule: its repository and its commit in git's index.

    Nothing says which branch it follows and no variable holds it, so those are the defaults.
    """
    if backend.language.pin_style != "submodule":
        return None
    for fact in backend.of("submodules", "submodule"):
        path, url = fact.key.partition(":")[2], str(fact.value)
        repo = url.removeprefix(f"{DEFAULT_BASE}/").removesuffix(".git")
        sha = backend.checkout.link(path)
        if (
            sha
            and url.startswith(f"{DEFAULT_BASE}/")
            and path == f"{backend.directory}/sources/{repo.rpartition('/')[2]}"
        ):
            return {"repo": repo, "sha": sha, "branch": DEFAULT_BRANCH, "variable": default_variable(backend.name)}
    return None


def modalities_of(backend: Registered) -> tuple[list[str], str]:
    """Modalities, and a note if they are a guess: from the RPCs in BackendCapabilities and those that it cannot name
    but the sources serve; for a backend that is not in it, from the RPCs that the sources define, else from the
    gallery's tags, else text generation."""
    served = {rpc for fact in backend.of("backend-capabilities") for rpc in fact.value.get("GRPCMethods") or ()}
    named = {rpc for modality in modalities().values() for rpc in modality.rpcs}
    known, sources = known_methods(backend.checkout), _sources(backend)

    def unnamed(rpcs: Sequence[str]) -> bool:
        """Whether the sources serve a modality that BackendCapabilities has no constant for, such as a vector store."""
        return bool(rpcs and known) and rpcs[0] not in known and _defines(sources, rpcs)

    by_rpc = [m.id for m in modalities().values() if _serves(m.rpcs, served & named) or unnamed(m.rpcs)]
    by_source = [] if by_rpc else [m.id for m in modalities().values() if _defines(sources, m.rpcs)]
    if by_rpc or by_source:
        return by_rpc or by_source, ""
    tags = {_word(tag) for tag in backend.meta.get("tags") or ()}
    by_tag = [m.id for m in modalities().values() if tags & {_word(word) for word in (m.id, m.chip, *m.tags)}]
    exact = [m.id for m in modalities().values() if tags & {_word(word) for word in (m.id, *m.tags)}]
    if exact or by_tag:
        return exact or by_tag, BY_TAGS
    return [FALLBACK], f"modalities: nothing here says what it serves, {FALLBACK} is assumed"


def _defines(sources: Iterable[str], rpcs: Sequence[str]) -> bool:
    """Whether the sources define a modality's first RPC: Go (some are in the plural) and Python as a method, C++
    with its context, Rust in its own spelling.

    Rust has to define every RPC; one that only answers `unimplemented` is not served.
    """
    if not rpcs:
        return False
    snake = re.sub(r"(?<!\A)(?=[A-Z])", "_", rpcs[0]).lower()
    method = rf"\bfunc\s*\([^)]*\)\s*{rpcs[0]}s?\s*\(|\bdef\s+{rpcs[0]}\s*\(|\bfn\s+{snake}\s*\("
    with_context = rf"\b{rpcs[0]}\s*\(\s*[\w:]*Context\b"
    defined = re.compile(rf"(?:{method}|{with_context})(?!(?:[^}}]|\n){{0,400}}nimplemented)")
    texts = (text for text in sources if rpcs[0] in text or snake in text)  # a search takes much longer
    return any(defined.search(text) for text in texts)


def _sources(backend: Registered) -> list[str]:
    """The backend's own sources, without its tests and without the upstream's."""
    folders = (backend.directory, f"{backend.directory}/src")
    paths = [f"{folder}/{name}" for folder in folders for name in backend.checkout.children(folder)]
    return [
        backend.checkout.read(path) or ""
        for path in paths
        if path.endswith(_SOURCES) and not _NOT_WRITTEN.search(path.rpartition("/")[2])
    ]


def _serves(rpcs: Sequence[str], served: set[str]) -> bool:
    """Whether the table names a modality's first RPC; streaming variants are often missing."""
    return bool(rpcs) and rpcs[0] in served


def _word(text: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(text).lower())

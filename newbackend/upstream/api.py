"""Which headers are an engine's C API, and what its names say about lifetimes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from newbackend.upstream.c_api import Api, Function
from newbackend.upstream.facts import Confidence
from newbackend.upstream.header import read_header
from newbackend.upstream.sources import Sources

_HEADERS_LIMIT = 200
_RELEASES_LIMIT = 200
"""Functions that free one type: a hostile header can have any number, and each is compared with each."""
_C_API = re.compile(r"(?:^|[-_])c[-_]?api(?:[-_.]|$)|capi", re.IGNORECASE)
_RELEASES = frozenset(
    ["free", "destroy", "delete", "release", "close", "unload", "deinit", "dispose", "cleanup", "del", "drop", "unref"]
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OWNED = re.compile(
    r"caller (?:must|has to|should|is responsible)|must be (?:freed|released)|free (?:it )?with|owned by the caller",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Header:
    """One header with what it declares and why it was taken."""

    api: Api
    why: str


@dataclass(frozen=True)
class Lifetime:
    """A function that gives something out, and the one that takes it back (empty: none was found)."""

    gives: str
    type: str
    freed_by: str
    where: str
    confidence: Confidence
    reason: str


def headers(sources: Sources, installed: dict[str, str], names: list[str]) -> tuple[list[Header], list[str]]:
    """The headers of the C API, the best first, and those that are for C++ alone.

    `installed` are the headers that the build installs, `names` what the project and its repository are called.
    """
    candidates = _candidates(sources, installed)
    sources.prefetch(candidates)
    found: list[tuple[int, Header]] = []
    cplusplus: list[str] = []
    for path in candidates:
        text = sources.text(path)
        if text is None or not _has_c_linkage(sources, path, text):
            if text is not None and path in installed:
                cplusplus.append(path)
            continue
        api = read_header(text, path)
        if api.cplusplus:
            cplusplus.append(path)
        elif api.functions:
            score, why = _score(path, installed, names, api)
            found.append((score, Header(api, why)))
    ranked = sorted(found, key=lambda pair: (-pair[0], pair[1].api.path))
    return [header for _, header in ranked], sorted(cplusplus)


def _candidates(sources: Sources, installed: dict[str, str]) -> list[str]:
    own = [
        path for path in sources.paths
        if path.endswith(".h") and not sources.vendored(path) and not sources.aside(path)
    ]  # fmt: skip
    ranked = sorted(
        own, key=lambda path: (path not in installed, "include" not in path.split("/"), path.count("/"), path)
    )
    return [*(path for path in installed if path not in own and not sources.vendored(path)), *ranked][:_HEADERS_LIMIT]


def _has_c_linkage(sources: Sources, path: str, text: str) -> bool:
    """`extern "C"`, or the header of a C file."""
    if 'extern "C"' in text:
        return True
    if path.endswith(".hpp"):
        return False
    stem = posixpath.splitext(path)[0]
    return sources.exists(f"{stem}.c") or sources.exists(f"src/{posixpath.basename(stem)}.c")


def _score(path: str, installed: dict[str, str], names: list[str], api: Api) -> tuple[int, str]:
    reasons: list[str] = []
    score = 0
    stem = posixpath.splitext(posixpath.basename(path))[0]
    if path in installed:
        score, reasons = score + 4, [*reasons, f"installed at {installed[path]}"]
    if "include" in path.split("/"):
        score, reasons = score + 2, [*reasons, "in a folder named include"]
    if _C_API.search(stem):
        score, reasons = score + 4, [*reasons, "named a C API"]
    if any(same(stem, name) for name in names):
        score, reasons = score + 3, [*reasons, "named like the project"]
    if sum(bool(lifetime.freed_by) for lifetime in lifetimes(api)):
        score, reasons = score + 2, [*reasons, "makes and frees handles"]
    return score, ", ".join(reasons) or "declares functions with C linkage"


def same(stem: str, name: str) -> bool:
    one, other = (
        re.sub(r"[^a-z0-9]", "", re.sub(r"[-_.](?:cpp|c|rs|ggml)$", "", text.lower())) for text in (stem, name)
    )
    return bool(one) and (one == other or (len(one) > 2 and other.startswith(one)))


def version_function(api: Api) -> Function | None:
    """The function that tells the version of the library or its ABI."""
    plain = [function for function in api.functions if not function.parameters]
    wanted = [function for function in plain if "version" in function.name.lower()]
    return min(wanted, key=lambda function: ("abi" not in function.name.lower(), len(function.name)), default=None)


def lifetimes(api: Api) -> list[Lifetime]:
    """What functions give out: handles and strings, with the function that frees them."""
    found: list[Lifetime] = []
    releases = _releases(api)
    structs = {struct.name for struct in api.structs}
    for function in api.functions:
        for kind in _given(api, structs, function):
            found.append(_lifetime(releases, function, kind))
    return found


def _given(api: Api, structs: set[str], function: Function) -> list[str]:
    """Types that a call hands over: a handle or a string as the result, or a handle through `T **`."""
    given: list[str] = []
    base = _base(function.result)
    fresh = base in api.opaque or base == "char" or (base in structs and "const" not in function.result.split())
    if fresh and function.result.endswith("*") and not function.result.endswith("**"):
        given.append(function.result)
    for parameter in function.parameters:
        out = parameter.type.endswith("**") and "const" not in parameter.type.split()
        if out and _base(parameter.type) in api.opaque:
            given.append(parameter.type[:-1].rstrip())
    return given


def _lifetime(releases: Mapping[str, list[Function]], function: Function, kind: str) -> Lifetime:
    base = _base(kind)
    if base == "char" and "const" in kind.split() and not _OWNED.search(function.comment):
        reason = "is const: the library keeps it"
        return Lifetime(function.name, kind, "", function.where, "likely", reason)
    frees = releases.get(base, [])
    if base != "char":
        nearest = min((_distance(other, base) for other in frees), default=None)
        frees = [other for other in frees if _distance(other, base) == nearest]
    named = [other for other in frees if other.name in function.comment]
    if named:
        return Lifetime(function.name, kind, named[0].name, function.where, "certain", "the comment names it")
    if len(frees) == 1:
        reason = f"is the only function that frees {base}"
        return Lifetime(function.name, kind, frees[0].name, function.where, "likely", reason)
    if frees:
        best = max(frees, key=lambda other: len(set(_words(other.name)) & set(_words(function.name))))
        return Lifetime(
            function.name, kind, best.name, function.where, "guess", f"one of {len(frees)} that free {base}"
        )
    return Lifetime(function.name, kind, "", function.where, "guess", f"no function that frees {base} was found")


def _releases(api: Api) -> dict[str, list[Function]]:
    """Functions that free something, by the name of what they free: `void *` may be a string."""
    found: dict[str, list[Function]] = {}
    for function in api.functions:
        first = function.parameters[0].type if function.parameters else ""
        if not first.endswith("*") or not _RELEASES.intersection(_words(function.name)):
            continue
        base = _base(first)
        for kind in (base, "char") if base == "void" else (base,):
            frees = found.setdefault(kind, [])
            if len(frees) < _RELEASES_LIMIT:
                frees.append(function)
    return found


def _distance(function: Function, base: str) -> tuple[bool, int]:
    """How far a function is from `free_BASE(BASE *)`: other parameters, then words that are in one name alone."""
    words = set(_words(function.name)) - _RELEASES
    return len(function.parameters) > 1, len(words ^ (set(_words(base)) - {"t"}))


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    """`SherpaOnnxDestroyOnlineStream` and `sd_ctx_free` as their words in lower case."""
    return tuple(word for word in _CAMEL.sub("_", name).lower().split("_") if word)


def _base(kind: str) -> str:
    """The name of what a type points to, without `const`, `struct` and stars."""
    words = kind.replace("*", " ").split()
    return next((word for word in words if word not in ("const", "volatile", "struct", "enum", "union")), "")

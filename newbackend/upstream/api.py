"""Which headers are an engine's C API, and what its names say about lifetimes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from newbackend.records import dataclass
from newbackend.upstream.c_api import Api, Function
from newbackend.upstream.facts import Confidence
from newbackend.upstream.header import is_cplusplus, read_header
from newbackend.upstream.sources import Sources

_HEADERS_LIMIT = 200
_RELEASES_LIMIT = 200
"""Functions that free one type: a hostile header can have any number, and each is compared with each."""
C_API = re.compile(r"(?:^|[-_])c[-_]?api(?:[-_.]|$)|capi", re.IGNORECASE)
"""What headers and sources for other languages are called."""
RELEASES = frozenset(
    ["free", "destroy", "delete", "release", "close", "unload", "deinit", "dispose", "cleanup", "del", "drop", "unref"]
)
_CREATES = frozenset([
    "init", "initialize", "initialise", "create", "new", "open", "load", "make", "start", "alloc", "from", "build",
    "clone",
])  # fmt: skip
"""A `void *` that these give is the caller's; one that others give, such as user data, need not be."""
_TEXTS = frozenset([
    "string", "strings", "str", "text", "cstr", "buffer", "buf", "mem", "memory", "ptr", "result", "json",
])  # fmt: skip
"""What a function is called for that frees any memory, and no handle."""
_VALUE = " by value"
"""Behind the name of a handle that is no pointer in the list of what is freed."""
_NUMBERS = ("float", "double", "int16_t", "int32_t", "uint8_t", "int8_t", "short", "int")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OWNED = re.compile(
    r"caller (?:must|has to|should|is responsible)|must be (?:freed|released)|free (?:it )?with|owned by the caller",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Header:
    """One header with what it declares, why it was taken, and how much speaks for it.

    `public` is false for one that nothing but its linkage speaks for: a copied library, or an inner part.
    """

    api: Api
    why: str
    points: int
    public: bool


@dataclass(frozen=True)
class Known:
    """What else is known of a project when its headers are read."""

    installed: Mapping[str, str]
    """Headers that the build installs -> where."""
    names: Sequence[str]
    """What the project and its repository are called."""
    compiled: frozenset[str] = frozenset()
    """Files of the project's own libraries."""


@dataclass(frozen=True)
class Headers:
    """The C API, the best header first; `others` have C linkage and are probably not for users; `cplusplus` are the
    public ones that are for C++ alone: beside a C API those that are installed."""

    public: list[Header]
    others: list[Header]
    cplusplus: list[str]
    chosen: bool = False
    """Whether somebody named the first one."""


@dataclass(frozen=True)
class Lifetime:
    """A function that gives something out, and the one that takes it back (empty: none was found)."""

    gives: str
    type: str
    freed_by: str
    where: str
    confidence: Confidence
    reason: str
    owned: bool = False
    """Whether the comment says that the caller frees it, where no function of the API does."""


def headers(sources: Sources, known: Known) -> Headers:
    """The headers that programs in other languages can use."""
    candidates = _candidates(sources, known)
    sources.prefetch(candidates)
    found: list[Header] = []
    cplusplus: list[str] = []
    for path in candidates:
        text = sources.text(path)
        if text is None:
            continue
        api = read_header(text, path) if _has_c_linkage(sources, path, text) else None
        if api is not None and api.functions:
            found.append(judged(path, known, api))
        elif (is_cplusplus(text) or (api and api.cplusplus)) and _is_public(path, known):
            cplusplus.append(path)
    ranked = sorted(found, key=lambda header: (-header.points, header.api.path))
    public = [header for header in ranked if header.public]
    if public:
        cplusplus = [path for path in cplusplus if path in known.installed]
    return Headers(public, [header for header in ranked if not header.public], sorted(cplusplus))


def _candidates(sources: Sources, known: Known) -> list[str]:
    own = [
        path for path in sources.paths
        if path.endswith((".h", ".hpp")) and not sources.vendored(path)
        and (path in known.compiled or not sources.aside(path)) and (path.endswith(".h") or _is_public(path, known))
    ]  # fmt: skip
    ranked = sorted(
        own, key=lambda path: (path not in known.installed, not _is_public(path, known), path.count("/"), path)
    )
    installed = (path for path in known.installed if path not in own and not sources.vendored(path))
    return [*installed, *ranked][:_HEADERS_LIMIT]


def _has_c_linkage(sources: Sources, path: str, text: str) -> bool:
    """`extern "C"`, or the header of a C file."""
    if 'extern "C"' in text:
        return True
    if path.endswith(".hpp"):
        return False
    stem = posixpath.splitext(path)[0]
    return sources.exists(f"{stem}.c") or sources.exists(f"src/{posixpath.basename(stem)}.c")


def _is_public(path: str, known: Known) -> bool:
    """Whether a header is for users, by where it is and what it is called."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    return path in known.installed or _in_include(path) or bool(C_API.search(stem)) or _named(stem, known)


def _in_include(path: str) -> bool:
    """Below `include/` at the top or one folder down; further down it is the include folder of a part."""
    return "include" in path.split("/")[:-1][:2]


def _named(stem: str, known: Known) -> bool:
    plain = re.sub(r"[-_.]*c[-_]?api$", "", stem, flags=re.IGNORECASE)
    return any(same(plain, name) for name in known.names)


def judged(path: str, known: Known, api: Api) -> Header:
    """A header with what speaks for it as the C API."""
    reasons: list[str] = []
    score = 0
    stem = posixpath.splitext(posixpath.basename(path))[0]
    if path in known.installed:
        score, reasons = score + 4, [*reasons, f"installed at {known.installed[path]}"]
    if "include" in path.split("/"):
        score, reasons = score + 2, [*reasons, "in a folder named include"]
    if C_API.search(stem):
        score, reasons = score + 4, [*reasons, "named a C API"]
    if _named(stem, known):
        score, reasons = score + 3, [*reasons, "named like the project"]
    if sum(bool(lifetime.freed_by) for lifetime in lifetimes(api)):
        score, reasons = score + 2, [*reasons, "makes and frees handles"]
    why = ", ".join(reasons) or "declares functions with C linkage"
    public = _is_public(path, known) or _is_compiled(path, known.compiled)
    return Header(api, why, score, public)


def _is_compiled(path: str, compiled: Collection[str]) -> bool:
    """Whether a library has the header, or the source beside it."""
    stem = posixpath.splitext(path)[0]
    return path in compiled or any(f"{stem}{ending}" in compiled for ending in (".c", ".cc", ".cpp", ".cxx"))


def same(stem: str, name: str) -> bool:
    """Whether a file or target is called like a project, but for `lib` and endings such as `.cpp`."""
    one, other = (
        re.sub(r"[^a-z0-9]", "", re.sub(r"[-_.](?:cpp|c|rs|ggml)$", "", text.lower().removeprefix("lib")))
        for text in (stem, name)
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
        for kind in _given(api, structs, function, releases):
            found.append(_lifetime(api, releases, function, kind))
    return found


def _given(api: Api, structs: set[str], function: Function, releases: Mapping[str, list[Function]]) -> list[str]:
    """Types that a call hands over: a handle, a string or an array as the result, or one of them through `T **`.

    An array of numbers is one that the API has a function to free for.
    """
    given: list[str] = []
    base, mutable = meant(api, function.result), "const" not in function.result.split()
    untyped = base == "void" and _gives_untyped(function, releases)
    fresh = base in api.opaque or base == "char" or untyped
    fresh = fresh or (mutable and (base in structs or _frees_numbers(releases, base)))
    pointer = function.result.endswith("*") and not function.result.endswith("**")
    if (fresh and pointer) or f"{function.result}{_VALUE}" in releases:
        given.append(function.result)
    for parameter in function.parameters:
        out = parameter.type.endswith("**") and "const" not in parameter.type.split()
        base = meant(api, parameter.type)
        number = parameter.type.endswith("*") and f"{parameter.type[:-1].rstrip()}{_VALUE}" in releases
        untyped = base == "void" and _gives_untyped(function, releases)
        if number or (out and (base in api.opaque or untyped or _frees_numbers(releases, base))):
            given.append(parameter.type[:-1].rstrip())
    return given


def _gives_untyped(function: Function, releases: Mapping[str, list[Function]]) -> bool:
    """Whether a `void *` of a function is a handle: it makes one, and another function frees one."""
    words = set(name_words(function.name))
    return "void" in releases and bool(words & _CREATES) and not words & RELEASES


def _frees_numbers(releases: Mapping[str, list[Function]], base: str) -> bool:
    return base in _NUMBERS and base in releases


def _lifetime(api: Api, releases: Mapping[str, list[Function]], function: Function, kind: str) -> Lifetime:
    base = meant(api, kind) if kind.endswith("*") else f"{kind}{_VALUE}"
    owned = bool(_OWNED.search(function.comment))
    if base == "char" and "const" in kind.split() and not owned:
        reason = "is const: the library keeps it"
        return Lifetime(function.name, kind, "", function.where, "likely", reason)
    frees = releases.get(base, [])
    if base not in ("char", *_NUMBERS):
        nearest = min((_distance(other, base) for other in frees), default=None)
        frees = [other for other in frees if _distance(other, base) == nearest]
    named = [other for other in frees if other.name in function.comment]
    if named:
        return Lifetime(function.name, kind, named[0].name, function.where, "certain", "the comment names it")
    if len(frees) == 1:
        reason = f"is the only function that frees {base.removesuffix(_VALUE)}"
        return Lifetime(function.name, kind, frees[0].name, function.where, "likely", reason)
    if frees:
        best = max(frees, key=lambda other: len(set(name_words(other.name)) & set(name_words(function.name))))
        return Lifetime(function.name, kind, best.name, function.where, "guess", f"one of {len(frees)} that free it")
    said = ", and the comment says that the caller does" if owned else ""
    return Lifetime(function.name, kind, "", function.where, "guess", f"no function frees {base}{said}", owned)


def _releases(api: Api) -> dict[str, list[Function]]:
    """Functions that free something, by the name of what they free.

    `void *` may be a string too, unless another function frees strings, or functions give handles as `void *`.
    """
    found: dict[str, list[Function]] = {}
    untyped: list[Function] = []
    for function in api.functions:
        first = function.parameters[0].type if function.parameters else ""
        number = first in api.aliases  # a handle that is a number or a pointer behind a name
        if not (number or first.endswith("*")) or not RELEASES.intersection(name_words(function.name)):
            continue
        base = f"{first}{_VALUE}" if number else meant(api, first)
        frees = untyped if base == "void" else found.setdefault(base, [])
        if len(frees) < _RELEASES_LIMIT:
            frees.append(function)
    texts = [function for function in untyped if _TEXTS.intersection(name_words(function.name))]
    handles = [function for function in untyped if function not in texts]
    found |= {"void": handles} if handles else {}
    given = any(_gives_untyped(function, found) for function in api.functions if _is_untyped(function))
    if "char" not in found and (frees := texts if texts or given else untyped):
        found["char"] = frees
    return found


def _is_untyped(function: Function) -> bool:
    kinds = (function.result, *(part.type for part in function.parameters if part.type.endswith("**")))
    return any(kind.replace("*", " ").split() == ["void"] for kind in kinds if "*" in kind)


def meant(api: Api, kind: str) -> str:
    """What a type points to, by the name that its declaration has: `typedef struct tone_stream tone_stream_t`."""
    base = base_name(kind)
    named = api.aliases.get(base, "")
    tag = base_name(named)
    return tag if tag in api.opaque and not named.endswith("*") else base


def _distance(function: Function, base: str) -> tuple[bool, int]:
    """How far a function is from `free_BASE(BASE *)`: other parameters, then words that are in one name alone."""
    words = set(name_words(function.name)) - RELEASES
    return len(function.parameters) > 1, len(words ^ (set(name_words(base)) - {"t"}))


@lru_cache(maxsize=4096)
def name_words(name: str) -> tuple[str, ...]:
    """`SherpaOnnxDestroyOnlineStream` and `sd_ctx_free` as their words in lower case."""
    return tuple(word for word in _CAMEL.sub("_", name).lower().split("_") if word)


def base_name(kind: str) -> str:
    """The name of what a type points to, without `const`, `struct` and stars."""
    words = kind.replace("*", " ").split()
    return next((word for word in words if word not in ("const", "volatile", "struct", "enum", "union")), "")

"""Which function of a C API loads a model, and whether everything that it is given is known.

A loader gives out a handle that another function takes back, and is told a path: by an argument, or by a field of a
struct. It can be called when each of its other arguments is told too: by a function of the header that fills in
defaults, by the request (threads, seed), by a comment that allows NULL or 0, or by a name that asks for talk (verbose),
which is 0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from newbackend.records import dataclass
from newbackend.upstream.api import RELEASES, Lifetime, lifetimes, name_words
from newbackend.upstream.c_api import Function, Parameter
from newbackend.upstream.c_types import (
    CallbackType,
    CType,
    EnumType,
    FunctionPointer,
    Handle,
    Pointer,
    Scalar,
    StructType,
    Types,
    Void,
)
from newbackend.upstream.modality_words import said

How = Literal["path", "defaults", "handle", "threads", "gpu layers", "seed", "null", "zero", "message", "room"]
_PATHS = frozenset([
    "path", "file", "filename", "fname", "filepath", "model", "gguf", "weights", "checkpoint", "dir", "directory",
    "folder",
])  # fmt: skip
_MODEL_FIELDS = frozenset([
    "model", "path", "file", "filename", "modelpath", "pathmodel", "modelfile", "modelfilename", "modeldir",
])  # fmt: skip
_REQUESTED: Mapping[str, How] = {
    "nthreads": "threads", "numthreads": "threads", "threads": "threads", "nthread": "threads",
    "threadcount": "threads", "ngpulayers": "gpu layers", "gpulayers": "gpu layers", "seed": "seed",
    "verbose": "zero", "verbosity": "zero",
}  # fmt: skip
_ERRORS = frozenset(["err", "error", "errbuf", "errmsg", "errormsg", "errorbuf", "errorbuffer", "errstr", "errorout"])
_DEFAULTS = frozenset(["default", "defaults"])
_FILLS = _DEFAULTS | {"init", "initialize", "initialise"}
_LOADS = frozenset(["load", "open", "file", "path"])
_NO_PATH = frozenset(["type", "format", "kind", "arch", "architecture", "extension", "id", "name", "version"])
_STRUCT_DEPTH = 3
_MOST = 100
"""Loaders of one header; a real one has fewer than 30."""


@dataclass(frozen=True)
class Defaults:
    """A function that gives a struct with its defaults: as the result, or through its one argument (`fills`), or as a
    pointer that `frees` takes back."""

    function: Function
    fills: bool = False
    frees: str = ""


@dataclass(frozen=True)
class Argument:
    """How one argument is given. Of a struct: its name, the functions with its defaults, and the field for the path."""

    parameter: Parameter
    how: How
    struct: str = ""
    defaults: tuple[Defaults, ...] = ()
    field: str = ""


@dataclass(frozen=True)
class Loader:
    """A function that loads a model; `why_not` says what keeps it from being called, and is empty when nothing does."""

    function: Function
    handle: str
    free: str
    arguments: tuple[Argument, ...] = ()
    why_not: str = ""

    @property
    def fits(self) -> bool:
        return not self.why_not


def loaders(types: Types) -> list[Loader]:
    """Every function that looks like one, in the header's order; of a huge header the first."""
    functions = {function.name: function for function in types.api.functions}
    given = lifetimes(types.api)
    reader = _Reader(types, {part.gives: part.freed_by for part in given})
    found: dict[str, Loader] = {}
    for lifetime in given:
        function = functions[lifetime.gives]
        handle = types.handle(lifetime.type)
        if handle and lifetime.freed_by and function.name not in found and not _releases(function):
            loader = reader.loader(function, lifetime)
            found.update({function.name: loader} if loader else {})
            if len(found) == _MOST:
                break
    return list(found.values())


def chosen(types: Types, found: Sequence[Loader], modalities: Collection[str] = ()) -> Loader | None:
    """The one loader that a backend calls; None when there are several, or when it cannot be called.

    Of several handles it is the one that most functions take, by far; of functions that give the same one it is the
    one whose name the others begin with. With `modalities` a loader that is named for another one does not count.
    """
    left = of_modalities(found, modalities)
    uses = Counter(types.handle(part.type) for one in types.api.functions for part in one.parameters)
    handles = sorted({one.handle for one in left}, key=lambda handle: (-uses[handle], handle))
    if not handles or (len(handles) > 1 and uses[handles[0]] < 2 * uses[handles[1]]):
        return None
    left = [one for one in left if one.handle == handles[0]]
    left = [one for one in left if not one.function.deprecated] or left
    left = [one for one in left if not any(_extends(one, other) for other in left)]
    return left[0] if len(left) == 1 and left[0].fits else None


def of_modalities(found: Sequence[Loader], modalities: Collection[str]) -> list[Loader]:
    """The loaders without those that are named for a modality that is not asked for."""
    if not modalities:
        return list(found)
    named = [(one, said((*name_words(one.function.name), *name_words(one.handle)))) for one in found]
    spoken = frozenset(name for _, names in named for name in names)
    return [one for one, names in named if names & set(modalities) or (not names and not spoken >= set(modalities))]


def _extends(one: Loader, other: Loader) -> bool:
    """`foo_load_from_file_no_state` is a variant of `foo_load_from_file`."""
    longer, shorter = name_words(one.function.name), name_words(other.function.name)
    return len(longer) > len(shorter) and longer[: len(shorter)] == shorter


def _releases(function: Function) -> bool:
    return bool(RELEASES.intersection(name_words(function.name)))


def _tells(result: CType) -> bool:
    """Whether a result says how a call that fills in a handle went: nothing, a bool, or a status that is 0."""
    return isinstance(result, Void | EnumType) or (isinstance(result, Scalar) and not result.floating)


class _Reader:
    def __init__(self, types: Types, releases: Mapping[str, str]) -> None:
        self._types = types
        self._releases = releases
        self._defaults: dict[str, tuple[Defaults, ...]] = {}

    def loader(self, function: Function, lifetime: Lifetime) -> Loader | None:
        """A function that gives a handle, as a loader; None when it is told no path."""
        types = self._types
        paths = _paths(types, function)
        structs = [_struct(types, part.type) for part in function.parameters]
        if not paths and not any(any(_paths_in(types, struct, 0)) for struct in structs if struct):
            return None
        arguments: list[Argument] = []
        why = f"{lifetime.freed_by} may not free it: {lifetime.reason}" if lifetime.confidence == "guess" else ""
        if len(paths) > 1:
            why = why or f"it takes several paths: {', '.join(function.parameters[place].name for place in paths)}"
        for place in range(len(function.parameters)):
            given = self._given(function, place, paths)
            if isinstance(given, str):
                why = why or given
            else:
                arguments.append(given)
        loader = Loader(function, types.handle(lifetime.type), lifetime.freed_by)
        result = types.of(function.result)
        if not why and types.handle(function.result) != loader.handle and not _tells(result):
            why = f"what its result, {function.result}, means is not known"
        return replace(loader, arguments=() if why else tuple(arguments), why_not=why)

    def _given(self, function: Function, place: int, paths: Collection[int]) -> Argument | str:
        """How an argument is given, or in words why that is not known."""
        part = function.parameters[place]
        kind = self._types.argument(part.type)
        if place in paths:
            return Argument(part, "path")
        if _points_to_handle(kind) and self._types.handle(part.type):
            return Argument(part, "handle")
        if _struct(self._types, part.type):
            return self._of_struct(part, bool(paths))
        how = self._by_name(function, place) or _by_comment(function, part, kind)
        return (
            Argument(part, how) if how else f"what to give as {part.name or 'an argument'} ({part.type}) is not known"
        )

    def _by_name(self, function: Function, place: int) -> How | None:
        part = function.parameters[place]
        kind = self._types.argument(part.type)
        whole = isinstance(kind, Scalar) and not kind.floating and kind.size >= 4
        if whole and place and _is_message(self._types, function.parameters[place - 1]):
            return "room"
        if _is_message(self._types, part):
            return "message" if self._counted(function, place + 1) else None
        how = _REQUESTED.get("".join(name_words(part.name)))
        return how if whole or (how == "zero" and isinstance(kind, Scalar) and not kind.floating) else None

    def _counted(self, function: Function, place: int) -> bool:
        """Whether an argument tells the room in the buffer before it."""
        kind = self._types.argument(function.parameters[place].type) if place < len(function.parameters) else None
        return isinstance(kind, Scalar) and not kind.floating

    def _of_struct(self, part: Parameter, direct: bool) -> Argument | str:
        struct = _struct(self._types, part.type)
        if struct not in self._defaults:
            self._defaults[struct] = tuple(self._find_defaults(struct))
        defaults = self._defaults[struct]
        if not defaults:
            return f"no function gives the defaults of {part.name or 'an argument'} ({part.type})"
        if direct:
            return Argument(part, "defaults", struct, defaults)
        fields = self._types.structs[struct].fields
        own = [field.name for field in fields if _is_path(self._types, field.type, field.name)]
        model = [name for name in own if "".join(name_words(name)) in _MODEL_FIELDS]
        if len(own) != 1 and len(model) != 1:
            several = f"several paths: {', '.join(own[:4])}" if own else "its path deeper inside"
            return f"{part.name or 'an argument'} ({part.type}) has {several}"
        return Argument(part, "defaults", struct, defaults, field=(model or own)[0])

    def _find_defaults(self, struct: str) -> Iterator[Defaults]:
        """Functions that give a struct with its defaults, the simplest to call first."""
        returned, filled, pointed = [], [], []
        for function in self._types.api.functions:
            words = set(name_words(function.name))
            result = self._types.of(function.result)
            if not function.parameters and _is(result, struct):
                returned.append(Defaults(function))
            elif not function.parameters and isinstance(result, Pointer) and _is(result.to, struct):
                if words & _DEFAULTS and self._releases.get(function.name):
                    pointed.append(Defaults(function, frees=self._releases[function.name]))
            elif len(function.parameters) == 1 and isinstance(result, Void) and words & _FILLS:
                kind = self._types.argument(function.parameters[0].type)
                if isinstance(kind, Pointer) and not kind.const and _is(kind.to, struct):
                    filled.append(Defaults(function, fills=True))
        for group in (returned, filled, pointed):
            named = [one for one in group if _DEFAULTS.intersection(name_words(one.function.name))]
            yield from (named or group)[:1]


def _paths(types: Types, function: Function) -> list[int]:
    """The places of arguments that are paths, by their names. A function that loads may have one without a name."""
    parameters = list(enumerate(function.parameters))
    found = [place for place, part in parameters if _is_path(types, part.type, part.name)]
    texts = [place for place, part in parameters if _is_text(types, part.type)]
    loads = _LOADS.intersection(name_words(function.name))
    lone = len(texts) == 1 and loads and not function.parameters[texts[0]].name
    return texts if lone else found


def _points_to_handle(kind: CType) -> bool:
    return isinstance(kind, Pointer) and (isinstance(kind.to, Pointer | Handle) or kind.to == Scalar("uintptr", 8))


def _by_comment(function: Function, part: Parameter, kind: CType) -> How | None:
    if isinstance(kind, Scalar | EnumType) and _allows(function, part, "0"):
        return "zero"
    if isinstance(kind, Pointer | CallbackType | FunctionPointer) and _allows(function, part, "(?:NULL|nullptr)"):
        return "null"
    return None


def _is(kind: CType, struct: str) -> bool:
    return isinstance(kind, StructType) and kind.name == struct


def _struct(types: Types, spelled: str) -> str:
    """The struct that an argument is or points to; empty for others."""
    kind = types.argument(spelled)
    kind = kind.to if isinstance(kind, Pointer) else kind
    return kind.name if isinstance(kind, StructType) else ""


def _is_path(types: Types, spelled: str, name: str) -> bool:
    words = set(name_words(name))
    return _is_text(types, spelled) and bool(words & _PATHS) and not words & _NO_PATH


def _is_text(types: Types, spelled: str) -> bool:
    kind = types.argument(spelled)
    return isinstance(kind, Pointer) and kind.const and kind.to == Scalar("byte", 1)


def _is_message(types: Types, part: Parameter) -> bool:
    """A buffer for the words of an error."""
    kind = types.argument(part.type)
    text = isinstance(kind, Pointer) and not kind.const and kind.to == Scalar("byte", 1)
    return text and bool(_ERRORS.intersection((*name_words(part.name), "".join(name_words(part.name)))))


def _paths_in(types: Types, struct: str, depth: int) -> Iterator[str]:
    for field in types.structs[struct].fields:
        inner = types.of(field.type)
        if _is_path(types, field.type, field.name):
            yield field.name
        elif isinstance(inner, StructType) and depth < _STRUCT_DEPTH:
            yield from _paths_in(types, inner.name, depth + 1)


def _allows(function: Function, part: Parameter, value: str) -> bool:
    """Whether the comment says that an argument may be NULL, or 0, or what that stands for."""
    if not part.name:
        return False
    name = rf"\b{re.escape(part.name)}\b"
    may = rf"\b(?:may|can) be {value}\b"
    means = rf"\b{value}\s*(?:=|:|means|selects|for|uses|to use)\s*(?:the )?(?:default|auto|none|no |all)"
    pattern = rf"{name}[^.;\n]{{0,80}}(?:{may}|{means})"
    return re.search(pattern, function.comment[:4000], re.IGNORECASE) is not None

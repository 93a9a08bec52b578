"""What the types of a C API are, and where a compiler for 64 bit Linux or macOS puts the fields of its structs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field
from functools import cached_property
from itertools import chain
from typing import TypeVar

from newbackend.records import dataclass
from newbackend.upstream.c_api import Api, Callback, Enum, Struct

_DEPTH = 32
_BIGGEST = 1 << 20
"""Bytes of a struct: a hostile header may declare more than a machine has."""
_DIMENSIONS = re.compile(r"\s*((?:\[[^\[\]]*\])+)$")
_QUALIFIERS = frozenset(["const", "volatile", "restrict", "__restrict", "__restrict__"])


@dataclass(frozen=True)
class Scalar:
    """A number. `go` is the Go type of the same size."""

    go: str
    size: int

    @property
    def floating(self) -> bool:
        return self.go.startswith("float")


@dataclass(frozen=True)
class Void:
    """No value, or what a `void *` points to."""


@dataclass(frozen=True)
class FunctionPointer:
    """A pointer to a function that has no typedef."""


@dataclass(frozen=True)
class Pointer:
    """A pointer; `const` is said of what it points to."""

    to: CType
    const: bool


@dataclass(frozen=True)
class Array:
    of: CType
    count: int


@dataclass(frozen=True)
class StructType:
    name: str


@dataclass(frozen=True)
class EnumType:
    name: str


@dataclass(frozen=True)
class CallbackType:
    name: str


@dataclass(frozen=True)
class Opaque:
    """A struct that is declared and not defined: only pointers to it make sense."""

    name: str


@dataclass(frozen=True)
class Handle:
    """`typedef void *name;`."""

    name: str


@dataclass(frozen=True)
class Unknown:
    """A type that cannot be passed, with the reason in words that follow its name."""

    reason: str
    behind_pointers: bool = False
    """A pointer to it is of no use either: Go cannot make what it points to."""


CType = (
    Scalar | Void | FunctionPointer | Pointer | Array | StructType | EnumType | CallbackType | Opaque | Handle | Unknown
)


@dataclass(frozen=True)
class Member:
    """A field of a struct with its place in bytes."""

    name: str
    type: CType
    offset: int
    size: int


@dataclass(frozen=True)
class Layout:
    """Size and alignment in bytes, and the fields in order."""

    size: int
    align: int
    members: tuple[Member, ...]


_Named = TypeVar("_Named", Struct, Enum, Callback)
_LONG = 8
SCALARS = {
    "char": Scalar("byte", 1), "signed char": Scalar("int8", 1), "unsigned char": Scalar("uint8", 1),
    "short": Scalar("int16", 2), "unsigned short": Scalar("uint16", 2), "int": Scalar("int32", 4),
    "unsigned int": Scalar("uint32", 4), "long": Scalar("int64", _LONG), "unsigned long": Scalar("uint64", _LONG),
    "long long": Scalar("int64", 8), "unsigned long long": Scalar("uint64", 8), "float": Scalar("float32", 4),
    "double": Scalar("float64", 8), "bool": Scalar("bool", 1), "_Bool": Scalar("bool", 1),
    **{f"int{bits}_t": Scalar(f"int{bits}", bits // 8) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}_t": Scalar(f"uint{bits}", bits // 8) for bits in (8, 16, 32, 64)},
    "size_t": Scalar("uint64", 8), "ssize_t": Scalar("int64", 8), "ptrdiff_t": Scalar("int64", 8),
    "intptr_t": Scalar("int64", 8), "uintptr_t": Scalar("uintptr", 8),
    "time_t": Scalar("int64", 8), "off_t": Scalar("int64", 8),
}  # fmt: skip
_REFUSED = {
    "long double": "is wider than any number of Go",
    "__int128": "is wider than any number of Go",
    "unsigned __int128": "is wider than any number of Go",
    "va_list": "is a list of variadic arguments",
    "__builtin_va_list": "is a list of variadic arguments",
    "FILE": "belongs to the C library",
}
_OF_THE_LIBRARY = frozenset(["va_list", "__builtin_va_list", "FILE"])


def spelled(kind: str) -> str:
    """One spelling for each number: `long unsigned int` and `unsigned long` are the same."""
    words = kind.split()
    if sorted(words) == ["double", "long"]:
        return "long double"
    if not {"char", "int", "short", "long", "signed", "unsigned"}.intersection(words):
        return " ".join(words)
    if not {"char", "int", "short", "long", "signed", "unsigned"}.issuperset(words):
        return " ".join(sorted(words, key=lambda word: word != "unsigned"))
    sign = "unsigned " if "unsigned" in words else "signed " if "signed" in words and "char" in words else ""
    size = next((word for word in ("char", "short") if word in words), "long " * words.count("long") or "int")
    return f"{sign}{size}".strip()


@dataclass
class Types:
    """Looks types up in a header and in those that it includes."""

    api: Api
    included: Sequence[Api] = ()
    _layouts: dict[str, Layout | str] = field(default_factory=dict)
    _kinds: dict[str, CType] = field(default_factory=dict)

    @cached_property
    def structs(self) -> dict[str, Struct]:
        return self._named(api.structs for api in self._apis)

    @cached_property
    def enums(self) -> dict[str, Enum]:
        return self._named(api.enums for api in self._apis)

    @cached_property
    def callbacks(self) -> dict[str, Callback]:
        return self._named(api.callbacks for api in self._apis)

    @cached_property
    def aliases(self) -> dict[str, str]:
        return {name: kind for api in reversed(self._apis) for name, kind in api.aliases.items()}

    @cached_property
    def opaque(self) -> dict[str, str]:
        """Handles and where they are declared."""
        declared = {name: where for api in reversed(self._apis) for name, where in api.opaque.items()}
        return {name: where for name, where in declared.items() if name not in self.structs}

    @property
    def _apis(self) -> list[Api]:
        return [self.api, *self.included]

    @staticmethod
    def _named(parts: Iterable[Iterable[_Named]]) -> dict[str, _Named]:
        found: dict[str, _Named] = {}
        for part in chain.from_iterable(parts):
            found.setdefault(part.name, part)
        return found

    def of(self, kind: str) -> CType:
        """The type that a C spelling names."""
        if kind not in self._kinds:
            self._kinds[kind] = self._read(kind, 0)
        return self._kinds[kind]

    def _read(self, kind: str, depth: int) -> CType:
        head, is_function, _ = kind.partition(" (*)(")
        if "(*" in head and head.endswith("]") and not is_function:
            return Pointer(Unknown("is an array"), const=False)
        dimensions = _DIMENSIONS.search(head)
        if "(" in head or (is_function and dimensions):
            return Unknown("is not understood")
        if is_function:
            return FunctionPointer()
        if dimensions is None:
            return self._pointers(head, depth)
        return self._array(self._pointers(head[: dimensions.start()], depth), dimensions[1])

    def argument(self, kind: str) -> CType:
        """The type of an argument: an array is a pointer to its first element, whatever its size."""
        dimensions = None if "(" in kind else _DIMENSIONS.search(kind)
        if dimensions is None:
            found = self.of(kind)
            return Pointer(found.of, "const" in kind.split()) if isinstance(found, Array) else found
        inner = dimensions[1].partition("]")[2]
        element = kind[: dimensions.start()]
        return Pointer(self.of(f"{element} {inner}" if inner else element), "const" in element.split())

    def handle(self, kind: str) -> str:
        """The handle that a spelling names or, in an argument, points to: the name of an opaque struct, whichever way
        a pointer to it is spelled, the name of a `typedef void *` or `typedef uintptr_t`, or `void`; empty for what is
        none."""
        name, stars, _ = kind.partition("*")
        word = " ".join(part for part in name.split() if part not in _QUALIFIERS)
        if self.aliases.get(word) == "uintptr_t" and "*" not in kind.removeprefix(name + stars):
            return word
        found = self.argument(kind)
        if isinstance(found, Pointer) and isinstance(found.to, Pointer | Handle):
            found = found.to
        match found:
            case Handle():
                return found.name
            case Pointer(to=Opaque(name)):
                return name if name in self.opaque else ""
            case Pointer(to=Void(), const=False):
                return "void"
        return ""

    def _array(self, element: CType, dimensions: str) -> CType:
        for text in reversed(dimensions[1:-1].split("][")):
            count = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
            if not 0 < count <= _BIGGEST:
                return Unknown("has no size that is known")
            element = Array(element, count)
        return element

    def _pointers(self, head: str, depth: int) -> CType:
        base, *stars = head.split("*")
        words = base.split()
        const = "const" in words
        name = spelled(" ".join(word for word in words if word not in _QUALIFIERS))
        if len(stars) > _DEPTH or depth > _DEPTH:
            return Unknown("is nested too deep")
        found = self._base(name, depth)
        for qualifiers in stars:
            found = Pointer(found, const)
            const = "const" in qualifiers.split()
        return found

    def _base(self, name: str, depth: int) -> CType:
        word, _, tag = name.partition(" ")
        if word in ("struct", "union", "enum") and tag:
            return self._tagged(tag)
        if name in self.aliases:
            alias = self.aliases[name]
            return Handle(name) if alias == "void *" else self._read(alias, depth + 1)
        if name == "void":
            return Void()
        if name in SCALARS:
            return SCALARS[name]
        if name in _REFUSED:
            return Unknown(_REFUSED[name], behind_pointers=name in _OF_THE_LIBRARY)
        if name in self.callbacks:
            return CallbackType(name)
        found = self._tagged(name)
        unheard = isinstance(found, Opaque) and name not in self.opaque
        return Unknown("is not declared in this header") if unheard else found

    def _tagged(self, tag: str) -> CType:
        if tag in self.structs:
            return StructType(tag)
        if tag in self.enums:
            return EnumType(tag)
        return Unknown("has no name") if tag == "{...}" else Opaque(tag)

    def layout(self, name: str) -> Layout | str:
        """Where the fields of a struct are; in words why that is not known."""
        if name not in self._layouts:
            self._layouts[name] = "contains itself"
            self._layouts[name] = self._lay_out(self.structs[name])
        return self._layouts[name]

    def _lay_out(self, struct: Struct) -> Layout | str:
        refused = {
            "is a union": struct.union,
            "has bit fields": struct.bit_fields,
            "is packed or aligned": struct.aligned,
        }
        for reason, applies in refused.items():
            if applies:
                return reason
        members: list[Member] = []
        offset, align = 0, 1
        for part in struct.fields:
            kind = self.of(part.type)
            measured = self.measure(kind)
            if isinstance(measured, str):
                return f"has the field {part.name or '(without a name)'}, which {measured}"
            size, own = measured
            offset = -(-offset // own) * own
            members.append(Member(part.name, kind, offset, size))
            offset, align = offset + size, max(align, own)
            if offset > _BIGGEST:
                return "is too big"
        if not members:
            return "has no fields"
        return Layout(-(-offset // align) * align, align, tuple(members))

    def measure(self, kind: CType) -> tuple[int, int] | str:
        """Size and alignment in bytes; in words why there is none."""
        match kind:
            case Scalar():
                return kind.size, kind.size
            case Pointer() | FunctionPointer() | CallbackType() | Handle():
                return 8, 8
            case EnumType():
                size = self.enum_scalar(kind.name).size
                return size, size
            case Array():
                inner = self.measure(kind.of)
                return inner if isinstance(inner, str) else (inner[0] * kind.count, inner[1])
            case StructType():
                layout = self.layout(kind.name)
                return layout if isinstance(layout, str) else (layout.size, layout.align)
            case Unknown():
                return kind.reason
            case _:
                return "is not complete"

    def enum_scalar(self, name: str) -> Scalar:
        """The number that GCC and clang take for an enumeration: by its values."""
        values = [value for _, value in self.enums[name].values if value is not None] or [0]
        low, high = min(values), max(values)
        if low >= -(1 << 31) and high < 1 << 31:
            return Scalar("int32", 4)
        if low >= 0:
            return Scalar("uint32", 4) if high < 1 << 32 else Scalar("uint64", 8)
        return Scalar("int64", 8)

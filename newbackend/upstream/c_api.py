"""What a C header declares, as plain values."""

from __future__ import annotations

from dataclasses import field

from newbackend.records import dataclass
from newbackend.upstream.facts import Gap


@dataclass(frozen=True)
class Parameter:
    """`type` is C's spelling without the name: `const float *`."""

    name: str
    type: str


@dataclass(frozen=True)
class Function:
    """A function that the header declares; `comment` is the one above it."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]
    where: str
    variadic: bool = False
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True)
class Struct:
    """A struct or union with its fields; `union` ones and ones with bit fields cannot be passed by value from Go.

    One without a name inside another is known as `outer.field`, an anonymous member as `outer.0` after its place.
    """

    name: str
    fields: tuple[Parameter, ...]
    where: str
    union: bool = False
    bit_fields: bool = False
    aligned: bool = False
    """An attribute, `#pragma pack` or `alignas` may change where its fields are."""


@dataclass(frozen=True)
class Enum:
    """An enumeration: names and values (None where the value is an expression that is not a number)."""

    name: str
    values: tuple[tuple[str, int | None], ...]
    where: str


@dataclass(frozen=True)
class Callback:
    """A type that is a pointer to a function."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]
    where: str


@dataclass
class Api:
    """Everything that one header declares for C."""

    path: str
    functions: list[Function] = field(default_factory=list)
    structs: list[Struct] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    opaque: dict[str, str] = field(default_factory=dict)
    """Types that are only declared: handles. Name -> where."""
    aliases: dict[str, str] = field(default_factory=dict)
    """`typedef int32_t token;` -> {"token": "int32_t"}."""
    includes: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    cplusplus: bool = False
    """The header is for C++ alone: without `extern "C"`, with classes, namespaces or templates."""

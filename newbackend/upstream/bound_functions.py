"""Which functions of a header Go can call, and why not the others."""

from __future__ import annotations

from dataclasses import field

from newbackend.records import dataclass
from newbackend.upstream.by_pointer import wrapped
from newbackend.upstream.c_api import Api, Function
from newbackend.upstream.c_types import CType, Types
from newbackend.upstream.go_names import is_c_identifier
from newbackend.upstream.go_types import labelled
from newbackend.upstream.purego import refusal

_SIBLINGS = ("_by_ref", "_by_pointer", "_by_ptr", "_ref", "_ptr", "_p")
_TWICE = "it is declared twice, with different types"
_ARGUMENTS = 100


@dataclass(frozen=True)
class Refused:
    """A function or type that is not bound, or only in part."""

    name: str
    where: str
    reason: str


@dataclass
class Choice:
    """The functions to bind in the header's order, those that are refused, and pairs of original and wrapper."""

    functions: list[Function] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    wrapped: list[tuple[Function, Function]] = field(default_factory=list)


def signature(types: Types, function: Function) -> tuple[list[CType], CType]:
    """The types of the arguments and of the result."""
    return [types.argument(part.type) for part in function.parameters], types.of(function.result)


def choose(api: Api, types: Types, version: tuple[int, ...], *, by_pointer: bool) -> Choice:
    """Sorts the functions of a header; `version` is purego's. `by_pointer` wraps those that structs by value stop."""
    first: dict[str, Function] = {}
    twice: set[str] = set()
    for function in api.functions:
        if _types(first.setdefault(function.name, function)) != _types(function):
            twice.add(function.name)
    choice = Choice()
    for name, function in first.items():
        reason = _TWICE if name in twice else _reason(types, function, version)
        if not reason:
            choice.functions.append(function)
            continue
        spoken_for = name in twice or any(f"{name}{end}" in first for end in _SIBLINGS)
        wrapper = wrapped(function, types) if by_pointer and not spoken_for else None
        if wrapper and not _reason(types, wrapper, version):
            choice.functions.append(wrapper)
            choice.wrapped.append((function, wrapper))
        else:
            choice.refused.append(Refused(name, function.where, reason))
    bound = {function.name for function in choice.functions}
    choice.refused = [_with_sibling(part, bound) for part in choice.refused]
    return choice


def _types(function: Function) -> tuple[object, ...]:
    return function.result, function.variadic, *(part.type for part in function.parameters)


def _reason(types: Types, function: Function, version: tuple[int, ...]) -> str:
    if not is_c_identifier(function.name):
        return "its name is not plain ASCII, or too long"
    if function.variadic:
        return "it is variadic"
    if len(function.parameters) > _ARGUMENTS:
        return f"it has {len(function.parameters)} arguments"
    arguments, result = signature(types, function)
    return refusal(types, labelled(function.parameters, arguments), result, version)


def _with_sibling(part: Refused, bound: set[str]) -> Refused:
    sibling = next((f"{part.name}{end}" for end in _SIBLINGS if f"{part.name}{end}" in bound), "")
    return Refused(part.name, part.where, f"{part.reason}; {sibling} is bound") if sibling else part

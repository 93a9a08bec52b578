"""What purego can call: read in its sources (func.go, struct_amd64.go, struct_arm64.go, syscall_sysv.go) at 0.10.0.

A binding must work on 64 bit x86 and ARM, on Linux and macOS: the narrower of them decides. purego has room for 15
words of arguments. Structs by value: on macOS alone before 0.10.0; in 0.10.0 on all four, but its placing differs
from the platform's for some shapes, and those are refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from newbackend.upstream.c_types import Array, CType, Pointer, Scalar, StructType, Types, Unknown, Void

STRUCTS_SINCE = (0, 10, 0)
_WORDS = 15
_IN_REGISTERS = 16
"""Bytes of the biggest struct that is passed in registers of whole numbers."""
_BIGGEST = 1024
_INTEGERS = {"x86": 6, "ARM": 8}
_FLOATS = 8


def refusal(types: Types, parameters: Mapping[str, CType], result: CType, version: tuple[int, ...]) -> str:
    """Why purego cannot call a function with these arguments, by what to call them; empty when it can."""
    for label, kind in parameters.items():
        reason = _argument(types, kind, version) or _lost(types, kind)
        if reason:
            return f"{label} {reason}"
    reason = "" if isinstance(result, Void) else _result(types, result, version)
    return f"the result {reason}" if reason else _room(types, parameters, result)


def callback_refusal(types: Types, parameters: Mapping[str, CType], result: CType) -> str:
    """Why purego cannot make such a callback; empty when it can."""
    for label, kind in parameters.items():
        if isinstance(kind, StructType):
            return f"{label} is a struct by value, which a callback cannot take"
        reason = _argument(types, kind, STRUCTS_SINCE)
        if reason:
            return f"{label} {reason}"
    if isinstance(result, StructType) or (isinstance(result, Scalar) and result.floating):
        return "the result is a struct or a floating point number, which a callback cannot give"
    reason = "" if isinstance(result, Void) else _result(types, result, STRUCTS_SINCE)
    return f"the result {reason}" if reason else "" if len(parameters) <= _WORDS else "it has too many arguments"


def _argument(types: Types, kind: CType, version: tuple[int, ...]) -> str:
    measured = types.measure(_behind(kind) if _of_the_library(kind) else kind)
    if isinstance(measured, str):
        return measured
    return _by_value(types, kind, version) if isinstance(kind, StructType) else ""


def _result(types: Types, kind: CType, version: tuple[int, ...]) -> str:
    reason = _argument(types, kind, version)
    if reason or not isinstance(kind, StructType):
        return reason
    size, members = types.measure(kind), _members(types, kind)
    if any(isinstance(member, Array) and isinstance(member.of, Array | StructType) for member in _inside(types, kind)):
        return "is a struct with an array of structs, which purego cannot take apart"
    starts = [place for place, _ in members]
    if not isinstance(size, str) and 8 < size[0] <= _IN_REGISTERS and 8 not in starts and not _floats(types, kind):
        return "is a small struct whose second half starts inside a field, which purego cannot take apart"
    return ""


def _behind(kind: CType) -> CType:
    while isinstance(kind, Pointer):
        kind = kind.to
    return kind


def _of_the_library(kind: CType) -> bool:
    behind = _behind(kind)
    return isinstance(behind, Unknown) and behind.behind_pointers


def _members(types: Types, kind: StructType) -> list[tuple[int, CType]]:
    layout = types.layout(kind.name)
    return [] if isinstance(layout, str) else [(member.offset, member.type) for member in layout.members]


def _inside(types: Types, kind: StructType) -> Iterator[CType]:
    """The fields, and the fields of fields that are structs."""
    for _, member in _members(types, kind):
        yield member
        if isinstance(member, StructType):
            yield from _inside(types, member)


def _leaves(types: Types, kind: CType, repeat: int) -> Iterator[CType]:
    """The numbers and pointers in a type; of an array the first `repeat`."""
    if isinstance(kind, Array):
        for _ in range(min(kind.count, repeat)):
            yield from _leaves(types, kind.of, repeat)
    elif isinstance(kind, StructType):
        for _, member in _members(types, kind):
            yield from _leaves(types, member, repeat)
    else:
        yield kind


def _floats(types: Types, kind: StructType) -> int:
    """How many floats a struct of one to four floats of one size has (ARM passes these alone); 0 for others."""
    found: list[CType] = []
    for leaf in _leaves(types, kind, repeat=5):
        found.append(leaf)
        if len(found) > 4 or not isinstance(leaf, Scalar) or not leaf.floating or leaf != found[0]:
            return 0
    return len(found)


def _by_value(types: Types, kind: StructType, version: tuple[int, ...]) -> str:
    if version < STRUCTS_SINCE:
        return "is a struct by value, which this purego passes on macOS alone"
    measured = types.measure(kind)
    size = 0 if isinstance(measured, str) else measured[0]
    if size > _BIGGEST:
        return f"is a struct of {size} bytes by value"
    first = [member for _, member in _members(types, kind)]
    if _floats(types, kind):
        flat = all(isinstance(member, Scalar) for member in first)
        return "" if flat else "is a struct of floats with structs or arrays in it, which purego places wrongly on ARM"
    floating = any(isinstance(leaf, Scalar) and leaf.floating for leaf in _leaves(types, kind, repeat=1))
    if size <= _IN_REGISTERS and floating:
        return "is a small struct with floats beside other numbers, which purego places wrongly for some layouts"
    lead = first[0]
    while isinstance(lead, Array | StructType):
        lead = lead.of if isinstance(lead, Array) else _members(types, lead)[0][1]
    leads = isinstance(lead, Scalar) and lead.floating and not isinstance(first[0], Scalar)
    if leads or any(isinstance(member, StructType) and _floats(types, member) for member in _inside(types, kind)):
        return "is a struct that begins with, or holds, a group of floats, which purego places wrongly on ARM"
    return ""


def _lost(types: Types, kind: CType) -> str:
    """struct_arm64.go forgets the last field where it begins at byte 8 after fields of less than 8 bytes."""
    measured = types.measure(kind)
    if not isinstance(kind, StructType) or isinstance(measured, str) or not 8 < measured[0] < _IN_REGISTERS:
        return ""
    places = list(_places(types, kind, 0))
    start, length = places[-1]
    whole = (0, 8) in places or length == 8 or start + length < measured[0]
    if start != 8 or whole or _floats(types, kind):
        return ""
    return "is a small struct whose last number is alone in its second half, which purego loses on ARM"


def _places(types: Types, kind: CType, start: int) -> Iterator[tuple[int, int]]:
    """Offset and size of each number and pointer in a type."""
    measured = types.measure(kind.of if isinstance(kind, Array) else kind)
    size = 0 if isinstance(measured, str) else measured[0]
    if isinstance(kind, StructType):
        for offset, member in _members(types, kind):
            yield from _places(types, member, start + offset)
    elif isinstance(kind, Array):
        for place in range(kind.count):
            yield from _places(types, kind.of, start + place * size)
    else:
        yield start, size


def _room(types: Types, parameters: Mapping[str, CType], result: CType) -> str:
    """Whether the arguments fit purego's 15 words; small structs must fit what registers are left."""
    for machine, registers in _INTEGERS.items():
        measured = types.measure(result) if isinstance(result, StructType) else (0, 0)
        hidden = machine == "x86" and not isinstance(measured, str) and measured[0] > _IN_REGISTERS
        integers, floats, stack = int(hidden), 0, 0
        for label, kind in parameters.items():
            words, of_floats, on_stack = _needs(types, kind, machine)
            stack += on_stack
            alone = not isinstance(kind, StructType)
            if integers + words <= registers:
                integers += words
            elif alone or words == 1:
                stack += words
            else:
                return f"{label} is a struct for which too few registers are left"
            if floats + of_floats <= _FLOATS:
                floats += of_floats
            elif alone:
                stack += of_floats
            else:
                return f"{label} is a struct for which too few registers are left"
        if stack > _WORDS - registers:
            room = 8 * (_WORDS - registers)
            return f"its arguments need {8 * stack} bytes of the stack on {machine}, where purego has room for {room}"
    return ""


def _needs(types: Types, kind: CType, machine: str) -> tuple[int, int, int]:
    """Registers for whole numbers, for floats, and words on the stack."""
    if not isinstance(kind, StructType):
        return (0, 1, 0) if isinstance(kind, Scalar) and kind.floating else (1, 0, 0)
    measured = types.measure(kind)
    words = 0 if isinstance(measured, str) else -(-measured[0] // 8)
    floats = _floats(types, kind)
    if floats and (machine == "ARM" or words <= 2):
        return 0, floats if machine == "ARM" else words, 0
    if words <= 2:
        return (len(_members(types, kind)) if machine == "ARM" else words), 0, 0
    return (1, 0, 0) if machine == "ARM" else (0, 0, words)

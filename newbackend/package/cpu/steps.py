"""Single instructions as steps through a function: x86-64 by iced-x86, AArch64 by the bits of its words."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from newbackend.package.cpu.arm import features_of, signed
from newbackend.package.cpu.decoders import Iced
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: where it may go next in the function, whether it may leave it, what it calls, what it needs."""

    following: tuple[int, ...]
    leaves: bool
    call: int
    features: tuple[str, ...]


StepDecoder = Callable[[int, bytes, range], Iterator[tuple[int, int, Step]]]
"""Of code at an address, one instruction after another: its address, the address behind it, and the step. The range are
the addresses of the whole function."""


def x86_steps() -> StepDecoder:
    """Needs iced-x86: raises ImportError when it is not installed."""
    iced = Iced()

    def decode(address: int, code: bytes, inside: range) -> Iterator[tuple[int, int, Step]]:
        for instruction in iced.module.Decoder(64, code, ip=address):
            yield instruction.ip, instruction.next_ip, _x86_step(iced, instruction, inside)

    return decode


def arm_steps(address: int, code: bytes, inside: range) -> Iterator[tuple[int, int, Step]]:
    """Every instruction has four bytes, little-endian."""
    for number, (word,) in enumerate(struct.iter_unpack("<I", code[: len(code) // 4 * 4])):
        at = address + 4 * number
        yield at, at + 4, _arm_step(word, at, inside)


def _x86_step(iced: Iced, instruction: Any, inside: range) -> Step:
    flow, kind = iced.module.FlowControl, instruction.flow_control
    features, after = iced.features(instruction), instruction.next_ip
    if kind == flow.CALL:
        return Step((after,), False, instruction.near_branch_target, features)
    if kind == flow.UNCONDITIONAL_BRANCH:
        return _jump(instruction.near_branch_target, inside, features)
    if kind == flow.CONDITIONAL_BRANCH:
        return _branch(instruction.near_branch_target, after, inside, features)
    if kind in (flow.RETURN, flow.INDIRECT_BRANCH):
        return Step((), True, 0, features)
    if kind == flow.EXCEPTION:
        return Step((), False, 0, features)
    return Step((after,), after not in inside, 0, features)


def _arm_step(word: int, at: int, inside: range) -> Step:
    """By the Arm Architecture Reference Manual for A-profile, section C4.1, "Branches, Exception Generating and System
    instructions"."""
    after = at + 4
    if word & 0x7C000000 == 0x14000000:  # B and BL
        target = at + 4 * signed(word, 0, 26)
        return Step((after,), False, target, ()) if word >> 31 else _jump(target, inside, ())
    if word & 0xFF000000 == 0x54000000 or word & 0x7E000000 == 0x34000000:  # B.cond, BC.cond, CBZ, CBNZ
        return _branch(at + 4 * signed(word, 5, 19), after, inside, ())
    if word & 0x7E000000 == 0x36000000:  # TBZ, TBNZ
        return _branch(at + 4 * signed(word, 5, 14), after, inside, ())
    if word & 0xFE000000 == 0xD6000000 and word >> 21 & 7 != 1:  # BR, RET and others; 1 is BLR
        return Step((), True, 0, ())
    if word & 0xFFE0001F == 0xD4200000 or word < 1 << 16:  # BRK, UDF
        return Step((), False, 0, ())
    return Step((after,), after not in inside, 0, features_of(word))


def _jump(target: int, inside: range, features: tuple[str, ...]) -> Step:
    """A jump backwards out of what was decoded, or far ahead, is a call in last place."""
    return Step((target,), False, 0, features) if target in inside else Step((), True, target, features)


def _branch(target: int, after: int, inside: range, features: tuple[str, ...]) -> Step:
    ways = (target, after) if target in inside else (after,)
    return Step(ways, target not in inside, 0, features)

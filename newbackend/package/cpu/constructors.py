"""Code that surely runs while a library is loaded: constructors and the functions that they call, on every path.

A constructor may ask the CPU and branch, so an instruction counts only if every path from the entry to a return passes
it. That holds whatever else the file dispatches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from newbackend.package.archive import Buffer
from newbackend.package.cpu.decoders import Iced
from newbackend.package.elf import ELFFile, constructors, executable_parts

MAX_FUNCTION = 4096
MAX_FUNCTIONS = 1000
MAX_INSTRUCTIONS = 300_000
MAX_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class _Step:
    """One instruction: where it may go next in the function, whether it may leave it, what it calls, what it needs."""

    following: tuple[int, ...]
    leaves: bool
    call: int
    features: tuple[str, ...]


def features_at_load(data: Buffer, elf: ELFFile) -> dict[str, int]:
    """Features and their first addresses in code that surely runs at load.

    Code behind a branch that may go past it is not counted, so the rule may miss a defect but does not invent one.
    Needs iced-x86 (ImportError without it).
    """
    iced = Iced()
    parts = list(executable_parts(data, elf))
    features: dict[str, int] = {}
    pending, seen, left = constructors(data, elf)[::-1], set[int](), MAX_INSTRUCTIONS
    while pending and len(seen) < MAX_FUNCTIONS and left > 0:
        address = pending.pop()
        if address in seen:
            continue
        seen.add(address)
        body = next((c[address - b : address - b + MAX_FUNCTION] for b, c in parts if b <= address < b + len(c)), b"")
        steps = _steps(iced, address, body)
        left -= len(steps)
        for at in _sure(steps, address):
            for feature in steps[at].features:
                features.setdefault(feature, at)
            if steps[at].call:
                pending.append(steps[at].call)
    return features


def _steps(iced: Iced, address: int, body: bytes) -> dict[int, _Step]:
    """The instructions that can be reached inside one function, by address."""
    steps: dict[int, _Step] = {}
    pending = [address]
    while pending:
        start = pending.pop()
        if start in steps or not address <= start < address + len(body):
            continue
        for instruction in iced.module.Decoder(64, body[start - address :], ip=start):
            if instruction.ip in steps:
                break
            step = _step(iced, instruction, range(address, address + len(body)))
            steps[instruction.ip] = step
            if step.following != (instruction.next_ip,):
                pending.extend(step.following)
                break
    return steps


def _step(iced: Iced, instruction: Any, inside: range) -> _Step:
    flow, kind = iced.module.FlowControl, instruction.flow_control
    features, after = iced.features(instruction), instruction.next_ip
    if kind == flow.CALL:
        return _Step((after,), False, instruction.near_branch_target, features)
    if kind == flow.UNCONDITIONAL_BRANCH:
        target = instruction.near_branch_target
        # A jump backwards out of what was decoded, or far ahead, is a call in last place.
        return _Step((target,), False, 0, features) if target in inside else _Step((), True, target, features)
    if kind == flow.CONDITIONAL_BRANCH:
        target = instruction.near_branch_target
        ways = (target, after) if target in inside else (after,)
        return _Step(ways, target not in inside, 0, features)
    if kind in (flow.RETURN, flow.INDIRECT_BRANCH):
        return _Step((), True, 0, features)
    if kind in (flow.EXCEPTION, flow.INTERRUPT) and kind == flow.EXCEPTION:
        return _Step((), False, 0, features)
    return _Step((after,), after not in inside, 0, features)


def _sure(steps: dict[int, _Step], entry: int) -> list[int]:
    """Addresses of the instructions with features or calls that every way out passes, in the order of addresses."""
    candidates = [at for at, step in sorted(steps.items()) if step.features or step.call]
    return [at for at in candidates[:MAX_CANDIDATES] if not _avoidable(steps, entry, at)]


def _avoidable(steps: dict[int, _Step], entry: int, at: int) -> bool:
    """Whether some way from the entry out of the function does not pass the instruction `at`."""
    pending, seen = [entry], {at}
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        step = steps.get(here)
        if step is None or step.leaves:  # what was not decoded may lead anywhere
            return True
        pending.extend(step.following)
    return False

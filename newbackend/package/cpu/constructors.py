"""Code that surely runs while a library is loaded: constructors and the functions that they call, on every path.

A constructor may ask the CPU and branch, so an instruction counts only if every path from the entry to a return passes
it. That holds whatever else the file dispatches.
"""

from __future__ import annotations

from newbackend.package.archive import Buffer
from newbackend.package.cpu.steps import Step, StepDecoder
from newbackend.package.elf import ELFFile, constructors, executable_parts

MAX_FUNCTION = 4096
MAX_FUNCTIONS = 1000
MAX_INSTRUCTIONS = 300_000
MAX_CANDIDATES = 200


def features_at_load(data: Buffer, elf: ELFFile, decode: StepDecoder) -> dict[str, int]:
    """Features and their first addresses in code that surely runs at load. `decode` is for the file's machine.

    Code behind a branch that may go past it is not counted, so the rule may miss a defect but does not invent one.
    """
    parts = list(executable_parts(data, elf))
    features: dict[str, int] = {}
    pending, seen, left = constructors(data, elf)[::-1], set[int](), MAX_INSTRUCTIONS
    while pending and len(seen) < MAX_FUNCTIONS and left > 0:
        address = pending.pop()
        if address in seen:
            continue
        seen.add(address)
        body = next((c[address - b : address - b + MAX_FUNCTION] for b, c in parts if b <= address < b + len(c)), b"")
        steps = _steps(decode, address, body)
        left -= len(steps)
        for at in _sure(steps, address):
            for feature in steps[at].features:
                features.setdefault(feature, at)
            if steps[at].call:
                pending.append(steps[at].call)
    return features


def _steps(decode: StepDecoder, address: int, body: bytes) -> dict[int, Step]:
    """The instructions that can be reached inside one function, by address."""
    steps: dict[int, Step] = {}
    pending = [address]
    while pending:
        start = pending.pop()
        if start in steps or not address <= start < address + len(body):
            continue
        for at, after, step in decode(start, body[start - address :], range(address, address + len(body))):
            if at in steps:
                break
            steps[at] = step
            if step.following != (after,):
                pending.extend(step.following)
                break
    return steps


def _sure(steps: dict[int, Step], entry: int) -> list[int]:
    """Addresses of the instructions with features or calls that every way out passes, in the order of addresses."""
    candidates = [at for at, step in sorted(steps.items()) if step.features or step.call]
    return [at for at in candidates[:MAX_CANDIDATES] if not _avoidable(steps, entry, at)]


def _avoidable(steps: dict[int, Step], entry: int, at: int) -> bool:
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

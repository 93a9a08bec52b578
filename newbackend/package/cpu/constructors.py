"""Code that runs while a library is loaded: the functions of .init_array and what they call directly."""

from __future__ import annotations

from newbackend.package.cpu.features import executable_parts, levels, relocations
from newbackend.package.cpu.scan_iced import Iced
from newbackend.package.elf.binary import DT_INIT_ARRAY, DT_INIT_ARRAYSZ, Buffer, ELFError, Reader
from newbackend.package.elf.reader import ELFFile

R_X86_64_RELATIVE = 8
MAX_FUNCTION = 4096
MAX_FUNCTIONS = 500


def _addresses(data: Buffer, elf: ELFFile) -> list[int]:
    """Addresses of the constructors: relocated entries by their addend, others as stored."""
    if DT_INIT_ARRAY not in elf.tags:
        return []
    start, size = elf.tags[DT_INIT_ARRAY], min(elf.tags.get(DT_INIT_ARRAYSZ, 0), 8 * 10_000)
    inside = range(start, start + size)
    moved = {at: to for at, kind, to in relocations(data, elf) if kind == R_X86_64_RELATIVE and at in inside}
    if moved:
        return sorted(set(moved.values()))
    try:
        reader, offset = Reader(data), elf.offset_of(start)
        return sorted({a for i in range(size // 8) if (a := reader.unpack("Q", offset + 8 * i)[0])})
    except ELFError:
        return []


def features_at_load(data: Buffer, elf: ELFFile) -> dict[str, int]:
    """Features and their first addresses in code that loading runs: from each constructor up to its
    first return or jump, and the same for functions that it calls or jumps to by address.

    Code behind an early return is not seen: the rule may miss, it does not invent. Needs iced-x86
    (ImportError without it).
    """
    iced = Iced(levels().of, levels().ignored)
    parts = list(executable_parts(data, elf))
    found: dict[str, int] = {}
    pending, seen = _addresses(data, elf), set[int]()
    while pending and len(seen) < MAX_FUNCTIONS:
        address = pending.pop()
        body = next((c[address - b : address - b + MAX_FUNCTION] for b, c in parts if b <= address < b + len(c)), b"")
        if address not in seen:
            seen.add(address)
            pending.extend(_follow(iced, address, body, found))
    return found


def _follow(iced: Iced, address: int, body: bytes, found: dict[str, int]) -> list[int]:
    """Collect one function's features into `found`; gives back the addresses it goes to."""
    flow, targets = iced.module.FlowControl, []
    for instruction in iced.module.Decoder(64, body, ip=address):
        for feature in iced.features(instruction):
            found.setdefault(feature, instruction.ip)
        if instruction.flow_control in (flow.CALL, flow.UNCONDITIONAL_BRANCH):
            targets.append(instruction.near_branch_target)
        if instruction.flow_control in (flow.RETURN, flow.UNCONDITIONAL_BRANCH, flow.INDIRECT_BRANCH):
            break
    return targets

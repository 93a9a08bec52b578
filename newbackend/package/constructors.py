"""Code that runs while a library is loaded: the functions of .init_array, one level deep."""

from __future__ import annotations

from newbackend.package.elf import DT_INIT_ARRAY, DT_INIT_ARRAYSZ, Buffer, ELFError, ELFFile, Reader
from newbackend.package.isa import Decoder, Tally, executable_parts, relocations

R_X86_64_RELATIVE = 8
MAX_FUNCTION = 4096
RET = 0xC3


def _addresses(data: Buffer, elf: ELFFile) -> list[int]:
    """Addresses of the constructors: relocated entries by their addend, others as stored."""
    if DT_INIT_ARRAY not in elf.tags:
        return []
    start, size = elf.tags[DT_INIT_ARRAY], min(elf.tags.get(DT_INIT_ARRAYSZ, 0), 8 * 10_000)
    moved = {
        at: to for at, kind, to in relocations(data, elf) if kind == R_X86_64_RELATIVE and start <= at < start + size
    }
    if moved:
        return sorted(set(moved.values()))
    try:
        reader, offset = Reader(data), elf.offset_of(start)
        return sorted({a for i in range(size // 8) if (a := reader.unpack("Q", offset + 8 * i)[0])})
    except ELFError:
        return []


def features_at_load(data: Buffer, elf: ELFFile, decode: Decoder) -> dict[str, int]:
    """Features and their first addresses in the constructors, up to the first `ret` byte of each.

    A `ret` byte inside another instruction ends the look early: the rule may miss, it does not invent.
    """
    parts = list(executable_parts(data, elf))
    found: dict[str, int] = {}
    for address in _addresses(data, elf):
        for base, code in parts:
            if base <= address < base + len(code):
                body = code[address - base : address - base + MAX_FUNCTION]
                end = body.find(RET)
                tally = Tally()
                decode(address, body[: end + 1] if end >= 0 else body, tally)
                for feature, first in tally.first.items():
                    found.setdefault(feature, first)
    return found

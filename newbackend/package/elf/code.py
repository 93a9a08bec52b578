"""The code of an ELF file: its executable parts, its relocations, and what runs while it is loaded."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from newbackend.package.archive import Buffer
from newbackend.package.elf.binary import (
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_PLTRELSZ,
    DT_RELA,
    DT_RELASZ,
    PF_X,
    PT_LOAD,
    SHF_EXECINSTR,
    SHT_NOBITS,
    ELFError,
    Reader,
)
from newbackend.package.elf.reader import ELFFile

R_X86_64_RELATIVE = 8
MAX_RELOCATIONS = 1_000_000
MAX_CONSTRUCTORS = 10_000


def executable_parts(data: Buffer, elf: ELFFile) -> Iterator[tuple[int, bytes]]:
    """(address, code) of every executable section; of the segments when there is no section table."""
    parts = list(_sections(data))
    if not parts or sum(size for _, _, size in parts) > len(data):  # sections that share bytes: a trick
        parts = [(s.vaddr, s.offset, s.filesz) for s in elf.segments if s.type == PT_LOAD and s.flags & PF_X]
    for address, offset, size in parts:
        yield address, bytes(data[offset : offset + size])


def _sections(data: Buffer) -> Iterator[tuple[int, int, int]]:
    reader = Reader(data)
    if not reader.wide:
        return
    head = reader.unpack("HHIQQQIHHHHHH", 16)
    shoff, shentsize, shnum = head[5], head[10], head[11]
    for index in range(shnum if shoff and shentsize >= 64 else 0):
        try:
            _, kind, flags, address, offset, size, *_ = reader.unpack("IIQQQQIIQQ", shoff + index * shentsize)
        except ELFError:
            return
        if kind != SHT_NOBITS and flags & SHF_EXECINSTR and offset + size <= reader.size:
            yield address, offset, size


def relocation_types(data: Buffer, elf: ELFFile) -> set[int]:
    """The relocation types that the file's DT_RELA and DT_JMPREL tables use."""
    return {kind for _, kind, _ in _relocations(data, elf)}


def _relocations(data: Buffer, elf: ELFFile) -> Iterator[tuple[int, int, int]]:
    """(address, type, addend) of every entry of the RELA tables; damaged tables yield nothing."""
    reader = Reader(data)
    for table, size in ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)):
        if table not in elf.tags or size not in elf.tags or elf.bits != 64:
            continue
        count = min(elf.tags[size] // 24, MAX_RELOCATIONS)
        try:
            raw = reader.slice(elf.offset_of(elf.tags[table]), 24 * count)
        except ELFError:
            return
        for address, info, addend in struct.iter_unpack(reader.prefix + "QQQ", raw):
            yield address, info & 0xFFFFFFFF, addend


def constructors(data: Buffer, elf: ELFFile) -> list[int]:
    """Addresses in the .init_array of an x86-64 file: relocated entries by their addend, others as stored."""
    if DT_INIT_ARRAY not in elf.tags:
        return []
    start, size = elf.tags[DT_INIT_ARRAY], min(elf.tags.get(DT_INIT_ARRAYSZ, 0), 8 * MAX_CONSTRUCTORS)
    array = range(start, start + size)
    relocated = {to for at, kind, to in _relocations(data, elf) if kind == R_X86_64_RELATIVE and at in array}
    if relocated:
        return sorted(relocated)
    try:
        reader, offset = Reader(data), elf.offset_of(start)
        return sorted({a for i in range(size // 8) if (a := reader.unpack("Q", offset + 8 * i)[0])})
    except ELFError:
        return []

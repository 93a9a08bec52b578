"""The code of an ELF file: its executable parts, its relocations, and what runs while it is loaded."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from newbackend.package.archive import Buffer
from newbackend.package.elf.binary import (
    DT_INIT,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_PLTRELSZ,
    DT_PREINIT_ARRAY,
    DT_PREINIT_ARRAYSZ,
    DT_RELA,
    DT_RELASZ,
    DT_SYMTAB,
    PF_X,
    PT_LOAD,
    SHF_EXECINSTR,
    SHT_NOBITS,
    ELFError,
    Reader,
)
from newbackend.package.elf.reader import ELFFile

# Relocation types of x86-64 and AArch64: no number has a meaning in both.
ABSOLUTE = frozenset({1, 257})  # R_X86_64_64, R_AARCH64_ABS64
GLOB_DAT = frozenset({6, 1025})
RELATIVE = frozenset({8, 1027})
IRELATIVE = frozenset({37, 1032})
_END_MARK = (1 << 64) - 1  # old toolchains end the array with -1
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
    return {info & 0xFFFFFFFF for _, info, _ in _relocations(data, elf)}


def _relocations(data: Buffer, elf: ELFFile) -> Iterator[tuple[int, int, int]]:
    """(address, symbol and type, addend) of every entry of the RELA tables; damaged tables yield nothing."""
    reader = Reader(data)
    for table, size in ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)):
        if table not in elf.tags or size not in elf.tags or elf.bits != 64:
            continue
        count = min(elf.tags[size] // 24, MAX_RELOCATIONS)
        try:
            raw = reader.slice(elf.offset_of(elf.tags[table]), 24 * count)
        except ELFError:
            return
        yield from struct.iter_unpack(reader.prefix + "QQQ", raw)


def constructors(data: Buffer, elf: ELFFile) -> list[int]:
    """Addresses of the functions of an x86-64 or AArch64 file that the loader calls before anybody uses it: DT_INIT,
    the entries of its init arrays, and the resolvers of IFUNC symbols."""
    relocations = list(_relocations(data, elf))
    found = [elf.tags[DT_INIT]] if elf.tags.get(DT_INIT) else []
    for table, size in ((DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ), (DT_INIT_ARRAY, DT_INIT_ARRAYSZ)):
        if table in elf.tags:
            start = elf.tags[table]
            found += _array(
                data, elf, range(start, start + min(elf.tags.get(size, 0), 8 * MAX_CONSTRUCTORS)), relocations
            )
    found += [addend for _, info, addend in relocations if info & 0xFFFFFFFF in IRELATIVE][:MAX_CONSTRUCTORS]
    return list(dict.fromkeys(found))


def _array(data: Buffer, elf: ELFFile, array: range, relocations: list[tuple[int, int, int]]) -> list[int]:
    """The entries of a table of functions: what is stored, unless a relocation replaces it."""
    named: dict[int, int] = {}
    for at, info, addend in relocations:
        if at not in array:
            continue
        kind = info & 0xFFFFFFFF
        if kind in RELATIVE:
            named[at] = addend
        elif kind in ABSOLUTE | GLOB_DAT:
            named[at] = _symbol(data, elf, info >> 32) + (addend if kind in ABSOLUTE else 0)
    try:
        reader, offset = Reader(data), elf.offset_of(array.start)
        entries = [named.get(array.start + i, reader.unpack("Q", offset + i)[0]) for i in range(0, len(array), 8)]
    except ELFError:
        entries = list(named.values())
    return [entry for entry in entries if 0 < entry < _END_MARK]


def _symbol(data: Buffer, elf: ELFFile, index: int) -> int:
    """The address of a symbol that the file defines itself; 0 for any other."""
    try:
        at = elf.offset_of(elf.tags[DT_SYMTAB]) + 24 * index
        _, _, _, section, value, _ = Reader(data).unpack("IBBHQQ", at)
    except (ELFError, KeyError):
        return 0
    return value if section else 0

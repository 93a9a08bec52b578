"""Dynamic symbols of an ELF file: which names it defines, and which it expects from others.

Apart from `reader`, because most rules do not need them: the tables are large, so they are read only for
files in a closure that is being judged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import repeat

from newbackend.package.archive import Buffer
from newbackend.package.elf.binary import (
    DT_GNU_HASH,
    DT_HASH,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERSYM,
    MAX_SYMBOL_BYTES,
    MAX_SYMBOL_NAME,
    OBJECT_BYTES,
    SHT_DYNSYM,
    Budget,
    ELFError,
    Reader,
)
from newbackend.package.elf.reader import ELFFile
from newbackend.package.elf.tables import string_table
from newbackend.records import dataclass

STB_LOCAL, STB_WEAK = 0, 2
STT_GNU_IFUNC = 10
MAX_SYMBOLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Reference:
    """A symbol that some other file must define. `version` and `library` are empty when unversioned."""

    name: str
    version: str
    library: str
    weak: bool


@dataclass(frozen=True, slots=True)
class Symbols:
    """What one file offers (`defined` as name and version, version "" when none) and expects.

    `ifunc`: a definition is chosen at load time (STT_GNU_IFUNC), which is evidence of CPU dispatch.
    """

    defined: frozenset[tuple[str, str]]
    names: frozenset[str]
    references: tuple[Reference, ...]
    ifunc: bool


def _count_by_sections(reader: Reader, table: int) -> int:
    """Entries of .dynsym from the section table; 0 when there is none that fits (stripped files)."""
    head = reader.unpack("HHIQQQIHHHHHH" if reader.wide else "HHIIIIIHHHHHH", 16)
    shoff, shentsize, shnum = head[5], head[10], head[11]
    if not shoff or shentsize < (64 if reader.wide else 40):
        return 0
    for index in range(shnum):
        try:
            at = shoff + index * shentsize
            if reader.wide:
                _, kind, _, _, offset, size, *_ = reader.unpack("IIQQQQIIQQ", at)
            else:
                _, kind, _, _, offset, size, *_ = reader.unpack("IIIIIIIIII", at)
        except ELFError:
            return 0
        if kind == SHT_DYNSYM and offset == table:
            return size // (24 if reader.wide else 16)
    return 0


def _count_by_gnu_hash(reader: Reader, at: int) -> int:
    buckets, first, bloom, _ = reader.unpack("IIII", at)
    start = at + 16 + bloom * reader.word
    if buckets > MAX_SYMBOLS:
        raise ELFError(f"{buckets} hash buckets")
    highest = max(struct.unpack(f"{reader.prefix}{buckets}I", reader.slice(start, 4 * buckets)), default=0)
    if highest < first:
        return 0
    chain = start + 4 * buckets + 4 * (highest - first)
    while not reader.unpack("I", chain)[0] & 1:
        chain += 4
        highest += 1
        if highest > MAX_SYMBOLS:
            raise ELFError(f"more than {MAX_SYMBOLS} dynamic symbols")
    return highest + 1


def _count(reader: Reader, elf: ELFFile, table: int) -> int:
    """The number of dynamic symbols. No single table has it in every file: the section header if present,
    else the hash tables, else the gap up to the string table, which linkers place next."""
    count = _count_by_sections(reader, table)
    if not count and DT_HASH in elf.tags:
        count = reader.unpack("II", elf.offset_of(elf.tags[DT_HASH]))[1]
    if not count and DT_GNU_HASH in elf.tags:
        count = _count_by_gnu_hash(reader, elf.offset_of(elf.tags[DT_GNU_HASH]))
    if not count:
        gap = elf.tags.get(DT_STRTAB, 0) - elf.tags[DT_SYMTAB]
        count = max(gap, 0) // (24 if reader.wide else 16)
    if count > MAX_SYMBOLS:
        raise ELFError(f"{count} dynamic symbols")
    return count


def read_symbols(data: Buffer, elf: ELFFile, package: Budget | None = None) -> Symbols:
    """The dynamic symbols of `elf`, whose bytes are `data`; raises ELFError when they are damaged, or take more than
    `package` has left for all files together."""
    try:
        return _read(Reader(data, package or Budget(MAX_SYMBOL_BYTES)), elf)
    except (struct.error, OverflowError, ValueError, MemoryError) as err:
        raise ELFError(f"damaged symbol table: {err}") from err


def _rows(reader: Reader, table: int, count: int) -> Iterator[tuple[int, int, int]]:
    """(name offset, info, section index) per symbol."""
    layout, size = ("IBxH16x", 24) if reader.wide else ("I8xBxH", 16)
    return struct.iter_unpack(reader.prefix + layout, reader.slice(table, size * count))


def _read(reader: Reader, elf: ELFFile) -> Symbols:
    if DT_SYMTAB not in elf.tags:
        return Symbols(frozenset(), frozenset(), (), False)
    names = string_table(reader, elf.tags, elf.segments)
    table = elf.offset_of(elf.tags[DT_SYMTAB])
    count = _count(reader, elf, table)
    rows = _rows(reader, table, count)
    indices: Iterator[tuple[int, ...]] = repeat((0,), count)
    if DT_VERSYM in elf.tags:
        raw = reader.slice(elf.offset_of(elf.tags[DT_VERSYM]), 2 * count)
        indices = struct.iter_unpack(reader.prefix + "H", raw)
    needs = {n.index: (n.version, n.library) for n in elf.needs}
    versions = {d.index: d.version for d in elf.definitions}
    defined: set[tuple[str, str]] = set()
    references: list[Reference] = []
    ifunc = False
    for (name_at, info, section), (index,) in zip(rows, indices, strict=True):
        if info >> 4 == STB_LOCAL or not name_at:
            continue
        name = names.at(name_at, MAX_SYMBOL_NAME)
        reader.budget.spend(OBJECT_BYTES)
        if section:
            defined.add((name, versions.get(index & 0x7FFF, "")))
            ifunc = ifunc or info & 0xF == STT_GNU_IFUNC
        else:
            version, library = needs.get(index & 0x7FFF, ("", ""))
            references.append(Reference(name, version, library, info >> 4 == STB_WEAK))
    return Symbols(frozenset(defined), frozenset(n for n, _ in defined), tuple(references), ifunc)

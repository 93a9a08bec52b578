"""The tables of an ELF file: segments, dynamic section, version needs and definitions, notes."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator

from newbackend.package.elf.binary import (
    DT_NEEDED,
    DT_NULL,
    DT_STRSZ,
    DT_STRTAB,
    GNU_PROPERTY_X86_ISA_1_NEEDED,
    MAX_ENTRIES,
    MAX_NEEDED,
    MAX_NOTES,
    MAX_PROGRAM_HEADERS,
    MAX_STRTAB,
    OBJECT_BYTES,
    PT_DYNAMIC,
    PT_GNU_PROPERTY,
    PT_LOAD,
    PT_NOTE,
    VER_FLG_BASE,
    VER_FLG_WEAK,
    ELFError,
    Reader,
    Strings,
)
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """One program header."""

    type: int
    flags: int
    offset: int
    vaddr: int
    filesz: int
    memsz: int
    align: int


@dataclass(frozen=True, slots=True)
class Need:
    """One symbol version wanted from one library; `weak` needs do not stop the loader."""

    library: str
    version: str
    index: int
    weak: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """One symbol version that this file defines."""

    version: str
    index: int


@dataclass(frozen=True, slots=True)
class DlopenNote:
    """One `.note.dlopen` entry: `priority` is required, recommended or suggested."""

    sonames: tuple[str, ...]
    feature: str
    priority: str


def read_segments(reader: Reader) -> tuple[int, int, tuple[Segment, ...]]:
    """Type, machine and program headers."""
    head = reader.unpack("HHIQQQIHHHHHH" if reader.wide else "HHIIIIIHHHHHH", 16)
    kind, machine, phoff, phentsize, phnum = head[0], head[1], head[4], head[8], head[9]
    if phnum and phentsize < (56 if reader.wide else 32):
        raise ELFError(f"program headers of {phentsize} bytes")
    if phnum * phentsize > MAX_PROGRAM_HEADERS:
        raise ELFError(f"{phnum} program headers")
    reader.budget.spend(phnum * OBJECT_BYTES)
    segments, loaded = [], 0
    for index in range(phnum):
        at = phoff + index * phentsize
        if reader.wide:
            type_, flags, offset, vaddr, _, filesz, memsz, align = reader.unpack("IIQQQQQQ", at)
        else:
            type_, offset, vaddr, _, filesz, memsz, flags, align = reader.unpack("IIIIIIII", at)
        if type_ == PT_LOAD and offset + filesz > reader.size:
            raise ELFError(f"truncated: a segment ends at 0x{offset + filesz:x}, the file has {reader.size}")
        loaded += filesz if type_ == PT_LOAD else 0
        if loaded > 4 * reader.size:
            raise ELFError("its segments load the same bytes many times")
        segments.append(Segment(type_, flags, offset, vaddr, filesz, memsz, align))
    return kind, machine, tuple(segments)


def read_dynamic(reader: Reader, segments: tuple[Segment, ...]) -> tuple[bool, dict[int, int], list[int]]:
    """Whether there is a dynamic section, its tags (last wins) and the offsets of the NEEDED names."""
    dynamic = next((s for s in segments if s.type == PT_DYNAMIC), None)
    if dynamic is None:
        return False, {}, []
    pair = "QQ" if reader.wide else "II"
    step = 2 * reader.word
    tags: dict[int, int] = {}
    needed: list[int] = []
    for index in range(min(dynamic.filesz // step, MAX_ENTRIES)):
        tag, value = reader.unpack(pair, dynamic.offset + index * step)
        if tag == DT_NULL:
            break
        if tag == DT_NEEDED:
            needed.append(value)
            if len(needed) > MAX_NEEDED:
                raise ELFError(f"it needs more than {MAX_NEEDED} libraries")
        else:
            tags[tag] = value
    reader.budget.spend(len(tags) * OBJECT_BYTES)
    return True, tags, needed


def read_needs(reader: Reader, at: int, count: int, names: Strings) -> Iterator[Need]:
    total = 0
    for _ in range(min(count, MAX_ENTRIES)):
        _, aux_count, file_name, aux, following = reader.unpack("HHIII", at)
        library, aux_at = names.at(file_name), at + aux
        for _ in range(aux_count):
            total += 1
            if total > MAX_ENTRIES:
                raise ELFError("more version needs than any real file has")
            reader.budget.spend(OBJECT_BYTES)
            _, flags, index, name, aux_next = reader.unpack("IHHII", aux_at)
            yield Need(library, names.at(name), index & 0x7FFF, bool(flags & VER_FLG_WEAK))
            if not aux_next:
                break
            aux_at += aux_next
        if not following:
            break
        at += following


def read_definitions(reader: Reader, at: int, count: int, names: Strings) -> Iterator[Definition]:
    for _ in range(min(count, MAX_ENTRIES)):
        _, flags, index, _, _, aux, following = reader.unpack("HHHHIII", at)
        name, _ = reader.unpack("II", at + aux)
        reader.budget.spend(OBJECT_BYTES)
        if not flags & VER_FLG_BASE:
            yield Definition(names.at(name), index & 0x7FFF)
        if not following:
            break
        at += following


def read_notes(reader: Reader, segments: tuple[Segment, ...]) -> Iterator[tuple[bytes, int, bytes]]:
    """(owner, type, description) of every note that is loaded."""
    for segment in segments:
        if segment.type not in (PT_NOTE, PT_GNU_PROPERTY):
            continue
        reader.budget.spend(min(segment.filesz, MAX_NOTES))
        raw = reader.slice(segment.offset, min(segment.filesz, MAX_NOTES))
        align = 8 if segment.align == 8 else 4
        at = 0
        while at + 12 <= len(raw):
            name_size, size, kind = struct.unpack_from(reader.prefix + "III", raw, at)
            start = at + 12 + (name_size + 3) // 4 * 4
            start = (start + align - 1) // align * align
            if start + size > len(raw):
                break
            yield raw[at + 12 : at + 12 + name_size].rstrip(b"\0"), kind, raw[start : start + size]
            at = (start + size + align - 1) // align * align


def isa_needed(reader: Reader, description: bytes) -> int:
    at = 0
    while at + 8 <= len(description):
        kind, size = struct.unpack_from(reader.prefix + "II", description, at)
        if kind == GNU_PROPERTY_X86_ISA_1_NEEDED and size == 4 and at + 12 <= len(description):
            return int(struct.unpack_from(reader.prefix + "I", description, at + 8)[0])
        at += 8 + (size + reader.word - 1) // reader.word * reader.word
    return 0


def read_dlopen_notes(description: bytes) -> Iterator[DlopenNote]:
    """Entries of one `.note.dlopen`; unreadable JSON yields nothing (the note is only advice)."""
    try:
        entries = json.loads(description.rstrip(b"\0"))
    except (ValueError, RecursionError):
        return
    for entry in entries if isinstance(entries, list) else []:
        sonames = entry.get("soname") if isinstance(entry, dict) else None
        if isinstance(sonames, list) and all(isinstance(s, str) for s in sonames):
            feature, priority = entry.get("feature", ""), entry.get("priority", "recommended")
            yield DlopenNote(tuple(sonames), str(feature), str(priority))


def string_table(reader: Reader, elf_tags: dict[int, int], segments: tuple[Segment, ...]) -> Strings:
    """The dynamic string table; empty when there is none."""
    if DT_STRTAB not in elf_tags:
        return Strings(b"", reader.budget)
    address, size = elf_tags[DT_STRTAB], elf_tags.get(DT_STRSZ, 0)
    if size > MAX_STRTAB:
        raise ELFError(f"string table of {size} bytes")
    return Strings(reader.slice(file_offset(segments, address), size), reader.budget)


def file_offset(segments: tuple[Segment, ...], address: int) -> int:
    for s in segments:
        if s.type == PT_LOAD and s.vaddr <= address < s.vaddr + s.filesz:
            return s.offset + address - s.vaddr
    raise ELFError(f"address 0x{address:x} is in no loaded segment")

"""ELF reader: what the dynamic loader would see, and nothing else.

Reads program headers and the dynamic section only, so files stripped of their section table work.
Every access is bounds-checked; whatever a damaged or hostile file makes go wrong is one `ELFError`.
Field meanings: System V gABI; version tables and notes: glibc `elf.h`; `.note.dlopen`: the FDO
package-metadata specification.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from mmap import mmap

Buffer = bytes | bytearray | memoryview | mmap

MAGIC = b"\x7fELF"
ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_GNU_STACK, PT_GNU_PROPERTY = 0x6474E551, 0x6474E553
PF_X, PF_W = 1, 2
DT_NULL, DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB = 0, 1, 4, 5, 6
DT_RELA, DT_RELASZ, DT_STRSZ, DT_SONAME, DT_RPATH = 7, 8, 10, 14, 15
DT_TEXTREL, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_RUNPATH, DT_FLAGS = 22, 25, 27, 29, 30
DT_GNU_HASH, DT_VERSYM, DT_VERDEF, DT_VERDEFNUM = 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD
DT_VERNEED, DT_VERNEEDNUM, DT_FLAGS_1 = 0x6FFFFFFE, 0x6FFFFFFF, 0x6FFFFFFB
DF_TEXTREL, DF_1_PIE = 0x4, 0x08000000
VER_FLG_WEAK, VER_FLG_BASE = 0x2, 0x1
NT_GNU_BUILD_ID, NT_GNU_PROPERTY_TYPE_0, NT_FDO_DLOPEN = 3, 5, 0x407C0C0A
GNU_PROPERTY_X86_ISA_1_NEEDED = 0xC0008002

# Bounds that no real file comes near; they keep a hostile one from costing minutes or gigabytes.
MAX_ENTRIES = 100_000
MAX_STRTAB = 512 * 1024 * 1024
MAX_NOTES = 1 << 20


class ELFError(Exception):
    """The bytes are not an ELF file that can be read; the text says what is wrong with them."""


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


@dataclass(frozen=True)
class ELFFile:
    """One ELF file, as the loader and the rules see it.

    `dynamic` is false for a static executable. `execstack` is None when the file has no
    PT_GNU_STACK header (the loader then assumes an executable stack on x86). The raw tables are
    kept as file offsets so that symbols can be read later, only for the files that need it.
    """

    machine: int
    bits: int
    little: bool
    type: int
    segments: tuple[Segment, ...]
    tags: dict[int, int]
    interp: str
    dynamic: bool
    needed: tuple[str, ...]
    soname: str
    rpath: str
    runpath: str
    needs: tuple[Need, ...]
    definitions: tuple[Definition, ...]
    build_id: str
    isa_needed: int
    dlopen_notes: tuple[DlopenNote, ...]

    @property
    def execstack(self) -> bool | None:
        """Whether the file asks for an executable stack; None when it does not say."""
        for segment in self.segments:
            if segment.type == PT_GNU_STACK:
                return bool(segment.flags & PF_X)
        return None

    @property
    def textrel(self) -> bool:
        """Whether loading it writes to code pages."""
        return DT_TEXTREL in self.tags or bool(self.tags.get(DT_FLAGS, 0) & DF_TEXTREL)

    @property
    def writable_code(self) -> bool:
        """Whether a segment is mapped writable and executable at once."""
        return any(s.type == PT_LOAD and s.flags & PF_W and s.flags & PF_X for s in self.segments)

    @property
    def executable(self) -> bool:
        """Whether it is a program: a fixed-address one, a PIE, or anything with an interpreter."""
        pie = bool(self.tags.get(DT_FLAGS_1, 0) & DF_1_PIE)
        return self.type == ET_EXEC or (self.type == ET_DYN and (pie or bool(self.interp)))

    @property
    def load_align(self) -> int:
        """The smallest alignment of a loaded segment (0 when nothing is loaded)."""
        return min((s.align for s in self.segments if s.type == PT_LOAD and s.memsz), default=0)

    @cached_property
    def versions(self) -> frozenset[str]:
        """The names of the symbol versions that this file defines."""
        return frozenset(d.version for d in self.definitions)

    def offset_of(self, address: int) -> int:
        """The file offset behind a virtual address; raises ELFError when nothing is loaded there."""
        for s in self.segments:
            if s.type == PT_LOAD and s.vaddr <= address < s.vaddr + s.filesz:
                return s.offset + address - s.vaddr
        raise ELFError(f"address 0x{address:x} is in no loaded segment")


class Reader:
    """Bounds-checked access to one file's bytes in its own class and byte order."""

    def __init__(self, data: Buffer) -> None:
        if len(data) < 52 or bytes(data[:4]) != MAGIC:
            raise ELFError("no ELF header")
        if data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ELFError(f"unknown ELF class {data[4]} or byte order {data[5]}")
        self.data = data
        self.size = len(data)
        self.wide = data[4] == 2
        self.little = data[5] == 1
        self.prefix = "<" if self.little else ">"
        self.word = 8 if self.wide else 4

    def unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        """Unsigned fields at `offset`; raises ELFError past the end."""
        try:
            return struct.unpack_from(self.prefix + layout, self.data, offset)
        except (struct.error, OverflowError):
            raise ELFError(f"truncated: wants bytes at 0x{offset:x}, the file has {self.size}") from None

    def slice(self, offset: int, size: int) -> bytes:
        """`size` bytes at `offset`; raises ELFError when the file is shorter."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise ELFError(f"truncated: wants 0x{size:x} bytes at 0x{offset:x}, the file has {self.size}")
        return bytes(self.data[offset : offset + size])


def string_at(table: bytes, offset: int) -> str:
    """The NUL-terminated name at `offset` of a string table; raises ELFError outside of it."""
    end = table.find(b"\0", offset) if 0 <= offset < len(table) else -1
    if end < 0:
        raise ELFError(f"name offset 0x{offset:x} is outside the string table")
    return table[offset:end].decode("utf-8", "backslashreplace")


def _segments(reader: Reader) -> tuple[int, int, tuple[Segment, ...]]:
    """Type, machine and program headers."""
    head = reader.unpack("HHIQQQIHHHHHH" if reader.wide else "HHIIIIIHHHHHH", 16)
    kind, machine, phoff, phentsize, phnum = head[0], head[1], head[4], head[8], head[9]
    if phnum and phentsize < (56 if reader.wide else 32):
        raise ELFError(f"program headers of {phentsize} bytes")
    segments = []
    for index in range(phnum):
        at = phoff + index * phentsize
        if reader.wide:
            type_, flags, offset, vaddr, _, filesz, memsz, align = reader.unpack("IIQQQQQQ", at)
        else:
            type_, offset, vaddr, _, filesz, memsz, flags, align = reader.unpack("IIIIIIII", at)
        if type_ == PT_LOAD and offset + filesz > reader.size:
            raise ELFError(f"truncated: a segment ends at 0x{offset + filesz:x}, the file has {reader.size}")
        segments.append(Segment(type_, flags, offset, vaddr, filesz, memsz, align))
    return kind, machine, tuple(segments)


def _dynamic(reader: Reader, segments: tuple[Segment, ...]) -> tuple[bool, dict[int, int], list[int]]:
    """Whether there is a dynamic section, its tags (last wins) and the offsets of the NEEDED names."""
    found = next((s for s in segments if s.type == PT_DYNAMIC), None)
    if found is None:
        return False, {}, []
    pair = "QQ" if reader.wide else "II"
    step = 2 * reader.word
    tags: dict[int, int] = {}
    needed: list[int] = []
    for index in range(min(found.filesz // step, MAX_ENTRIES)):
        tag, value = reader.unpack(pair, found.offset + index * step)
        if tag == DT_NULL:
            break
        if tag == DT_NEEDED:
            needed.append(value)
        else:
            tags[tag] = value
    return True, tags, needed


def _needs(reader: Reader, at: int, count: int, names: bytes) -> Iterator[Need]:
    total = 0
    for _ in range(min(count, MAX_ENTRIES)):
        _, aux_count, file_name, aux, following = reader.unpack("HHIII", at)
        library, aux_at = string_at(names, file_name), at + aux
        for _ in range(aux_count):
            total += 1
            if total > MAX_ENTRIES:
                raise ELFError("more version needs than any real file has")
            _, flags, index, name, aux_next = reader.unpack("IHHII", aux_at)
            yield Need(library, string_at(names, name), index & 0x7FFF, bool(flags & VER_FLG_WEAK))
            if not aux_next:
                break
            aux_at += aux_next
        if not following:
            break
        at += following


def _definitions(reader: Reader, at: int, count: int, names: bytes) -> Iterator[Definition]:
    for _ in range(min(count, MAX_ENTRIES)):
        _, flags, index, _, _, aux, following = reader.unpack("HHHHIII", at)
        name, _ = reader.unpack("II", at + aux)
        if not flags & VER_FLG_BASE:
            yield Definition(string_at(names, name), index & 0x7FFF)
        if not following:
            break
        at += following


def _notes(reader: Reader, segments: tuple[Segment, ...]) -> Iterator[tuple[bytes, int, bytes]]:
    """(owner, type, description) of every note that is loaded."""
    for segment in segments:
        if segment.type not in (PT_NOTE, PT_GNU_PROPERTY):
            continue
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


def _isa_needed(reader: Reader, description: bytes) -> int:
    at = 0
    while at + 8 <= len(description):
        kind, size = struct.unpack_from(reader.prefix + "II", description, at)
        if kind == GNU_PROPERTY_X86_ISA_1_NEEDED and size == 4 and at + 12 <= len(description):
            return int(struct.unpack_from(reader.prefix + "I", description, at + 8)[0])
        at += 8 + (size + reader.word - 1) // reader.word * reader.word
    return 0


def _dlopen_notes(description: bytes) -> Iterator[DlopenNote]:
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


def parse_elf(data: Buffer) -> ELFFile:
    """Read one ELF file; raises ELFError (and nothing else) for bytes that are not a usable one."""
    try:
        return _parse(Reader(data))
    except (struct.error, OverflowError, ValueError, MemoryError) as err:
        raise ELFError(f"damaged: {err}") from err


def string_table(reader: Reader, elf_tags: dict[int, int], segments: tuple[Segment, ...]) -> bytes:
    """The dynamic string table; empty when there is none."""
    if DT_STRTAB not in elf_tags:
        return b""
    address, size = elf_tags[DT_STRTAB], elf_tags.get(DT_STRSZ, 0)
    if size > MAX_STRTAB:
        raise ELFError(f"string table of {size} bytes")
    return reader.slice(_offset(segments, address), size)


def _offset(segments: tuple[Segment, ...], address: int) -> int:
    for s in segments:
        if s.type == PT_LOAD and s.vaddr <= address < s.vaddr + s.filesz:
            return s.offset + address - s.vaddr
    raise ELFError(f"address 0x{address:x} is in no loaded segment")


def _parse(reader: Reader) -> ELFFile:
    kind, machine, segments = _segments(reader)
    dynamic, tags, needed = _dynamic(reader, segments)
    names = string_table(reader, tags, segments)

    def name(tag: int) -> str:
        return string_at(names, tags[tag]) if tag in tags else ""

    needs: tuple[Need, ...] = ()
    if DT_VERNEED in tags:
        at = _offset(segments, tags[DT_VERNEED])
        needs = tuple(_needs(reader, at, tags.get(DT_VERNEEDNUM, 0), names))
    definitions: tuple[Definition, ...] = ()
    if DT_VERDEF in tags:
        at = _offset(segments, tags[DT_VERDEF])
        definitions = tuple(_definitions(reader, at, tags.get(DT_VERDEFNUM, 0), names))
    build_id, isa = "", 0
    notes: list[DlopenNote] = []
    for owner, type_, description in _notes(reader, segments):
        if owner == b"GNU" and type_ == NT_GNU_BUILD_ID:
            build_id = description.hex()
        elif owner == b"GNU" and type_ == NT_GNU_PROPERTY_TYPE_0:
            isa = isa or _isa_needed(reader, description)
        elif owner == b"FDO" and type_ == NT_FDO_DLOPEN:
            notes.extend(_dlopen_notes(description))
    interp = next((s for s in segments if s.type == PT_INTERP), None)
    return ELFFile(
        machine=machine,
        bits=64 if reader.wide else 32,
        little=reader.little,
        type=kind,
        segments=segments,
        tags=tags,
        interp="" if interp is None else _interp(reader, interp),
        dynamic=dynamic,
        needed=tuple(string_at(names, at) for at in needed),
        soname=name(DT_SONAME),
        rpath=name(DT_RPATH),
        runpath=name(DT_RUNPATH),
        needs=needs,
        definitions=definitions,
        build_id=build_id,
        isa_needed=isa,
        dlopen_notes=tuple(notes),
    )


def _interp(reader: Reader, segment: Segment) -> str:
    if segment.filesz > 4096:
        raise ELFError(f"interpreter name of {segment.filesz} bytes")
    raw = reader.slice(segment.offset, segment.filesz)
    return raw.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")

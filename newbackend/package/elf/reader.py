"""The ELF reader: what the dynamic loader would see, and nothing else.

Reads program headers and the dynamic section only, so files stripped of their section table work.
Every access is bounds-checked. A damaged or hostile file ends in an `ELFError`, never in another exception.
Field meanings: System V gABI; version tables and notes: glibc `elf.h`; `.note.dlopen`: the FDO
package-metadata specification.
"""

from __future__ import annotations

import re
import struct
from functools import cached_property
from typing import Literal

from newbackend.package.archive import Buffer, Entry
from newbackend.package.elf.binary import (
    DEVICES,
    DF_1_PIE,
    DF_TEXTREL,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    DT_TEXTREL,
    DT_VERDEF,
    DT_VERDEFNUM,
    DT_VERNEED,
    DT_VERNEEDNUM,
    ET_DYN,
    ET_EXEC,
    MAGIC,
    MAX_NAME,
    MAX_PATH_LIST,
    MAX_RECORD,
    MIN_SIZE,
    NT_FDO_DLOPEN,
    NT_GNU_BUILD_ID,
    NT_GNU_PROPERTY_TYPE_0,
    PF_W,
    PF_X,
    PT_GNU_STACK,
    PT_INTERP,
    PT_LOAD,
    Budget,
    ELFError,
    Reader,
)
from newbackend.package.elf.tables import (
    Definition,
    DlopenNote,
    Need,
    Segment,
    file_offset,
    isa_needed,
    read_definitions,
    read_dlopen_notes,
    read_dynamic,
    read_needs,
    read_notes,
    read_segments,
    string_table,
)
from newbackend.records import dataclass

# Files that are shared libraries by their name.
SHARED_OBJECT = re.compile(r"\.so(\.[\w.-]+)?$")


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
        """Whether the file asks for an executable stack; None without a PT_GNU_STACK header."""
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

    @property
    def strays(self) -> tuple[str, ...]:
        """The directories of RPATH and RUNPATH that are not relative to the file ($ORIGIN)."""
        parts = f"{self.rpath}:{self.runpath}".split(":")
        return tuple(p for p in parts if p and not p.startswith(("$ORIGIN", "${ORIGIN}")))

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


def read_loadable(entry: Entry, package: Budget | None = None) -> ELFFile | str | None:
    """The record of a program or shared library, or why it cannot be read.

    None for everything that no loader would load: other files, object files, code for devices, debug files.
    `package` is what the records of all files together may take.
    """
    if entry.size < MIN_SIZE and not SHARED_OBJECT.search(entry.name):
        return None
    head = entry.head(20)
    if head[:4] != MAGIC:
        return None
    order: Literal["big", "little"] = "big" if head[5:6] == b"\2" else "little"
    kind = int.from_bytes(head[16:18], order)
    machine = int.from_bytes(head[18:20], order)
    if machine in DEVICES or (kind not in (ET_DYN, ET_EXEC) and len(head) == 20) or entry.name.endswith(".debug"):
        return None
    try:
        return parse_elf(entry.view(), package)
    except ELFError as err:
        return str(err)


def parse_elf(data: Buffer, package: Budget | None = None) -> ELFFile:
    """Read one ELF file; raises ELFError (and nothing else) for bytes that are not a usable one."""
    try:
        return _parse(Reader(data, Budget(MAX_RECORD, package)))
    except (struct.error, OverflowError, ValueError, MemoryError) as err:
        raise ELFError(f"damaged: {err}") from err


def _parse(reader: Reader) -> ELFFile:
    kind, machine, segments = read_segments(reader)
    dynamic, tags, needed = read_dynamic(reader, segments)
    names = string_table(reader, tags, segments)

    def name(tag: int, limit: int = MAX_NAME) -> str:
        return names.at(tags[tag], limit) if tag in tags else ""

    needs: tuple[Need, ...] = ()
    if DT_VERNEED in tags:
        at = file_offset(segments, tags[DT_VERNEED])
        needs = tuple(read_needs(reader, at, tags.get(DT_VERNEEDNUM, 0), names))
    definitions: tuple[Definition, ...] = ()
    if DT_VERDEF in tags:
        at = file_offset(segments, tags[DT_VERDEF])
        definitions = tuple(read_definitions(reader, at, tags.get(DT_VERDEFNUM, 0), names))
    build_id, isa = "", 0
    notes: list[DlopenNote] = []
    for owner, type_, description in read_notes(reader, segments):
        if owner == b"GNU" and type_ == NT_GNU_BUILD_ID:
            build_id = description.hex()
        elif owner == b"GNU" and type_ == NT_GNU_PROPERTY_TYPE_0:
            isa = isa or isa_needed(reader, description)
        elif owner == b"FDO" and type_ == NT_FDO_DLOPEN:
            notes.extend(read_dlopen_notes(description))
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
        needed=tuple(names.at(at) for at in needed),
        soname=name(DT_SONAME),
        rpath=name(DT_RPATH, MAX_PATH_LIST),
        runpath=name(DT_RUNPATH, MAX_PATH_LIST),
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

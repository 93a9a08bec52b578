"""Names of libraries in the data of a file: what it may load by name at run time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.package.archive import Buffer
from newbackend.package.elf.binary import DT_STRSZ, DT_STRTAB, PF_X, PT_LOAD, ELFError
from newbackend.package.elf.reader import ELFFile

_TAIL = re.compile(rb"\.so(?:\.\d+)*\0")
_NAME = re.compile(r"lib[A-Za-z0-9_+.-]+?\.so(\.\d+)*")
MAX_NAME = 64
MAX_STRINGS = 2000


def library_strings(data: Buffer, elf: ELFFile) -> Iterator[str]:
    """Library names that are whole strings in the data segments of a file."""
    low, high = _string_table_range(elf)
    seen: set[bytes] = set()
    for segment in elf.segments:
        if segment.type != PT_LOAD or segment.flags & PF_X or not segment.filesz:
            continue
        for match in _TAIL.finditer(data, segment.offset, segment.offset + segment.filesz):
            if low <= match.start() < high or len(seen) >= MAX_STRINGS:
                continue
            before = bytes(data[max(match.start() - MAX_NAME, segment.offset) : match.end() - 1])
            name = before.rpartition(b"\0")[2]
            if name not in seen and len(name) < MAX_NAME:
                seen.add(name)
                text = name.decode("ascii", "replace")
                if _NAME.fullmatch(text):
                    yield text


def _string_table_range(elf: ELFFile) -> tuple[int, int]:
    """Where .dynstr is. Its names are links and SONAMEs (or leftovers of patchelf), never libraries to load."""
    if DT_STRTAB not in elf.tags:
        return 0, 0
    try:
        start = elf.offset_of(elf.tags[DT_STRTAB])
    except ELFError:
        return 0, 0
    return start, start + elf.tags.get(DT_STRSZ, 0)

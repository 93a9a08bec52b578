"""Libraries loaded by name at run time: the data about them, and the names found in a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from newbackend.package.elf.binary import DT_STRSZ, DT_STRTAB, PF_X, PT_LOAD, Buffer, ELFError
from newbackend.package.elf.reader import ELFFile

_TAIL = re.compile(rb"\.so(?:\.\d+)*\0")
_NAME = re.compile(r"lib[A-Za-z0-9_+.-]+?\.so(\.\d+)*")
MAX_NAME = 64
MAX_STRINGS = 2000


@dataclass(frozen=True, slots=True)
class Family:
    """Libraries that load each other: `front` (a glob) is what programs link."""

    name: str
    front: str
    members: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class DataNeed:
    """Files that a library (a glob of SONAMEs) reads at run time."""

    library: str
    paths: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class DlopenData:
    """data/dlopen.toml as values. `optional` are globs of names that are no requirement."""

    families: tuple[Family, ...]
    data: tuple[DataNeed, ...]
    optional: tuple[str, ...]


@cache
def dlopen_data() -> DlopenData:
    """The tables of data/dlopen.toml."""
    text = resources.files("newbackend.package").joinpath("data/dlopen.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    return DlopenData(
        tuple(Family(r["name"], r["front"], tuple(r["members"]), r["reason"]) for r in raw["family"]),
        tuple(DataNeed(r["library"], tuple(r["paths"]), r["reason"]) for r in raw["data"]),
        tuple(r["name"] for r in raw["optional"]),
    )


def _string_table_range(elf: ELFFile) -> tuple[int, int]:
    """Where .dynstr lies: its names are links and SONAMEs (or leftovers of patchelf), never requests."""
    if DT_STRTAB not in elf.tags:
        return 0, 0
    try:
        start = elf.offset_of(elf.tags[DT_STRTAB])
    except ELFError:
        return 0, 0
    return start, start + elf.tags.get(DT_STRSZ, 0)


def library_strings(data: Buffer, elf: ELFFile) -> Iterator[str]:
    """Library names that stand as whole strings in the data segments of a file."""
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

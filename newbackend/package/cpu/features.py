"""Which CPU instructions a file holds, and whether anything in it asks the CPU first.

Decoding is linear over the executable parts: data between the code decodes to nonsense, so single
hits mean little and a share of pages is what counts. Nothing here knows which code will run: the
rules that use it are `likely`, never certain.
"""

from __future__ import annotations

import struct
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from newbackend.errors import UsageError
from newbackend.package.cpu import scan_objdump as isa_objdump
from newbackend.package.cpu.scan_iced import Iced
from newbackend.package.elf.binary import PF_X, PT_LOAD, Buffer, ELFError, Reader
from newbackend.package.elf.reader import ELFFile
from newbackend.package.elf.symbols import Symbols

PAGE = 4096
MAX_RELOCATIONS = 1_000_000
DT_RELA, DT_RELASZ, DT_JMPREL, DT_PLTRELSZ = 7, 8, 23, 2
SHF_EXECINSTR, SHT_NOBITS = 0x4, 8
R_X86_64_IRELATIVE = 37
# Names by which a file asks what the CPU can do, other than the instruction itself.
DISPATCH_SYMBOLS = frozenset(
    {"__cpu_model", "__cpu_indicator_init", "__cpu_features2", "__x86_get_cpuid_feature_leaf", "_rtld_global_ro",
     "__get_cpuid", "av_get_cpu_flags", "__builtin_cpu_supports", "cpuinfo_initialize", "cpuinfo_isa"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Levels:
    """data/isa.toml: the level of each feature, the floors by name, and `elsewhere`: (file name pattern, symbol)
    of files for which another one, that defines the symbol, asks the CPU."""

    of: dict[str, int]
    floors: tuple[str, ...]
    mnemonics: tuple[tuple[str, str], ...]
    ignored: frozenset[str]
    elsewhere: tuple[tuple[str, str], ...]


@cache
def levels() -> Levels:
    """The tables of data/isa.toml."""
    raw = tomllib.loads(resources.files("newbackend.package").joinpath("data/isa.toml").read_text("utf-8"))
    mnemonics = tuple((m["feature"], m["pattern"]) for m in raw["mnemonic"])
    elsewhere = tuple((row["file"], row["symbol"]) for row in raw["elsewhere"])
    return Levels(raw["levels"], tuple(raw["floors"]), mnemonics, frozenset(raw["ignored"]), elsewhere)


def parse_floor(text: str | None) -> int:
    """1 to 4 for `x86-64` to `x86-64-v4`, also `v2`; 1 for None. Raises UsageError otherwise."""
    names = {name: i for i, name in enumerate(levels().floors, 1)} | {f"v{i}": i for i in range(1, 5)}
    names["x86-64-v1"] = 1
    if text is not None and text not in names:
        raise UsageError("cpu-floor-unknown", f"no CPU level {text!r}", where="--cpu-floor", hint="use x86-64-v2")
    return names[text or "x86-64"]


def level_name(level: int) -> str:
    """`x86-64-v3`; level 1 is written `x86-64-v1`, 5 is `x86-64-v4+`."""
    return "x86-64-v4+" if level > 4 else f"x86-64-v{level}"


@dataclass
class Tally:
    """Counts while decoding: instructions per feature, the first address of each, pages per level."""

    features: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    pages: dict[int, set[int]] = field(default_factory=dict)
    asks: int = 0

    def add(self, feature: str, address: int) -> None:
        """Count one instruction that needs `feature`."""
        level = levels().of.get(feature, 0)
        if level:
            self.features[feature] += 1
            self.first.setdefault(feature, address)
            self.pages.setdefault(level, set()).add(address // PAGE)


@dataclass(frozen=True)
class Scan:
    """The result for one file. `dispatch` says what evidence of run-time choice there is ("" when none)."""

    pages: int
    tally: Tally
    dispatch: str

    def features_above(self, level: int) -> dict[str, int]:
        """Instruction counts of the features above a level."""
        return {f: n for f, n in self.tally.features.items() if levels().of[f] > level}

    def share_above(self, level: int) -> float:
        """The share of code pages that hold an instruction above a level."""
        hit = set().union(*(pages for at, pages in self.tally.pages.items() if at > level))
        return len(hit) / self.pages if self.pages else 0.0

    def first_above(self, level: int) -> int:
        """The lowest-level feature's first address above a level; 0 when there is none."""
        return min((self.tally.first[f] for f in self.features_above(level)), default=0)


def executable_parts(data: Buffer, elf: ELFFile) -> Iterator[tuple[int, bytes]]:
    """(address, code) of every executable section; of the segments when there is no section table."""
    parts = list(_sections(data))
    if not parts:
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


Decoder = Callable[[int, bytes, Tally], None]


def find_decoder() -> tuple[str, Decoder] | None:
    """The decoder to use and its name: iced-x86 when installed, else objdump; None without both."""
    try:
        return "iced-x86", Iced(levels().of, levels().ignored).decode
    except ImportError:
        tool = isa_objdump.find()
    if tool is None:
        return None
    patterns = isa_objdump.compile_patterns(levels().mnemonics)
    return "objdump", lambda address, code, tally: isa_objdump.decode(tool, patterns, address, code, tally)


def scan(data: Buffer, elf: ELFFile, symbols: Symbols, decode: Decoder) -> Scan:
    """Count the instructions of one x86-64 file."""
    tally = Tally()
    pages: set[int] = set()
    for address, code in executable_parts(data, elf):
        decode(address, code, tally)
        pages.update(range(address // PAGE, (address + len(code) + PAGE - 1) // PAGE))
    return Scan(len(pages), tally, _evidence(data, elf, symbols, tally))


def _evidence(data: Buffer, elf: ELFFile, symbols: Symbols, tally: Tally) -> str:
    names = {r.name for r in symbols.references} | symbols.names
    if tally.asks:
        return f"{tally.asks} cpuid or xgetbv instructions"
    asked = sorted(names & DISPATCH_SYMBOLS)
    if asked:
        return f"uses {asked[0]}"
    if symbols.ifunc or R_X86_64_IRELATIVE in relocation_types(data, elf):
        return "IFUNC symbols"
    return ""


def relocation_types(data: Buffer, elf: ELFFile) -> set[int]:
    """The relocation types that the file's DT_RELA and DT_JMPREL tables use ."""
    return {kind for _, kind, _ in relocations(data, elf)}


def relocations(data: Buffer, elf: ELFFile) -> Iterator[tuple[int, int, int]]:
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

"""Which CPU instructions a file holds, and whether anything in it asks the CPU first.

Decoding is linear over the executable parts. Data between the code decodes to nonsense, so single hits
mean little, and the share of pages with hits counts. Nothing here knows which code will run: the rules
that use it are `likely`, never certain.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from newbackend.package.archive import Buffer, Entry
from newbackend.package.cpu.arm import count_words
from newbackend.package.cpu.decoders import Decode, find_decoder
from newbackend.package.cpu.levels import levels
from newbackend.package.cpu.tally import PAGE, Tally
from newbackend.package.elf import (
    AARCH64,
    IRELATIVE,
    X86_64,
    ELFFile,
    Symbols,
    executable_parts,
    relocation_types,
)
from newbackend.records import dataclass

# Measured: undispatched ggml builds hold such instructions in 84-88 % of their code pages, dispatched
# libraries in 4-49 % together with cpuid or IFUNC. Below the share, hand-written code is likelier.
SHARE = 0.25
# AArch64: few pages of a build with -mcpu=native have such instructions (dot products, i8mm: matrix products only), and
# what compares all bits of a group decodes little data by mistake.
ARM_SHARE = 0.0
# In a file that dispatches, such a share means that the build flags of everything were raised.
NEARLY_ALL = 0.9
MANY_PAGES = 16
# Data between code decodes to a stray instruction now and then.
NOISE = 8

# libgcc's helpers for atomic operations: they ask the CPU, for these alone (`-moutline-atomics`).
OUTLINE_ATOMICS = frozenset({"__getauxval", "__aarch64_have_lse_atomics"})
# Names by which a file asks what the CPU can do, other than the instruction itself.
DISPATCH_SYMBOLS = frozenset(
    {"__cpu_model", "__cpu_indicator_init", "__cpu_features2", "__x86_get_cpuid_feature_leaf", "_rtld_global_ro",
     "__get_cpuid", "av_get_cpu_flags", "__builtin_cpu_supports", "cpuinfo_initialize", "cpuinfo_isa"}
)  # fmt: skip
# On AArch64 the kernel answers; on x86-64 these are asked for other things.
ARM_SYMBOLS = frozenset({"getauxval", "elf_aux_info"})
# C++ libraries that ask for others, as parts of mangled names: Highway's hwy::SupportedTargets(). And glibc's libmvec,
# whose functions for SVE (`_ZGVs…`, Arm's vector function ABI) are called by code for SVE alone.
DISPATCH_PART = re.compile(r"3hwy\d+SupportedTargets|^_ZGVs")


@dataclass(frozen=True)
class Scan:
    """The result for one file. `dispatch` is the evidence of a choice at run time ("" when there is none)."""

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

    def nearly_all_above(self, level: int) -> bool:
        """Whether nearly all of a file of some size is above a level: more than any choice at run time explains."""
        return self.pages >= MANY_PAGES and self.share_above(level) >= NEARLY_ALL

    def first_above(self, level: int) -> int:
        """The lowest address of an instruction above a level; 0 when there is none."""
        return min((self.tally.first[f] for f in self.features_above(level)), default=0)


def scan_files(files: Iterable[tuple[Entry, ELFFile, Symbols]], machine: int = X86_64) -> dict[str, Scan] | None:
    """The scan of every file for one machine among `files`, by path; None without a decoder for x86-64."""
    decoder = find_decoder() if machine == X86_64 else ("", count_words)
    if decoder is None:
        return None
    _, decode = decoder
    scans: dict[str, Scan] = {}
    symbols: dict[str, Symbols] = {}
    for entry, elf, table in files:
        if elf.machine == machine:
            symbols[entry.path] = table
            scans[entry.path] = scan_file(entry.view(), elf, table, decode)
    return {p: replace(s, dispatch=s.dispatch or _asked_by(p, scans, symbols)) for p, s in scans.items()}


def _asked_by(path: str, scans: Mapping[str, Scan], symbols: Mapping[str, Symbols]) -> str:
    """The file that asks the CPU before anything calls this one (data/isa.toml, `elsewhere`); "" when none does."""
    for pattern, symbol in levels().elsewhere:
        if not fnmatchcase(posixpath.basename(path), pattern):
            continue
        for other, scan in scans.items():
            # C++ names are mangled: the symbol is part of them.
            if scan.dispatch and any(symbol in name for name, _ in symbols[other].defined):
                return f"{other} asks in its place"
    return ""


def scan_file(data: Buffer, elf: ELFFile, symbols: Symbols, decode: Decode) -> Scan:
    """Count the instructions of one file of the machine that `decode` is for."""
    tally = Tally()
    pages: set[int] = set()
    for address, code in executable_parts(data, elf):
        decode(address, code, tally)
        pages.update(range(address // PAGE, (address + len(code) + PAGE - 1) // PAGE))
    if elf.machine == AARCH64 and OUTLINE_ATOMICS & ({r.name for r in symbols.references} | symbols.names):
        tally.forget("LSE")
    return Scan(len(pages), tally, _evidence(data, elf, symbols, tally))


def _evidence(data: Buffer, elf: ELFFile, symbols: Symbols, tally: Tally) -> str:
    names = {r.name for r in symbols.references} | symbols.names
    if tally.asks:
        return f"{tally.asks} instructions that ask the CPU (cpuid, xgetbv, mrs)"
    known = DISPATCH_SYMBOLS | ARM_SYMBOLS if elf.machine == AARCH64 else DISPATCH_SYMBOLS
    asked = sorted(names & known) or sorted(n for n in names if DISPATCH_PART.search(n))
    if asked:
        return f"uses {asked[0]}"
    if symbols.ifunc or IRELATIVE & relocation_types(data, elf):
        return "IFUNC symbols"
    return ""

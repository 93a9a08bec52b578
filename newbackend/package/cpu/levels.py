"""The CPU levels of x86-64 (`x86-64-v1` to `v4`) and AArch64, and the features that belong to them: data/isa.toml."""

from __future__ import annotations

from functools import cache

from newbackend.errors import UsageError
from newbackend.package.data import read_table
from newbackend.package.elf import AARCH64, X86_64
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class Levels:
    """data/isa.toml as values.

    `of` is the level of each feature (5: of no level), `floors` the names of the levels of x86-64 and `arm` those of
    AArch64, `mnemonics` (feature,
    pattern) for the scan with objdump, `ignored` mnemonics that never count, `elsewhere` (file name pattern,
    symbol) of files for which another one, that defines the symbol, asks the CPU.
    """

    of: dict[str, int]
    floors: tuple[str, ...]
    arm: tuple[str, ...]
    mnemonics: tuple[tuple[str, str], ...]
    ignored: frozenset[str]
    elsewhere: tuple[tuple[str, str], ...]


@cache
def levels() -> Levels:
    """The tables of data/isa.toml."""
    tables = read_table("isa")
    mnemonics = tuple((row["feature"], row["pattern"]) for row in tables["mnemonic"])
    elsewhere = tuple((row["file"], row["symbol"]) for row in tables["elsewhere"])
    floors, arm, ignored = tuple(tables["floors"]), tuple(tables["arm"]), frozenset(tables["ignored"])
    return Levels(tables["levels"], floors, arm, mnemonics, ignored, elsewhere)


def parse_floor(text: str | None, machine: int = X86_64) -> int:
    """1 to 4 for `x86-64` to `x86-64-v4`, also `v2`, and for `armv8.0-a` to `armv8.6-a`, also `armv8.2`; 1 for None, 0
    for a level of another machine. Raises UsageError for any other text."""
    x86 = {name: i for i, name in enumerate(levels().floors, 1)} | {f"v{i}": i for i in range(1, 5)}
    x86["x86-64-v1"] = 1
    arm = {name: i for i, name in enumerate(levels().arm, 1)}
    arm |= {name.removesuffix("-a"): i for name, i in arm.items()}
    if text is not None and text not in x86 | arm:
        message, choices = f"no CPU level {text!r}", (*levels().floors, *levels().arm)
        raise UsageError("cpu-floor-unknown", message, where="--cpu-floor", hint="use x86-64-v2", choices=choices)
    return 1 if text is None else (arm if machine == AARCH64 else x86).get(text, 0)


def level_name(level: int, machine: int = X86_64) -> str:
    """`x86-64-v3`, `armv8.2-a`; level 1 is written `x86-64-v1`, 5 is the highest with a plus."""
    plus = "+" if level > 4 else ""
    return (levels().arm[min(level, 4) - 1] if machine == AARCH64 else f"x86-64-v{min(level, 4)}") + plus


def declared_level(bits: int) -> int:
    """The level in a file's GNU property (GNU_PROPERTY_X86_ISA_1_NEEDED): bit 0 baseline, 1 v2, 2 v3, 3 v4."""
    return min((bits & 0xF).bit_length(), 4) or 1

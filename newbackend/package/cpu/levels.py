"""The CPU levels of x86-64 (`x86-64-v1` to `v4`) and the features that belong to them: data/isa.toml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from newbackend.errors import UsageError
from newbackend.package.data import read_table


@dataclass(frozen=True, slots=True)
class Levels:
    """data/isa.toml as values.

    `of` is the level of each feature (5: of no level), `floors` the names of the levels, `mnemonics` (feature,
    pattern) for the scan with objdump, `ignored` mnemonics that never count, `elsewhere` (file name pattern,
    symbol) of files for which another one, that defines the symbol, asks the CPU.
    """

    of: dict[str, int]
    floors: tuple[str, ...]
    mnemonics: tuple[tuple[str, str], ...]
    ignored: frozenset[str]
    elsewhere: tuple[tuple[str, str], ...]


@cache
def levels() -> Levels:
    """The tables of data/isa.toml."""
    tables = read_table("isa")
    mnemonics = tuple((row["feature"], row["pattern"]) for row in tables["mnemonic"])
    elsewhere = tuple((row["file"], row["symbol"]) for row in tables["elsewhere"])
    return Levels(tables["levels"], tuple(tables["floors"]), mnemonics, frozenset(tables["ignored"]), elsewhere)


def parse_floor(text: str | None) -> int:
    """1 to 4 for `x86-64` to `x86-64-v4`, also `v2`; 1 for None. Raises UsageError otherwise."""
    names = {name: i for i, name in enumerate(levels().floors, 1)} | {f"v{i}": i for i in range(1, 5)}
    names["x86-64-v1"] = 1
    if text is not None and text not in names:
        message = f"no CPU level {text!r}"
        raise UsageError(
            "cpu-floor-unknown", message, where="--cpu-floor", hint="use x86-64-v2", choices=levels().floors
        )
    return names[text or "x86-64"]


def level_name(level: int) -> str:
    """`x86-64-v3`; level 1 is written `x86-64-v1`, 5 is `x86-64-v4+`."""
    return "x86-64-v4+" if level > 4 else f"x86-64-v{level}"


def declared_level(bits: int) -> int:
    """The level in a file's GNU property (GNU_PROPERTY_X86_ISA_1_NEEDED): bit 0 baseline, 1 v2, 2 v3, 3 v4."""
    return min((bits & 0xF).bit_length(), 4) or 1

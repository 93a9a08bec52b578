"""What a host offers: `--target ubuntu24.04`, `glibc=2.35`, `manylinux_2_28`, or a comma list."""

from __future__ import annotations

import re
from dataclasses import replace

from newbackend.errors import UsageError
from newbackend.package.data import read_table
from newbackend.records import dataclass

# LocalAI's runtime images are Ubuntu 24.04 (its Dockerfile).
DEFAULT = "ubuntu24.04"
Number = tuple[int, ...]


def number(text: str) -> Number:
    """`2.35` as a comparable value; raises ValueError for anything else."""
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True, slots=True)
class Target:
    """The newest versions that the host has; `macos` is "" where none was named. `name` is what the user wrote."""

    name: str
    glibc: str
    glibcxx: str
    cxxabi: str
    gcc: str
    macos: str = ""

    def offers(self, version: str) -> bool | None:
        """Whether a symbol version such as `GLIBC_2.34` exists there; None for versions of other libraries."""
        family, _, text = version.rpartition("_")
        if version in read_table("targets")["named"]:
            family, text = "GLIBC", read_table("targets")["named"][version]
        newest = {"GLIBC": self.glibc, "GLIBCXX": self.glibcxx, "CXXABI": self.cxxabi, "GCC": self.gcc}.get(family)
        try:
            return None if newest is None else number(text) <= number(newest)
        except ValueError:
            return None


def target_names() -> tuple[str, ...]:
    """The distributions known by name."""
    return tuple(read_table("targets")["target"])


def _from_glibc(name: str, glibc: str) -> Target:
    """A target known only by its glibc; the C++ versions are the baseline's at or below it."""
    rows = [row for row in read_table("targets")["baseline"] if number(row["glibc"]) <= number(glibc)]
    row = rows[-1] if rows else read_table("targets")["baseline"][0]
    return Target(name, glibc, row["glibcxx"], row["cxxabi"], row["gcc"])


def parse_target(text: str) -> Target:
    """The target a user named; raises UsageError for one that is not known."""
    target: Target | None = None
    for part in (p.strip() for p in text.split(",")):
        manylinux = re.fullmatch(r"manylinux_(\d+)_(\d+)(?:_\w+)?", part)
        assigned = re.fullmatch(r"(glibc|glibcxx|cxxabi|gcc)=(\d+(?:\.\d+){1,3})", part)
        if part in read_table("targets")["target"]:
            target = Target(part, **read_table("targets")["target"][part])
        elif manylinux:
            target = _from_glibc(part, f"{manylinux[1]}.{manylinux[2]}")
        elif assigned and assigned[1] == "glibc":
            target = _from_glibc(part, assigned[2])
        elif re.fullmatch(r"macos=\d+(\.\d+)?", part):
            named = target or Target(DEFAULT, **read_table("targets")["target"][DEFAULT])
            target = replace(named, macos=part.removeprefix("macos="))
        elif assigned and target is not None:
            target = replace(target, **{assigned[1]: assigned[2]})
        else:
            hint = f"use {', '.join(target_names())}, glibc=2.35, manylinux_2_28 or macos=13.0"
            raise UsageError("target-unknown", f"no target {part!r}", where="--target", hint=hint)
    if target is None:
        raise UsageError("target-unknown", "the target is empty", where="--target")
    return replace(target, name=text)

"""Data about libraries by name: which come from the host, and what some load at run time.

All of it is data with a reason per row: data/hostlibs.toml and data/dlopen.toml.
"""

from __future__ import annotations

import fnmatch
from functools import cache

from newbackend.package.data import read_table
from newbackend.package.options import Layout
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class HostLibrary:
    """One allowed pattern: `kind` is driver, glibc, toolchain, base or kernel; `layouts` where it holds."""

    pattern: str
    kind: str
    layouts: frozenset[Layout]
    reason: str


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
    """What libraries load and read by name. `optional` are globs of names that nothing depends on."""

    families: tuple[Family, ...]
    data: tuple[DataNeed, ...]
    optional: tuple[str, ...]


@cache
def host_libraries() -> tuple[HostLibrary, ...]:
    """Every library that a package may expect from the host."""
    return tuple(
        HostLibrary(row["name"], row["kind"], frozenset(Layout(x) for x in row["layouts"]), row["reason"])
        for row in read_table("hostlibs")["library"]
    )


@cache
def host_library(name: str, layout: Layout | None = None) -> HostLibrary | None:
    """The row that allows `name` in `layout` (in any layout when None); None when the package must bring it."""
    for row in host_libraries():
        if (layout is None or layout in row.layouts) and fnmatch.fnmatchcase(name, row.pattern):
            return row
    return None


def is_driver(name: str) -> bool:
    """Whether a library belongs to a device driver, which only the host can supply."""
    row = host_library(name)
    return row is not None and row.kind == "driver"


def is_glibc(name: str) -> bool:
    """Whether a library is part of glibc, so that it must come from the same build as libc.so.6."""
    row = host_library(name)
    return row is not None and row.kind == "glibc"


@cache
def dlopen_data() -> DlopenData:
    """The tables of data/dlopen.toml."""
    tables = read_table("dlopen")
    return DlopenData(
        tuple(Family(r["name"], r["front"], tuple(r["members"]), r["reason"]) for r in tables["family"]),
        tuple(DataNeed(r["library"], tuple(r["paths"]), r["reason"]) for r in tables["data"]),
        tuple(r["name"] for r in tables["optional"]),
    )

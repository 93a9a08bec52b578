"""Libraries that a package may rightly expect from the host. The list is data, a reason per line."""

from __future__ import annotations

import fnmatch
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from newbackend.package.options import Layout


@dataclass(frozen=True, slots=True)
class HostLibrary:
    """One allowed pattern: `kind` is driver, glibc, toolchain, base or kernel; `layouts` where it holds."""

    pattern: str
    kind: str
    layouts: frozenset[Layout]
    reason: str


@cache
def host_libraries() -> tuple[HostLibrary, ...]:
    """The rows of data/hostlibs.toml."""
    text = resources.files("newbackend.package").joinpath("data/hostlibs.toml").read_text("utf-8")
    return tuple(
        HostLibrary(row["name"], row["kind"], frozenset(Layout(x) for x in row["layouts"]), row["reason"])
        for row in tomllib.loads(text)["library"]
    )


def host_library(name: str, layout: Layout | None = None) -> HostLibrary | None:
    """The row that allows `name` (in `layout`; in any when None); None when the host owes it to nobody."""
    return _lookup(name, layout)


@cache
def _lookup(name: str, layout: Layout | None) -> HostLibrary | None:
    for row in host_libraries():
        if (layout is None or layout in row.layouts) and fnmatch.fnmatchcase(name, row.pattern):
            return row
    return None


def is_driver(name: str) -> bool:
    """Whether a library belongs to a device driver, which only the host can supply."""
    row = _lookup(name, None)
    return row is not None and row.kind == "driver"


def is_glibc(name: str) -> bool:
    """Whether a library is part of glibc, so that it must come from the same build as libc.so.6."""
    row = _lookup(name, None)
    return row is not None and row.kind == "glibc"

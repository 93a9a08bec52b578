"""The symbol versions that a package needs: which file needs which, and which is the newest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newbackend.package.elf import ELFError, Need
from newbackend.package.libraries import is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.targets import Number, number
from newbackend.records import dataclass

FAMILIES = ("GLIBC", "GLIBCXX", "CXXABI", "GCC")
_NUMBERED = re.compile(r"^(GLIBC|GLIBCXX|CXXABI|GCC)_(\d+(?:\.\d+)*)$")
_BANNER = re.compile(rb"(?:GNU C Library|ld\.so) \((.{1,80}?)\) (?:stable|development) release version (\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version of one family that some file needs."""

    version: str
    number: Number
    path: str
    symbol: str = ""


def split(version: str) -> tuple[str, Number] | None:
    """Family and number of `GLIBC_2.34`; None for names without a number (GLIBC_PRIVATE)."""
    match = _NUMBERED.match(version)
    return (match[1], number(match[2])) if match else None


def host_needs(package: Package) -> Iterator[tuple[str, Need]]:
    """(file, need) for every needed version that no file of the package defines, so that the host must."""
    for path, elf in package.elves.items():
        answered: dict[str, bool] = {}
        for need in elf.needs:
            if need.library not in answered:
                answered[need.library] = bool(package.provider(need.library, path))
            if not answered[need.library]:
                yield path, need


def _own_glibc(package: Package, path: str) -> bool:
    """Whether the file is part of a bundled glibc: its needs are not the package's."""
    return path == package.loader or is_glibc(package.elves[path].soname)


def newest(package: Package) -> dict[str, Newest]:
    """The newest need of each family, with the symbol that sets it (of several files the first in path order).

    With a bundled loader all needs count but those of the bundled glibc; else only those that the host must meet.
    """
    best: dict[str, Newest] = {}
    for path, need in sorted(_counted(package), key=lambda i: i[0]):
        parts = None if need.weak else split(need.version)
        if parts and (parts[0] not in best or parts[1] > best[parts[0]].number):
            best[parts[0]] = Newest(need.version, parts[1], path)
    return {family: _with_symbol(package, row) for family, row in best.items()}


def _counted(package: Package) -> Iterator[tuple[str, Need]]:
    if package.layout is not Layout.LOADER:
        return host_needs(package)
    return ((p, n) for p, elf in package.elves.items() if not _own_glibc(package, p) for n in elf.needs)


def _with_symbol(package: Package, row: Newest) -> Newest:
    return Newest(row.version, row.number, row.path, symbol_for(package, row.path, row.version))


def symbol_for(package: Package, path: str, version: str) -> str:
    """The first symbol (in name order) that `path` takes from `version`; "" when the table is unreadable."""
    try:
        names = [r.name for r in package.symbols(path).references if r.version == version]
    except ELFError:
        return ""
    return min(names, default="")


def banner(package: Package, path: str) -> tuple[str, str] | None:
    """(build, release) of a libc or loader, from the text inside it; None without such a text (loaders before
    glibc 2.33)."""
    match = _BANNER.search(package.tree.entries[path].view())
    return (match[1].decode("utf-8", "replace"), match[2].decode()) if match else None


def bundled_libc(package: Package) -> str:
    """The libc.so.6 that the package's processes load; "" when none is bundled."""
    for directory in package.search.library_path:
        entry = package.tree.resolve(f"{directory}/libc.so.6".lstrip("/"))
        if entry is not None and entry.path in package.elves:
            return entry.path
    return next((p for p in package.by_name.get("libc.so.6", ()) if p in package.reached), "")

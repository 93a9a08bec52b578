"""`newbackend package floor`: the newest symbol versions and the CPU level needed, and by what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from newbackend.package.archive import open_package
from newbackend.package.cpu import ARM_SHARE, NOISE, SHARE, Scan, declared_level, level_name, levels, variant_sets
from newbackend.package.elf import AARCH64, X86_64, machine_name
from newbackend.package.libraries import is_glibc
from newbackend.package.model import Package, load_package
from newbackend.package.options import Layout, PackageOptions
from newbackend.package.sources import refuse_sources
from newbackend.package.versions import FAMILIES, Newest, banner, bundled_libc, newest
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class CpuFloor:
    """The CPU level: `level` is 0 when it is not known; `how` gives the source, or the reason. `at_least`: it is what a
    file declares, and the instructions were not looked at. `beyond` are features of no level that some file needs
    without asking the CPU, with that file. `picks`: some file chooses between instructions at run time, so that not
    all of what it runs is known."""

    level: int
    path: str
    how: str
    beyond: tuple[tuple[str, str], ...] = ()
    at_least: bool = False
    picks: bool = False


@dataclass(frozen=True, slots=True)
class Floor:
    """What a host must offer. `bundled` is the release of the package's own glibc ("" without one), `macos` the oldest
    macOS and the file that needs it, of a package for macOS."""

    needs: tuple[Newest, ...]
    cpu: CpuFloor
    layout: Layout
    machine: str
    bundled: str
    macos: tuple[str, str] = ("", "")

    def line(self) -> str:
        """`GLIBC_2.34 set by lib/x.so (dlopen); GLIBCXX_3.4.30; x86-64-v1`."""
        if self.macos[0]:
            return f"macOS {self.macos[0]} set by {self.macos[1]}; {self.machine}"
        parts: list[str] = []
        for need in self.needs:
            by = f" ({need.symbol})" if need.symbol else ""
            # Only the first, which is glibc's, is shown with its file; the JSON has the files of all.
            parts.append(f"{need.version} set by {need.path}{by}" if not parts else need.version)
        if not parts:
            parts.append("no symbol versions needed")
        parts.append(self._level() if self.cpu.level else f"CPU level unknown: {self.cpu.how}")
        if self.cpu.at_least:
            parts[-1] = f"at least {parts[-1]}, declared by {self.cpu.path}; CPU instructions {self.cpu.how}"
        else:
            parts[-1] += f" set by {self.cpu.path}" if self.cpu.level > 1 else ""
            parts[-1] += " or more: picks at run time" if self.cpu.picks else ""
        parts += [f"{feature} set by {path}" for feature, path in self.cpu.beyond]
        if self.bundled:
            parts.append(f"bundled glibc {self.bundled}")
        return "; ".join(parts)

    def _level(self) -> str:
        return level_name(self.cpu.level, AARCH64 if self.machine == machine_name(AARCH64) else X86_64)

    def as_json(self) -> dict[str, object]:
        """The same as data: one object per family, the CPU, the layout."""
        return {
            "schema": "newbackend/floor/1",
            "versions": {
                need.version.rpartition("_")[0]: {"version": need.version, "path": need.path, "symbol": need.symbol}
                for need in self.needs
            },
            "cpu": {
                "level": self._level() if self.cpu.level else "",
                "path": self.cpu.path,
                "how": self.cpu.how,
                "beyond": dict(self.cpu.beyond),
                "picks_at_run_time": self.cpu.picks,
            },
            "layout": self.layout.value,
            "machine": self.machine,
            "bundled_glibc": self.bundled,
            "macos": {"version": self.macos[0], "path": self.macos[1]} if self.macos[0] else {},
        }


def floor_of(package: Package) -> Floor:
    """The floor of a package already read. The instruction scan counts only where --cpu-floor asks for it."""
    return _floor(package, scanned=package.options.cpu_floor is not None)


def package_floor(path: Path, options: PackageOptions | None = None) -> Floor:
    """The floor of the package at `path`, with the instruction scan; raises like `check_package`."""
    refuse_sources(path)
    return _floor(load_package(open_package(path), options or PackageOptions()), scanned=True)


def _floor(package: Package, *, scanned: bool) -> Floor:
    if package.machs:
        return _macos_floor(package)
    libc = bundled_libc(package) if package.layout is Layout.LOADER else ""
    build = banner(package, libc) if libc else None
    versions = newest(package)
    return Floor(
        tuple(versions[family] for family in FAMILIES if family in versions),
        _cpu(package, scanned=scanned),
        package.layout,
        machine_name(package.machine) if package.machine else "",
        build[1] if build else "",
    )


def _macos_floor(package: Package) -> Floor:
    floors = {path: max(s.minimum for s in mach.slices) for path, mach in package.machs.items()}
    path = max(sorted(floors), key=lambda p: floors[p])
    needed = ".".join(map(str, floors[path])) or "of any age"
    cpus = ", ".join(sorted(frozenset.intersection(*(m.cpus for m in package.machs.values())))) or "no common processor"
    cpu = CpuFloor(0, "", "not read for macOS")
    return Floor((), cpu, package.layout, cpus, "", (needed, path))


def _cpu(package: Package, *, scanned: bool) -> CpuFloor:
    if package.machine not in (X86_64, AARCH64):
        return CpuFloor(0, "", "only x86-64 and aarch64 have CPU levels")
    notes = {p: declared_level(e.isa_needed) for p, e in package.elves.items() if e.machine == X86_64}
    notes |= package.go_levels | package.listed_levels
    declared = max(((level, p) for p, level in notes.items()), default=(1, ""))
    if not scanned:
        how = "not scanned (--cpu-floor)"
        return CpuFloor(*declared, how, at_least=True) if declared[0] > 1 else CpuFloor(0, "", how)
    results = package.scans
    if results is None:
        return CpuFloor(0, "", "no instruction decoder (install newbackend[cpu] or binutils)")
    best = CpuFloor(declared[0], declared[1] if declared[0] > 1 else "", "declared")
    members = {m.path: s for s in variant_sets(package.elves) for m in s.members}
    lowest = {min(s.members, key=lambda m: m.level).path for s in members.values()}
    beyond: dict[str, str] = {}
    share = ARM_SHARE if package.machine == AARCH64 else SHARE
    for path, scan in results.items():
        if scan.dispatch or (path in members and path not in lowest):
            continue
        best = _raised(best, path, scan, share)
        if scan.share_above(4) >= share:
            for feature in (f for f, n in scan.features_above(4).items() if n >= NOISE):
                beyond.setdefault(feature, path)
    best = _raised_at_load(best, package, members.keys())
    above = (p for p, s in results.items() if s.dispatch and sum(s.features_above(best.level).values()) >= NOISE)
    # glibc picks its string functions, and starts everywhere.
    picks = any(p != package.loader and not is_glibc(package.elves[p].soname) for p in above)
    picks = picks or len(members) > len(lowest)
    if best.level == 1:
        best = CpuFloor(1, "", "instruction scan: no higher level without dispatch (likely, not proven)")
    return replace(best, beyond=tuple(sorted(beyond.items())), picks=picks)


def _raised_at_load(best: CpuFloor, package: Package, variants: Collection[str]) -> CpuFloor:
    """`best`, or the level of what surely runs when a file is loaded."""
    for path, features in (package.at_load or {}).items():
        level = max((of for f in features if (of := levels().of[f]) <= 4), default=0)
        if level > best.level and path not in variants:
            best = CpuFloor(level, path, "runs while it is loaded")
    return best


def _raised(best: CpuFloor, path: str, scan: Scan, share: float) -> CpuFloor:
    """`best`, or what this file raises it to, when so much of its code pages does."""
    of = levels().of
    for level in range(4, best.level, -1):
        count = sum(n for f, n in scan.tally.features.items() if level <= of[f] <= 4)
        pages = set().union(*(at for page_level, at in scan.tally.pages.items() if level <= page_level <= 4))
        if count >= NOISE and len(pages) >= share * scan.pages:
            return CpuFloor(level, path, "instruction scan, no dispatch in the file")
    return best

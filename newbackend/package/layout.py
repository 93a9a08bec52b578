"""Which layout a package has: read from run.sh and the files, never guessed from its name."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from newbackend.package.archive import Kind, Tree
from newbackend.package.elf import ELFFile
from newbackend.package.options import Layout
from newbackend.package.script import RunScript, matching

LOADER_PLACES = ("lib/ld.so", "ld.so")


@dataclass(frozen=True, slots=True)
class Detected:
    """The layout and why. `loader` is the package path of the bundled loader ("" without one), `wanted` where
    run.sh looks for it (it may be missing there)."""

    layout: Layout
    reason: str
    loader: str = ""
    wanted: str = ""


def detect_layout(tree: Tree, elves: Mapping[str, ELFFile], run: RunScript | None, chosen: Layout) -> Detected:
    """The effective layout; a `chosen` layout other than AUTO overrides the files."""
    wanted = next((p for s in (run.starts if run else ()) for p in s.loader), "")
    places = [path for pattern in (wanted, *LOADER_PLACES) if pattern for path in matching(tree, pattern)]
    loader = next((real for p in places if (real := _file(tree, p))), "")
    if chosen is not Layout.AUTO:
        used = loader if chosen is Layout.LOADER else ""
        return Detected(chosen, "chosen by the caller", used, wanted)
    programs = _programs(tree, elves, run)
    static = bool(programs) and not any(elf.dynamic and elf.needed for elf in programs)
    if wanted and not loader and static and run and any(not start.loader for start in run.starts):
        reason = f"its programs are statically linked, and run.sh starts them without {wanted} too"
        return Detected(Layout.STATIC, reason)
    if wanted:
        return Detected(Layout.LOADER, f"run.sh starts the program through {wanted}", loader, wanted)
    if loader and (run is None or not run.starts):
        return Detected(Layout.LOADER, f"{loader} is bundled", loader, wanted)
    if static:
        return Detected(Layout.STATIC, "its programs are statically linked")
    return Detected(Layout.HOST_LIBC, "no loader of its own: the host's loader and C library are used")


def _programs(tree: Tree, elves: Mapping[str, ELFFile], run: RunScript | None) -> list[ELFFile]:
    """The ELF programs that run.sh starts; those at the top level when it names none."""
    named = [p for s in (run.starts if run else ()) for pattern in s.programs for p in matching(tree, pattern)]
    programs = [elves[real] for p in named if (real := _file(tree, p)) in elves]
    if programs or named or (run and run.sources_libbackend):
        return programs
    return [elf for path, elf in elves.items() if elf.executable and not posixpath.dirname(path)]


def _file(tree: Tree, path: str) -> str:
    entry = tree.resolve(path)
    return entry.path if entry is not None and entry.kind is Kind.FILE else ""

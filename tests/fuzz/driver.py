"""Runs attacks one after the other until the time is over, and counts. Every case can be run again by its number."""

from __future__ import annotations

import importlib
import os
import pkgutil
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import newbackend
from fuzz import attacks, builds, packages, repositories
from fuzz.case import Case
from newbackend.sample import init_git, materialise

ATTACKS: Mapping[str, Callable[[Case], None]] = {
    "specs": attacks.specs,
    "checkouts": attacks.checkouts,
    "kills": attacks.kills,
    "git": repositories.git_directories,
    "javascript": attacks.javascript,
    "builds": builds.builds,
    "journals": repositories.journals,
    "answers": attacks.answers_files,
    "elf": packages.elf,
    "archives": packages.archives,
}


@dataclass
class Count:
    """What an attack came to."""

    cases: int = 0
    runs: int = 0
    faults: int = 0
    slowest: float = 0.0
    biggest: int = 0
    reports: list[str] = field(default_factory=list)


def fuzz(seconds: float, seed: int, only: Sequence[str], first: int, keep: Path) -> dict[str, Count]:
    """Runs the attacks in turn, from case `first` on. Each runs at least once."""
    counts = {name: Count() for name in only or ATTACKS}
    _warm_up()
    with _quiet_environment() as (folder, template):
        number, deadline = first, time.monotonic() + seconds
        while True:
            for name, count in counts.items():
                _run(name, seed, number, count, folder / "case", template, keep)
                if seconds and number > first and time.monotonic() > deadline:
                    return counts
            number += 1
            if not seconds:
                return counts


def _run(name: str, seed: int, number: int, count: Count, folder: Path, template: Path, keep: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    case = Case(random.Random(f"{seed}/{name}/{number}"), folder, template)
    try:
        ATTACKS[name](case)
    except Exception as error:  # of the attack itself, which must be seen too
        case.fault(f"the attack itself failed: {type(error).__name__}: {error}")
    count.cases += 1
    count.runs += case.runs
    count.slowest, count.biggest = max(count.slowest, case.slowest), max(count.biggest, case.biggest)
    if case.faults:
        count.faults += len(case.faults)
        saved = keep / f"{name}-{seed}-{number}"
        shutil.rmtree(saved, ignore_errors=True)
        keep.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, saved)
        again = f"python -m fuzz --seed {seed} --only {name} --case {number}"
        text = "\n".join([f"{name} {number}:", *case.log, *(f"FAULT: {ascii_lines(fault)}" for fault in case.faults)])
        (saved / "report.txt").write_text(f"{again}\n{text}\n", encoding="utf-8", errors="backslashreplace")
        count.reports.append(f"{text}\n  saved in {saved}; again: {again}")


def ascii_lines(text: str) -> str:
    """A text whose only control characters are its line breaks."""
    return "\n".join(ascii(line)[1:-1] for line in text.split("\n"))


def _warm_up() -> None:
    """Imports what commands import, so that a forked one does not. Nothing is run: a cache would be shared."""
    skipped = ("newbackend.sample.tree", "newbackend.__main__", "newbackend.package.proofs._")
    for module in pkgutil.walk_packages(newbackend.__path__, "newbackend."):
        if not module.name.startswith(skipped):
            importlib.import_module(module.name)
    for name in ("copier", "jinja2", "ruamel.yaml", "ryml", "_quickjs", "tree_sitter_go", "tree_sitter_javascript"):
        importlib.import_module(name)


@contextmanager
def _quiet_environment() -> Iterator[tuple[Path, Path]]:
    """A scratch folder with a sample checkout; nothing of the user's is read or written."""
    saved = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="newbackend-fuzz-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        for name in ("FORCE_COLOR", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "NEWBACKEND_DEBUG"):
            os.environ.pop(name, None)
        os.environ |= {
            "XDG_STATE_HOME": str(folder / "state"),
            "NO_COLOR": "1",
            "CI": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "NEWBACKEND_GIT_BASE": "file:///nonexistent",
        }
        try:
            template = folder / "template"
            materialise(template)
            init_git(template)
            shutil.rmtree(template / ".git/hooks", ignore_errors=True)
            yield folder, template
        finally:
            os.environ.clear()
            os.environ.update(saved)


def table(counts: Mapping[str, Count]) -> str:
    """Attack, cases, commands, faults, and the worst of time and memory."""
    rows = [("attack", "cases", "runs", "faults", "most CPU", "most memory")]
    for name, count in counts.items():
        worst = (f"{count.slowest:.1f} s", f"{count.biggest} MB")
        rows.append((name, str(count.cases), str(count.runs), str(count.faults), worst[0], worst[1]))
    total = [sum(getattr(count, key) for count in counts.values()) for key in ("cases", "runs", "faults")]
    rows.append(("all", str(total[0]), str(total[1]), str(total[2]), "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )

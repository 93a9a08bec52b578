"""The package's run.sh: its text, and what it starts in a sandbox where that may be found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from newbackend.package.archive import Kind, Tree
from newbackend.package.elf import ELFFile
from newbackend.package.script.recorder import RUN_SH, record_starts
from newbackend.package.script.runscript import RunScript


def read_run_script(tree: Tree, elves: Mapping[str, ELFFile], *, may_run: bool) -> RunScript | None:
    """The run.sh at the top of the package; None when there is none. It runs only where `may_run` allows it and there
    is something to find out."""
    entry = tree.resolve(RUN_SH)
    if entry is None or entry.kind is not Kind.FILE:
        return None
    run = RunScript(entry.text(), entry)
    if not may_run:
        return replace(run, unrecorded="--no-run forbids to run it")
    if run.sources_libbackend:
        return replace(run, unrecorded="it hands over to LocalAI's libbackend.sh, which is known")
    if not any(elf.executable for elf in elves.values()):
        return replace(run, unrecorded="the package holds no program")
    outcome = record_starts(tree, elves)
    if isinstance(outcome, str):
        return replace(run, unrecorded=outcome)
    return replace(run, recorded=outcome)

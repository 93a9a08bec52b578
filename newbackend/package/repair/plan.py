"""The plan of `package fix`: repairs are made in memory, and the rules asked again, until none is left to make."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from newbackend.findings import Finding, Severity, Status
from newbackend.package.archive import Entry, Kind
from newbackend.package.elf import ELFFile, read_loadable
from newbackend.package.model import Package
from newbackend.package.repair.makers import MAKERS, Tools
from newbackend.package.repair.model import Action, Left, Repair, RepairPlan

Judge = Callable[[Package], Sequence[Finding]]
MAX_ROUNDS = 100
# A copied library may need another one that is missing too: one step further all the same.
_NEEDS_MORE = frozenset({"PKG101", "PKG102", "PKG103"})


def plan_repairs(package: Package, judge: Judge, tools: Tools) -> RepairPlan:
    """All repairs of what `judge` finds: with each of them the package is judged again, because a copied library needs
    others. A library that would bring an error of its own (a newer glibc) is not copied.

    Raises UsageError for a file of the root that cannot be read.
    """
    first = judge(package)
    before = {finding.identity for finding in first}
    refused: dict[str, Left] = {}
    while True:
        plan, found = _grown(package, first, judge, tools, frozenset(refused))
        fresh = _refusals(plan, [finding for finding in found if finding.identity not in before])
        if not fresh:
            return replace(plan, left=(*plan.left, *refused.values()))
        refused.update(fresh)


def _grown(
    package: Package, found: Sequence[Finding], judge: Judge, tools: Tools, refused: frozenset[str]
) -> tuple[RepairPlan, Sequence[Finding]]:
    """Repairs for findings, then for those that remain or appear, until nothing new can be made; and what is found
    then."""
    repairs: dict[tuple[str, Action], Repair] = {}
    left: dict[Left, None] = {}
    for _ in range(MAX_ROUNDS):
        left.clear()
        fresh: dict[tuple[str, Action], Repair] = {}
        for finding in found:
            if finding.status is not Status.FAIL or finding.rule.id not in MAKERS:
                continue
            for made in MAKERS[finding.rule.id](package, finding, tools):
                if isinstance(made, Left):
                    left[made] = None
                elif made.path not in refused and made.key not in repairs:
                    fresh.setdefault(made.key, made)
        if not fresh:
            break
        repairs.update(fresh)
        package = _with(package, fresh.values())
        found = judge(package)
    return RepairPlan(tuple(repairs.values()), tuple(left), package), found


def _refusals(plan: RepairPlan, fresh: Iterable[Finding]) -> dict[str, Left]:
    """The copies that bring errors of their own, by path, with the error."""
    copies = {repair.path: repair for repair in plan.repairs if repair.action is Action.COPY}
    refused = {}
    for finding in fresh:
        if finding.level is Severity.ERROR and finding.path in copies and finding.rule.id not in _NEEDS_MORE:
            name, reason = posixpath.basename(finding.path), f"not copied: {finding.message}"
            refused[finding.path] = Left(copies[finding.path].rule, finding.path, name, reason)
    return refused


def _with(package: Package, repairs: Iterable[Repair]) -> Package:
    """The package with repairs made, in memory."""
    entries, elves, run = dict(package.tree.entries), dict(package.elves), package.run
    detected = package.detected
    for repair in repairs:
        entries[repair.path] = entry = _entry(repair, entries)
        if repair.action is Action.RUNPATH:
            elf = elves[repair.path]
            elves[repair.path] = (
                replace(elf, runpath=repair.after) if repair.tag == "RUNPATH" else replace(elf, rpath=repair.after)
            )
        elif repair.action is Action.COPY and isinstance(record := read_loadable(entry), ELFFile):
            elves[repair.path] = record
            if repair.rule == "PKG106":
                detected = replace(detected, loader=repair.path)
        elif run is not None and repair.path == run.entry.path:
            run = replace(run, entry=entry)
    return replace(package, tree=replace(package.tree, entries=entries), elves=elves, run=run, detected=detected)


def _entry(repair: Repair, entries: dict[str, Entry]) -> Entry:
    if repair.action is Action.LINK:
        return Entry(repair.path, Kind.SYMLINK, 0o777, link=repair.after)
    if repair.source is not None:
        return replace(repair.source, path=repair.path, mode=copied_mode(repair.source))
    mode = int(repair.after, 8) if repair.action is Action.MODE else entries[repair.path].mode
    return replace(entries[repair.path], mode=mode)


def copied_mode(source: Entry) -> int:
    """The mode of a copied library: readable for everybody, writable for its owner only."""
    return source.mode & 0o755 | 0o444

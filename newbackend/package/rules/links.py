"""PKG107-109: what a name leads to: links, RPATH, and two files of one SONAME."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator

from newbackend.findings import Finding, Severity
from newbackend.package.archive import Entry, Kind, Tree
from newbackend.package.elf import SHARED_OBJECT, ELFFile
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.rules.registry import check, finding, rule

LINKS = rule(
    "PKG107",
    "links",
    Severity.ERROR,
    what="Symbolic links are relative and lead to something inside the package.",
    why=(
        "The package is unpacked at a place nobody knows in advance: an absolute or dangling link leads nowhere there."
    ),
    how="Copy with `cp -L`, or make the link relative: `ln -s libx.so.1.2.3 libx.so.1`.",
    incident="#10890: volumes that cannot hold links at all",
    bad="lib/libx.so.1 -> /usr/lib/x86_64-linux-gnu/libx.so.1.2.3",
    good="lib/libx.so.1 -> libx.so.1.2.3",
)


@check(LINKS)
def links(package: Package) -> Iterator[Finding]:
    """Absolute and dangling links."""
    for entry in package.tree.links():
        if entry.link.startswith("/"):
            yield _absolute_link(package, entry)
        elif package.tree.resolve(entry.path) is None and not _blames_another(package.tree, entry):
            message = f"{entry.path} is a link to {entry.link}, which is not in the package"
            yield finding(LINKS, entry.path, message, subject=entry.link)


def _blames_another(tree: Tree, entry: Entry) -> bool:
    """Whether the link leads to another link, which has the defect and is reported itself (`python3` ->
    `python3.11` -> /usr/…). Links that lead back to one another are each to blame."""
    seen = [entry.path]
    while entry.kind is Kind.SYMLINK and not entry.link.startswith("/"):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), entry.link))
        if path in seen:
            return False
        if path not in tree.entries:
            break
        seen.append(path)
        entry = tree.entries[path]
    return len(seen) > 1


def _absolute_link(package: Package, entry: Entry) -> Finding:
    message = f"{entry.path} is an absolute link to {entry.link}, which is a path of the build machine"
    library = SHARED_OBJECT.search(entry.name) is not None
    # Python backends: LocalAI's backend/python/common/libbackend.sh rewrites the links of a venv at every start.
    severity = None if library or package.layout is not Layout.HOST_LIBC else Severity.NOTE
    target = package.tree.resolve(entry.link.lstrip("/"))
    if target is None:
        return finding(LINKS, entry.path, message, subject=entry.link, severity=severity)
    relative = posixpath.relpath("/" + target.path, "/" + posixpath.dirname(entry.path))
    message += f"; the package has it as {target.path}"
    return finding(LINKS, entry.path, message, subject=entry.link, severity=severity, expected=relative)


RPATH = rule(
    "PKG108",
    "rpath",
    Severity.WARNING,
    what="RPATH and RUNPATH hold only $ORIGIN paths.",
    why=(
        "A build path that exists on the user's host by chance loads strange libraries; DT_RPATH even wins over "
        "the LD_LIBRARY_PATH of run.sh."
    ),
    how=("Build with `-Wl,-rpath,'$ORIGIN/lib' -Wl,--enable-new-dtags`, or repair it with `newbackend package fix`."),
    incident="gpt4all wheels carry RPATH /home/circleci/…",
    bad="RPATH /home/ci/build/lib",
    good="RUNPATH $ORIGIN/lib",
)


@check(RPATH)
def rpath(package: Package) -> Iterator[Finding]:
    """Build paths in RPATH and RUNPATH, one finding for all files with the same; an RPATH that overrides run.sh."""
    same: dict[tuple[str, str], list[str]] = {}
    for path, elf in package.elves.items():
        if elf.strays:
            same.setdefault(("RUNPATH" if elf.runpath else "RPATH", ":".join(elf.strays)), []).append(path)
        elif elf.rpath and not elf.runpath and _overrides(package, path, elf):
            message = f"{path} has RPATH {elf.rpath}, which wins over the LD_LIBRARY_PATH of run.sh"
            yield finding(RPATH, path, message, subject="RPATH")
    for (kind, value), paths in same.items():
        first, more = paths[0], len(paths) - 1
        who = f"{first} and {more} more file{'s' * (more > 1)} have" if more else f"{first} has"
        message = f"{who} {kind} {value}, which is not relative to the file ($ORIGIN)"
        yield finding(RPATH, first, message, subject=kind, related=paths[1:6])


def _overrides(package: Package, path: str, elf: ELFFile) -> bool:
    """Whether a directory of the RPATH answers a name that LD_LIBRARY_PATH answers with another file."""
    here = package.search.library_path
    for directory in package.search.directories(elf.rpath, posixpath.dirname(path)):
        for name in elf.needed:
            own = package.tree.resolve(posixpath.join(directory, name))
            others = [e.path for d in here if (e := package.tree.resolve(posixpath.join(d, name)))]
            if own is not None and others and own.path not in others:
                return True
    return False


def _identity(package: Package, path: str) -> str:
    build_id = package.elves[path].build_id
    return build_id or hashlib.sha256(package.tree.entries[path].view()).hexdigest()


DUPLICATE_SONAME = rule(
    "PKG109",
    "duplicate-soname",
    Severity.WARNING,
    what="No two different files answer one SONAME where LD_LIBRARY_PATH decides between them.",
    why=(
        "The directory that comes first wins for every library in the process, also for those built against the "
        "other copy."
    ),
    how="Keep one copy; for a Python backend, the one in the wheel.",
    bad="lib/libgomp.so.1 and venv/…/libgomp.so.1, different builds",
    good="one libgomp.so.1",
)


@check(DUPLICATE_SONAME)
def duplicate_soname(package: Package) -> Iterator[Finding]:
    """SONAMEs of the library path that other, different files in the package have too."""
    groups: dict[str, list[str]] = {}
    for path, elf in package.elves.items():
        if elf.soname and path != package.loader:
            groups.setdefault(elf.soname, []).append(path)
    for soname, paths in groups.items():
        first = next((p for p in paths if posixpath.dirname(p) in package.search.library_path), "")
        if len(paths) < 2 or not first or _variants(package, paths):
            continue
        # A copy of the same build does no harm, wherever it is found.
        others = [p for p in paths if p != first and _identity(package, p) != _identity(package, first)]
        if others:
            message = f"{soname} is answered by {first} for everybody; {', '.join(others[:3])} is another build"
            yield finding(DUPLICATE_SONAME, first, message, subject=soname, related=others[:5])


def _variants(package: Package, paths: list[str]) -> bool:
    """Files of one SONAME in glibc-hwcaps or in directories that run.sh chooses between."""
    choice = {p for p in paths if posixpath.dirname(p) in package.search.library_path or "glibc-hwcaps/" in p}
    return len(choice) == len(paths)

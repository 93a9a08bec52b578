"""PKG105, PKG107-110, PKG601-603: each file by itself, and files that get in each other's way."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator

from newbackend.findings import Finding, Severity
from newbackend.package.archive.tree import Entry, Kind, Tree
from newbackend.package.elf.machines import AARCH64, NAMES, X86_64, machine_name
from newbackend.package.elf.reader import ELFFile
from newbackend.package.model import SHARED_OBJECT, Package
from newbackend.package.options import Layout
from newbackend.package.rules.base import Outcome, Skipped, check, found

LARGE_COPIES = 10 << 20
PAGE_64K = 0x10000


@check("PKG105")
def wrong_machine(package: Package) -> Outcome:
    """Files for another CPU than the package's."""
    findings = []
    for path, elf in package.elves.items():
        if elf.machine != package.machine and elf.machine in NAMES:
            message = (
                f"{path} is built for {machine_name(elf.machine)}, the package for "
                f"{machine_name(package.machine)}: the loader reports it as missing"
            )
            findings.append(found("PKG105", path, machine_name(elf.machine), message))
    return findings


@check("PKG110")
def broken_elf(package: Package) -> Outcome:
    """Files with an ELF magic number that cannot be read."""
    return [found("PKG110", p, posixpath.basename(p), f"{p} is damaged: {why}") for p, why in package.broken.items()]


@check("PKG107")
def links(package: Package) -> Outcome:
    """Absolute and dangling links, and how many links there are for volumes that hold none."""
    findings = []
    for entry in package.tree.links():
        if entry.link.startswith("/"):
            findings.append(_absolute_link(package, entry))
        elif package.tree.resolve(entry.path) is None and not _blames_another(package.tree, entry):
            message = f"{entry.path} is a link to {entry.link}, which is not in the package"
            findings.append(found("PKG107", entry.path, entry.link, message))
    return findings


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
    # LocalAI's libbackend.sh rewrites the links of a venv at every start (contract 3.3).
    severity = None if library or package.layout is not Layout.HOST_LIBC else Severity.NOTE
    target = package.tree.resolve(entry.link.lstrip("/"))
    if target is None:
        return found("PKG107", entry.path, entry.link, message, severity=severity)
    relative = posixpath.relpath("/" + target.path, "/" + posixpath.dirname(entry.path))
    message += f"; the package has it as {target.path}"
    return found("PKG107", entry.path, entry.link, message, severity=severity, expected=relative)


def _strays(value: str) -> list[str]:
    return [p for p in value.split(":") if p and not p.startswith(("$ORIGIN", "${ORIGIN}"))]


@check("PKG108")
def rpath(package: Package) -> Outcome:
    """Build paths in RPATH and RUNPATH; an RPATH that overrides run.sh."""
    findings = []
    for path, elf in package.elves.items():
        strays = _strays(elf.rpath) + _strays(elf.runpath)
        if strays:
            kind = "RUNPATH" if elf.runpath else "RPATH"
            message = f"{path} has {kind} {':'.join(strays)}, which is not relative to the file ($ORIGIN)"
            findings.append(found("PKG108", path, kind, message))
        elif elf.rpath and not elf.runpath and _overrides(package, path, elf):
            message = f"{path} has RPATH {elf.rpath}, which wins over the LD_LIBRARY_PATH of run.sh"
            findings.append(found("PKG108", path, "RPATH", message))
    return findings


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


@check("PKG109")
def duplicate_soname(package: Package) -> Outcome:
    """SONAMEs of the library path that other, different files in the package have too."""
    groups: dict[str, list[str]] = {}
    for path, elf in package.elves.items():
        if elf.soname and path != package.loader:
            groups.setdefault(elf.soname, []).append(path)
    findings = []
    for soname, paths in groups.items():
        first = next((p for p in paths if posixpath.dirname(p) in package.search.library_path), "")
        if len(paths) < 2 or not first or _variants(package, paths):
            continue
        # Only copies that somebody would find at their own place compete with the first one.
        others = [p for p in paths if p != first and _identity(package, p) != _identity(package, first)]
        if others:
            message = f"{soname} is answered by {first} for everybody; {', '.join(others[:3])} is another build"
            findings.append(found("PKG109", first, soname, message, related=others[:5]))
    return findings


def _variants(package: Package, paths: list[str]) -> bool:
    """Files of one SONAME in glibc-hwcaps or in directories that run.sh chooses between."""
    choice = {p for p in paths if posixpath.dirname(p) in package.search.library_path or "glibc-hwcaps/" in p}
    return len(choice) == len(paths)


@check("PKG601")
def execstack(package: Package) -> Outcome:
    """Executable stacks, text relocations, writable code."""
    findings = []
    for path, elf in package.elves.items():
        stack = elf.execstack
        if stack or (stack is None and elf.dynamic and elf.machine == X86_64 and path != package.loader):
            message = f"{path} asks for an executable stack: glibc 2.41 and newer refuse to load it"
            findings.append(found("PKG601", path, "stack", message))
        if elf.textrel:
            findings.append(found("PKG601", path, "textrel", f"{path} has text relocations"))
        if elf.writable_code:
            findings.append(found("PKG601", path, "writable-code", f"{path} maps memory writable and executable"))
    return findings


@check("PKG602")
def page_alignment(package: Package) -> Outcome:
    """aarch64 segments aligned for less than 64 KiB pages."""
    if package.machine != AARCH64:
        return Skipped("not an aarch64 package")
    small = [p for p, e in package.elves.items() if e.machine == AARCH64 and 0 < e.load_align < PAGE_64K]
    return [
        found("PKG602", p, "align", f"{p} is aligned to 0x{package.elves[p].load_align:x}, not to 64 KiB pages")
        for p in small
    ]


@check("PKG603")
def size(package: Package) -> Outcome:
    """Large identical copies."""
    return list(_copies(package))


def _copies(package: Package) -> Iterator[Finding]:
    by_size: dict[int, list[Entry]] = {}
    for entry in package.tree.files():
        if entry.size >= LARGE_COPIES:
            by_size.setdefault(entry.size, []).append(entry)
    for entries in (e for e in by_size.values() if len(e) > 1):
        by_hash: dict[str, list[Entry]] = {}
        for entry in entries:
            by_hash.setdefault(hashlib.sha256(entry.view()).hexdigest(), []).append(entry)
        for same in (s for s in by_hash.values() if len(s) > 1):
            wasted = (len(same) - 1) * same[0].size >> 20
            names = ", ".join(e.path for e in same[1:4])
            message = f"{same[0].path} is there again as {names}: {wasted} MiB more than needed"
            yield found("PKG603", same[0].path, "copies", message, severity=Severity.NOTE)

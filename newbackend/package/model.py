"""The package as input of the rules: files, ELF records, run.sh, layout, roots and closures."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from newbackend.package.archive import Entry, Kind, Tree
from newbackend.package.cpu import (
    Scan,
    StepDecoder,
    arm_steps,
    features_at_load,
    go_level,
    listed_level,
    parse_floor,
    scan_files,
    x86_steps,
)
from newbackend.package.elf import (
    AARCH64,
    MAX_RECORDS,
    MAX_SYMBOL_BYTES,
    SHARED_OBJECT,
    X86_64,
    Budget,
    Closure,
    ELFError,
    ELFFile,
    Found,
    Search,
    Symbols,
    read_loadable,
    read_symbols,
)
from newbackend.package.layout import Detected, detect_layout
from newbackend.package.libraries import host_library
from newbackend.package.macho import MachError, MachFile, is_macho, read_macho
from newbackend.package.options import Layout, PackageOptions
from newbackend.package.script import RunScript, matching, read_run_script
from newbackend.package.targets import DEFAULT, Target, parse_target
from newbackend.records import dataclass

# Python modules that may list the processor features of a library: `_cpu_check.py`, `build_feature_flags.py`.
LISTS = re.compile(r"(cpu|feature)\w*\.py$")
MAX_LIST = 1 << 16
NO_MACH_READER = "no reader for macOS programs is installed: install newbackend[macos]"


@dataclass(frozen=True, slots=True)
class Root:
    """A program that a process starts with. `line` is the line of run.sh that starts it (0: none does),
    `libraries` what run.sh hands to it."""

    path: str
    line: int
    libraries: tuple[str, ...] = ()


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
        """The effective layout, never AUTO."""
        return self.detected.layout

    @property
    def loader(self) -> str:
        """The bundled loader's path; empty when there is none."""
        return self.detected.loader

    @cached_property
    def target(self) -> Target:
        """The host that the package is meant for: what the caller chose, else LocalAI's runtime image."""
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
        # Without a run.sh, the usual directory is assumed; PKG001 reports the missing file.
        patterns = self.run.library_path if self.run else ("lib",)
        paths = [p for pattern in patterns for p in matching(self.tree, pattern)]
        if self.detected.doubt:
            # What is nowhere in the package is missing whatever the path is; more cannot be told (PKG111).
            paths += sorted({posixpath.dirname(p) for p in self.elves if SHARED_OBJECT.search(p)})
        directories = [e.path for p in paths if (e := self.tree.resolve(p)) and e.kind is Kind.DIRECTORY]
        return Search(self.tree, self.elves, self.broken, tuple(dict.fromkeys(directories)), self.loader)

    @cached_property
    def roots(self) -> tuple[Root, ...]:
        """Programs that run.sh starts first, then every other executable ELF file."""
        roots: dict[str, Root] = {}
        for start in self.run.starts if self.run else ():
            for path in (p for pattern in start.programs for p in matching(self.tree, pattern)):
                real = self._elf_at(path)
                if real:
                    roots.setdefault(real, Root(real, start.line, self.handed))
        for path, elf in self.elves.items():
            if elf.executable and path != self.loader and path not in roots and not SHARED_OBJECT.search(path):
                roots[path] = Root(path, 0)
        return tuple(roots.values())

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
        closures = []
        for root in self.roots:
            closures.append(self.search.closure(root.path))
            closures.extend(self.search.closure(root.path, [library]) for library in dict.fromkeys(root.libraries))
        return tuple(closures)

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
        """What each candidate loads. Those that no other candidate needs come first: a library beside an
        extension module is found by the RPATH of the module, not by its own. What the first process has loaded
        at start counts as loaded."""
        loaded = {n: p for c in self.closures[:1] for p in c.order if (n := self.elves[p].soname)}
        needed = {name for path in self.candidates for name in self.elves[path].needed}
        tops = [p for p in self.candidates if not {posixpath.basename(p), self.elves[p].soname} & needed]
        covered: set[str] = set()
        closures = []
        for path in (*tops, *self.candidates):
            if path not in covered:
                closure = self.search.closure(path, loaded=loaded)
                covered.update(closure.order)
                closures.append(closure)
        return tuple(closures)

    @cached_property
    def _symbol_budget(self) -> Budget:
        return Budget(MAX_SYMBOL_BYTES)

    @cached_property
    def _symbol_cache(self) -> dict[str, Symbols]:
        return {}

    def symbols(self, path: str) -> Symbols:
        """The dynamic symbols of one ELF file; raises ELFError when its tables are damaged."""
        if path not in self._symbol_cache:
            entry = self.tree.entries[path]
            self._symbol_cache[path] = read_symbols(entry.view(), self.elves[path], self._symbol_budget)
        return self._symbol_cache[path]

    @cached_property
    def scans(self) -> dict[str, Scan] | None:
        """The instruction scan of every file for the package's machine, on x86-64 a second per 10 MB; None without a
        decoder."""
        return scan_files(self._scanned(), self.machine)

    @cached_property
    def at_load(self) -> dict[str, dict[str, int]] | None:
        """Features with their addresses in code that surely runs while a file is loaded, by path, for files that hold
        any above the baseline; on x86-64 None without iced-x86."""
        decode = arm_steps if self.machine == AARCH64 else _x86_decoder()
        if decode is None:
            return None
        found = {}
        for path, scan in (self.scans or {}).items():
            if counted := scan.features_above(1):
                features = features_at_load(self.tree.entries[path].view(), self.elves[path], decode)
                found[path] = {feature: at for feature, at in features.items() if feature in counted}
        return {path: features for path, features in found.items() if features}

    @cached_property
    def go_levels(self) -> dict[str, int]:
        """The CPU level that a Go program refuses to start below, by path, where it is above the first."""
        programs = (p for p, e in self.elves.items() if e.executable and e.machine == X86_64)
        return {p: level for p in programs if (level := go_level(self.tree.entries[p].view()))}

    @cached_property
    def listed_levels(self) -> dict[str, int]:
        """The CPU level of the target features that a Python module lists for the library beside it, by its path."""
        found = {}
        for entry in self.tree.files() if self.machine == X86_64 else ():
            if LISTS.search(entry.name) and entry.size <= MAX_LIST and (level := listed_level(entry.text(MAX_LIST))):
                beside = posixpath.dirname(entry.path)
                if any(posixpath.dirname(path) == beside for path in self.elves):
                    found[entry.path] = level
        return found

    @cached_property
    def cpu_floor(self) -> int:
        """The level that --cpu-floor names for this machine: 1 without it, 0 when it names one of another machine."""
        return parse_floor(self.options.cpu_floor, self.machine)

    def _scanned(self) -> Iterator[tuple[Entry, ELFFile, Symbols]]:
        """Each ELF file with its symbols; without any where their table is damaged."""
        for path, elf in self.elves.items():
            try:
                symbols = self.symbols(path)
            except ELFError:
                symbols = Symbols(frozenset(), frozenset(), (), False)
            yield self.tree.entries[path], elf, symbols

    def provider(self, library: str, requester: str) -> str:
        """The bundled file that the loader takes as `library` for `requester`; "" when there is none."""
        if self.loader in self.elves and self.elves[self.loader].soname == library:
            return self.loader
        if (requester, library) in self._answers:
            return self._answers[requester, library]
        outcome = self.search.find(library, [(requester, requester)])
        return outcome.path if isinstance(outcome, Found) else ""

    @cached_property
    def _answers(self) -> dict[tuple[str, str], str]:
        """The file that the loader takes, by requester and name, over all closures; those of started programs first."""
        answers: dict[tuple[str, str], str] = {}
        for closure in (*self.closures, *self.candidate_closures):
            for requester, edges in closure.edges.items():
                for name, path in edges:
                    answers.setdefault((requester, name), path)
        return answers

    def expected_from_host(self, library: str) -> bool:
        """Whether the host supplies `library` in this layout."""
        return host_library(library, self.layout) is not None

    @cached_property
    def other_names(self) -> dict[str, tuple[str, ...]]:
        """Paths by each name that a library answers or nearly answers: its file name, links to it, its SONAME, and the
        file name with parts of the version left out (`libx.so.1` for `libx.so.1.2.3`)."""
        names: dict[str, list[str]] = {}
        for path, elf in self.elves.items():
            name = posixpath.basename(path)
            shorter = [name]
            while (stem := shorter[-1].rpartition("."))[2].isdigit():
                shorter.append(stem[0])
            for each in dict.fromkeys((*shorter, elf.soname)):
                names.setdefault(each, []).append(path)
        for link in self.tree.links():
            if self.real(link.path):
                names.setdefault(link.name, []).append(link.path)
        return {name: tuple(paths) for name, paths in names.items() if name}

    def real(self, path: str) -> str:
        """The ELF file that a path leads to; "" when it leads to none."""
        return self._elf_at(path)

    @cached_property
    def machs(self) -> dict[str, MachFile]:
        """The readable Mach-O files by path, of a package for macOS: one without any ELF file."""
        return {path: record for path, record in self._read_machs.items() if isinstance(record, MachFile)}

    @cached_property
    def broken_machs(self) -> dict[str, str]:
        """Why the others cannot be read."""
        return {path: record for path, record in self._read_machs.items() if isinstance(record, str)}

    @cached_property
    def _read_machs(self) -> dict[str, MachFile | str]:
        records: dict[str, MachFile | str] = {}
        for entry in () if self.elves else self.tree.files():
            if entry.size < 32 or not is_macho(entry.head(8)):
                continue
            try:
                records[entry.path] = read_macho(entry.view())
            except MachError as err:
                records[entry.path] = str(err)
            except ImportError:
                records[entry.path] = NO_MACH_READER
        return records

    @cached_property
    def by_name(self) -> dict[str, tuple[str, ...]]:
        """ELF files by file name and by SONAME, wherever they are in the package."""
        by_name: dict[str, list[str]] = {}
        for path, elf in self.elves.items():
            for name in {posixpath.basename(path), elf.soname} - {""}:
                by_name.setdefault(name, []).append(path)
        return {name: tuple(paths) for name, paths in by_name.items()}


def _x86_decoder() -> StepDecoder | None:
    try:
        return x86_steps()
    except ImportError:
        return None


def load_package(tree: Tree, options: PackageOptions) -> Package:
    """Read every ELF header and run.sh of `tree`. Raises UsageError when a file cannot be read or an
    option names nothing known."""
    elves: dict[str, ELFFile] = {}
    broken: dict[str, str] = {}
    budget = Budget(MAX_RECORDS)
    for entry in tree.files():
        record = read_loadable(entry, budget)
        if isinstance(record, ELFFile):
            elves[entry.path] = record
        elif record is not None:
            broken[entry.path] = record
    run = read_run_script(tree, elves, may_run=not options.no_run)
    package = Package(tree, options, elves, broken, run, detect_layout(tree, elves, run, options.layout))
    _ = package.target  # a wrong --target is refused before any work
    return package

"""Where the loader would look: the search of `ld.so(8)`, inside the package only.

Order: DT_RPATH of the requester and of those that loaded it (unless the requester has RUNPATH),
LD_LIBRARY_PATH from run.sh, RUNPATH of the requester; in each directory first its glibc-hwcaps
subdirectories. No host directory is ever consulted: `ldd` does, and so passes packages that start
only where they were built. A SONAME that is already loaded answers any later request for it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from itertools import count

from newbackend.errors import UsageError
from newbackend.package.archive import Kind, Tree
from newbackend.package.elf.binary import machine_name
from newbackend.package.elf.reader import ELFFile
from newbackend.records import dataclass

# Bounds that no real package comes near: different pairs of directory and name, and all lookups of one check.
MAX_PLACES = 1_000_000
MAX_LOOKUPS = 20_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """A library: `path` after links, `seen` as the loader opened it ($ORIGIN is its directory), `via` which list
    of directories led there."""

    path: str
    seen: str
    via: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A library that is not in the package. `rejected` lists files of that name and why the loader would not
    take them."""

    name: str
    requester: str
    rejected: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Closure:
    """Everything one process loads at start. `edges` maps a requester to (name, path) pairs."""

    root: str
    order: tuple[str, ...]
    missing: tuple[Missing, ...]
    edges: Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Search:
    """The search of one package: its tree, its readable ELF files, the unreadable ones with the reason,
    the directories of LD_LIBRARY_PATH, and the bundled loader ("" when none)."""

    tree: Tree
    elves: Mapping[str, ELFFile]
    broken: Mapping[str, str]
    library_path: tuple[str, ...]
    loader: str = ""
    _seen: dict[tuple[str, str, int, int], Found | tuple[str, str] | None] = field(
        default_factory=dict, repr=False, compare=False
    )
    _lookups: Iterator[int] = field(default_factory=count, repr=False, compare=False)

    def directories(self, value: str, origin: str) -> Iterator[str]:
        """The package directories of an RPATH or RUNPATH; absolute ones are the host's and not searched."""
        for part in value.split(":"):
            text = part.replace("${ORIGIN}", "$ORIGIN")
            if not text.startswith("$ORIGIN") or "$" in text[7:]:
                continue
            joined = posixpath.normpath(posixpath.join("/", origin, "." + text[7:]))
            # normpath cannot climb above "/", the loader can: count instead of trusting it.
            if _climbs(origin, text[7:]):
                continue
            yield joined.lstrip("/")

    def find(self, name: str, chain: Sequence[tuple[str, str]]) -> Found | Missing:
        """What answers `name` for the last of `chain`: (path, path as opened) of the requester,
        preceded by those that loaded it, the program first."""
        path, seen = chain[-1]
        elf = self.elves[path]
        rejected: list[tuple[str, str]] = []
        if "/" in name:
            return Missing(name, path)
        for directory, via in self._order(chain, elf, posixpath.dirname(seen)):
            outcome = self._look(directory, name, elf)
            if isinstance(outcome, Found):
                return Found(outcome.path, outcome.seen, via)
            if outcome is not None:
                rejected.append(outcome)
                if outcome[0] in self.broken:
                    break  # the loader stops at a damaged file, it skips one for another machine
        return Missing(name, path, tuple(rejected))

    def _order(self, chain: Sequence[tuple[str, str]], elf: ELFFile, origin: str) -> Iterator[tuple[str, str]]:
        if not elf.runpath:
            for path, seen in reversed(chain):
                ancestor = self.elves[path]
                if ancestor.rpath and not ancestor.runpath:
                    for directory in self.directories(ancestor.rpath, posixpath.dirname(seen)):
                        yield directory, f"RPATH of {path}"
        for directory in self.library_path:
            yield directory, "LD_LIBRARY_PATH"
        if elf.runpath:
            for directory in self.directories(elf.runpath, origin):
                yield directory, "RUNPATH"

    def _look(self, directory: str, name: str, elf: ELFFile) -> Found | tuple[str, str] | None:
        key = (directory, name, elf.machine, elf.bits)
        if next(self._lookups) >= MAX_LOOKUPS or len(self._seen) >= MAX_PLACES:
            message = f"its libraries are searched in more than {MAX_PLACES} places, or {MAX_LOOKUPS} times"
            raise UsageError("package-search", message, where=self.tree.label)
        if key not in self._seen:
            self._seen[key] = self._try(directory, name, elf)
        return self._seen[key]

    def _try(self, directory: str, name: str, elf: ELFFile) -> Found | tuple[str, str] | None:
        seen = f"{directory}/{name}" if directory else name
        entry = self.tree.resolve(seen)
        if entry is None or entry.kind is not Kind.FILE:
            link = self.tree.entries.get(seen)
            if link is not None and link.kind is Kind.SYMLINK:
                return seen, f"a link to {link.link}, which is not in the package"
            return None
        other = self.elves.get(entry.path)
        if other is None:
            return entry.path, self.broken.get(entry.path, "not a shared library")
        if (other.machine, other.bits) != (elf.machine, elf.bits):
            return entry.path, f"built for {machine_name(other.machine)} ({other.bits} bit)"
        return Found(entry.path, seen, "")

    def closure(self, root: str, also: Sequence[str] = (), loaded: Mapping[str, str] | None = None) -> Closure:
        """What is loaded when `root` starts and then dlopens `also`, breadth first as the loader does.
        `loaded` are SONAMEs (and their files) that the process has already."""
        order: list[tuple[str, str]] = []
        parent: dict[str, str] = {}
        opened: dict[str, str] = {}
        answers: dict[str, str] = dict(loaded or {})
        missing: dict[tuple[str, str], Missing] = {}
        edges: dict[str, tuple[tuple[str, str], ...]] = {}
        if self.loader in self.elves:
            answers[self.elves[self.loader].soname or "ld.so"] = self.loader
            opened[self.loader] = self.loader
            order.append((self.loader, self.loader))

        def load(path: str, seen: str, by: str) -> None:
            if path not in opened:
                opened[path] = seen
                order.append((path, seen))
                if by:
                    parent[path] = by
            soname = self.elves[path].soname
            if soname:
                answers.setdefault(soname, path)

        for start in (root, *also):
            if start in self.elves:
                load(start, start, "" if start == root else root)
            at = 0
            while at < len(order):
                path, _ = order[at]
                at += 1
                if path in edges:
                    continue
                answered: list[tuple[str, str]] = []
                for name in self.elves[path].needed:
                    if name not in answers:
                        outcome = self.find(name, self._chain(path, parent, opened))
                        if isinstance(outcome, Missing):
                            missing[(path, name)] = outcome
                            continue
                        load(outcome.path, outcome.seen, path)
                        answers[name] = outcome.path
                    answered.append((name, answers[name]))
                edges[path] = tuple(answered)
        return Closure(root, tuple(p for p, _ in order), tuple(missing.values()), edges)

    def _chain(self, path: str, parent: Mapping[str, str], opened: Mapping[str, str]) -> list[tuple[str, str]]:
        chain = [(path, opened[path])]
        while path in parent:
            path = parent[path]
            chain.insert(0, (path, opened[path]))
        return chain


def _climbs(origin: str, suffix: str) -> bool:
    depth = len([p for p in origin.split("/") if p])
    for part in suffix.split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False

"""Where dyld would look: dyld(1), inside the package only.

Order: DYLD_LIBRARY_PATH by file name, then the name itself with @rpath, @loader_path and @executable_path replaced,
then DYLD_FALLBACK_LIBRARY_PATH. @rpath is tried with the LC_RPATH entries of the requester and of those that
loaded it, the program included. What is loaded already answers its install name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from newbackend.package.archive import Tree
from newbackend.package.data import read_table
from newbackend.package.macho.reader import MachFile, Slice
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class Lost:
    """A library that dyld would not find in the package: who needs it, under which name, and why."""

    requester: str
    name: str
    why: str


def system_library(name: str) -> bool:
    """Whether macOS itself has a library of that install name."""
    return any(name.startswith(row["prefix"]) for row in read_table("macos")["system"])


@dataclass(frozen=True)
class Dyld:
    """The search of one package: its tree, its readable files, the directories of DYLD_LIBRARY_PATH and of
    DYLD_FALLBACK_LIBRARY_PATH."""

    tree: Tree
    files: Mapping[str, MachFile]
    library_path: tuple[str, ...]
    fallback: tuple[str, ...]

    def closure(self, program: str, cpu: str) -> tuple[tuple[str, ...], tuple[Lost, ...]]:
        """What starts with `program` on `cpu`, in order, and what is not found. `program` may be a library that
        something else will load: then @executable_path is not known."""
        chains: dict[str, tuple[str, ...]] = {program: (program,)}
        names: dict[str, str] = {}
        lost: list[Lost] = []
        pending = [program]
        while pending:
            here = pending.pop(0)
            part = self._part(here, cpu)
            if part is None:
                continue
            for name, weak in part.libraries:
                if name == part.install_name or name in names or system_library(name):
                    continue
                found = self._find(name, chains[here], cpu)
                if not found:
                    if not weak:
                        lost.append(Lost(here, name, self._why(name, chains[here], cpu)))
                    continue
                names[name] = found
                if found not in chains:
                    chains[found] = (*chains[here], found)
                    pending.append(found)
        return tuple(chains), tuple(lost)

    def _part(self, path: str, cpu: str) -> Slice | None:
        return next((s for s in self.files[path].slices if s.cpu == cpu), None)

    def _find(self, name: str, chain: Sequence[str], cpu: str) -> str:
        leaf = posixpath.basename(name)
        places = [posixpath.join(d, leaf) for d in self.library_path]
        places += [place for place in self.places(name, chain, cpu) if place is not None]
        places += [posixpath.join(d, leaf) for d in self.fallback]
        for place in places:
            entry = self.tree.resolve(place)
            if entry is not None and entry.path in self.files and self._part(entry.path, cpu) is not None:
                return entry.path
        return ""

    def places(self, name: str, chain: Sequence[str], cpu: str) -> Iterator[str | None]:
        """Paths of the package that `name` stands for; None for one outside of it."""
        head, _, rest = name.partition("/")
        if head == "@rpath":
            for path in reversed(chain):
                part = self._part(path, cpu)
                for rpath in part.rpaths if part else ():
                    for base in self.places(rpath, (*chain[:1], path), cpu):
                        yield posixpath.join(base, rest) if base is not None else None
        elif head in ("@loader_path", "@executable_path"):
            origin = chain[-1] if head == "@loader_path" else chain[0]
            whole = posixpath.normpath(posixpath.join("/x" * 8, posixpath.dirname(origin), rest))
            yield whole.removeprefix("/x" * 8).lstrip("/") if whole.startswith("/x" * 8) else None
        else:
            yield None

    def _why(self, name: str, chain: Sequence[str], cpu: str) -> str:
        if name.startswith("@rpath/"):
            parts = [(p, part) for p in chain if (part := self._part(p, cpu))]
            tried = list(dict.fromkeys(r for _, part in parts for r in part.rpaths))
            return f"LC_RPATH is {', '.join(tried)}" if tried else "no file that loads it has an LC_RPATH"
        if name.startswith("@"):
            return "there is no such file"
        words = next((row["words"] for row in read_table("macos")["build"] if name.startswith(row["prefix"])), "")
        return f"it is {words}" if words else "it is relative to the working directory"

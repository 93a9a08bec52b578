"""What run.sh does: what it starts, through which loader, with which library path.

LocalAI starts a backend by running `run.sh` at the top of the unpacked package (core/gallery/backends.go,
pkg/model/process.go), so this file decides the layout, the roots of the closure and the search path.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from newbackend.package.archive import Entry, Kind, Tree
from newbackend.package.script import shell

RUN_SH = "run.sh"
MAX_EXPANSIONS = 64
MAX_LENGTH = 1000
# Set by backend/python/common/libbackend.sh, which Python backends source.
LIBBACKEND = "libbackend.sh"
LIBBACKEND_ROOTS = frozenset({"EDIR", "MY_DIR"})
# Options of ld.so(8) that take a value.
_LOADER_OPTIONS = frozenset({"--library-path", "--preload", "--argv0", "--inhibit-rpath", "--glibc-hwcaps-prepend"})
_PATH_LISTS = frozenset({"LD_LIBRARY_PATH", "LD_PRELOAD", "PATH"})
_ROOT = "\0"
_VARIABLE = re.compile(r"\$(?:\{(\w+)((?:[^{}]|\{[^}]*\})*)\}|(\w+)|[@*#?$!-])")
_OWN_PATH = ("$0", "${0}", "BASH_SOURCE")


@dataclass(frozen=True, slots=True)
class Start:
    """One `exec` line: `patterns` of the programs inside the package, through `loader` patterns if any."""

    line: int
    loader: tuple[str, ...]
    programs: tuple[str, ...]
    library_path: tuple[str, ...]


@dataclass(frozen=True)
class RunScript:
    """A parsed run.sh. All patterns are package-relative globs (`*` where a value is not known)."""

    entry: Entry
    text: str

    @cached_property
    def commands(self) -> tuple[shell.Command, ...]:
        """Its simple commands."""
        return tuple(shell.commands(self.text))

    @cached_property
    def variables(self) -> dict[str, tuple[str, ...]]:
        """Every value that a variable is given anywhere."""
        values: dict[str, list[str]] = {}
        for command in self.commands:
            for name, value in command.assignments:
                values.setdefault(name, []).append(value)
        return {name: tuple(v) for name, v in values.items()}

    @property
    def shebang(self) -> str:
        """The first line without `#!`; empty when there is none."""
        first = self.text.split("\n", 1)[0]
        return first[2:].strip() if first.startswith("#!") else ""

    @property
    def sources_libbackend(self) -> bool:
        """Whether it hands over to LocalAI's libbackend.sh (Python backends)."""
        return any(LIBBACKEND in word for c in self.commands for word in c.words)

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """What its exec lines start."""
        return tuple(s for c in self.commands if c.argv[:1] == ("exec",) for s in self._start(c))

    def _start(self, command: shell.Command) -> Iterator[Start]:
        words = [w for w in command.argv[1:] if w not in ("-a", "-c", "-l")]
        if not words:
            return
        first = self.inside(words[0])
        if not any("ld.so" in p or "ld-linux" in p for p in first):
            yield Start(command.line, (), first, ())
            return
        path: tuple[str, ...] = ()
        rest = words[1:]
        while rest and rest[0].startswith("--"):
            option = rest.pop(0)
            if option in _LOADER_OPTIONS:
                value = rest.pop(0) if rest else ""
                if option == "--library-path":
                    path = self.search_directories(value)
        yield Start(command.line, first, self.inside(rest[0]) if rest else (), path)

    @cached_property
    def library_path(self) -> tuple[str, ...]:
        """Directories of LD_LIBRARY_PATH inside the package, in order, as patterns."""
        directories: list[str] = []
        for value in self.variables.get("LD_LIBRARY_PATH", ()):
            directories.extend(self.search_directories(value))
        for start in self.starts:
            directories.extend(start.library_path)
        if self.sources_libbackend:
            directories.append("lib")
        return tuple(dict.fromkeys(directories))

    @cached_property
    def export_line(self) -> int:
        """The line that exports LD_LIBRARY_PATH to everything after it; 0 when none does."""
        for command in self.commands:
            assigns = any(name == "LD_LIBRARY_PATH" for name, _ in command.assignments)
            if command.words[0] == "export" and (assigns or "LD_LIBRARY_PATH" in command.words):
                return command.line
        return 0

    @cached_property
    def libraries(self) -> dict[str, tuple[str, ...]]:
        """Variables whose values name a shared library in the package (`WHISPER_LIBRARY`), by name."""
        libraries = {}
        for name, values in self.variables.items():
            parts = [p for v in values for p in self.search_directories(v)]
            patterns = [p for p in parts if re.search(r"\.so(\.\d+)*$", p)]
            if patterns:
                libraries[name] = tuple(dict.fromkeys(patterns))
        return libraries

    def search_directories(self, value: str) -> tuple[str, ...]:
        """The parts of a path list that are in the package; the empty pattern is its root."""
        parts = [part for text in self._expand(value) for part in text.split(":")]
        return tuple(dict.fromkeys(_relative(p) for p in parts if p.startswith(_ROOT)))

    def inside(self, word: str) -> tuple[str, ...]:
        """Package-relative patterns for the values of a word; empty when it points elsewhere."""
        values = self._expand(word)
        # LocalAI starts run.sh in its own directory (pkg/model/process.go), so `./x` is inside too.
        values = [_ROOT + v[1:] if v.startswith("./") else v for v in values]
        return tuple(dict.fromkeys(_relative(v) for v in values if v.startswith(_ROOT)))

    def _expand(self, text: str) -> list[str]:
        """Every text that `text` may become, the package root written as NUL; at most 64 of at most 1000
        characters, so that variables which contain each other cannot grow without end."""
        texts, rest = [""], text
        while rest:
            match = _VARIABLE.search(rest)
            at = rest.find("$(")
            if at >= 0 and (match is None or at < match.start()):
                inner, end = shell.substitution(rest, at)
                values = [_ROOT if any(own in inner for own in _OWN_PATH) else "*"]
            elif match is not None:
                at, end = match.span()
                values = self._values(match[1] or match[3] or "", match[2] or "")
            else:
                at, end, values = len(rest), len(rest), [""]
            combined = (t + rest[:at] + v for t in texts for v in values)
            texts = list(dict.fromkeys(c[:MAX_LENGTH] for c in combined))[:MAX_EXPANSIONS]
            rest = rest[end:]
        return texts

    def _values(self, name: str, modifier: str) -> list[str]:
        """What a variable may hold, `modifier` being what follows its name in `${…}`."""
        if name in LIBBACKEND_ROOTS:
            return [_ROOT]
        if name in _PATH_LISTS or modifier.startswith((":+", "+")):
            return [""]  # what the environment already holds, and optional additions to it
        if name in self.variables:
            if name not in self._known:
                self._known[name] = ["*"]  # the answer for a variable that contains itself
                self._known[name] = [v for raw in self.variables[name] for v in self._expand(raw)][:MAX_EXPANSIONS]
            return self._known[name]
        if modifier.startswith((":-", "-")):
            return [modifier.split("-", 1)[1]]
        return ["*"]

    @cached_property
    def _known(self) -> dict[str, list[str]]:
        return {}


def _relative(text: str) -> str:
    path = posixpath.normpath(text.removeprefix(_ROOT).lstrip("/"))
    return "" if path == "." else path


def read_run_script(tree: Tree) -> RunScript | None:
    """The package's run.sh; None when there is none at the top level."""
    entry = tree.resolve(RUN_SH)
    if entry is None or entry.kind is not Kind.FILE:
        return None
    return RunScript(entry, entry.text())


def matching(tree: Tree, pattern: str) -> Iterator[str]:
    """Paths of the tree that match a package-relative pattern."""
    if "*" not in pattern:
        if pattern in tree.entries:
            yield pattern
        return
    # fnmatch's `*` would cross `/`; a shell variable in a path usually does not.
    depth = pattern.count("/")
    expression = re.compile(fnmatch.translate(pattern))
    for path in sorted(tree.entries):
        if path.count("/") == depth and expression.match(path):
            yield path

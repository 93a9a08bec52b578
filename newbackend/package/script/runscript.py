"""What run.sh does, read from its text: what it starts, through which loader, with which library path.

LocalAI starts a backend by running `run.sh` at the top of the unpacked package (core/gallery/backends.go,
pkg/model/process.go), so this file decides the layout, the roots of the closure and the search path. Where a sandbox
is possible, what it really started (recorder.py) counts, and the text adds what only other hosts would start.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from newbackend.package.archive import Entry, Tree
from newbackend.package.script import shell
from newbackend.package.script.recorder import LOADER_OPTIONS, Recorded
from newbackend.package.script.values import ShellText
from newbackend.records import dataclass

LIBBACKEND = "libbackend.sh"
_ARRAY = re.compile(r"\$\{(\w+)\[[@*]\]\}|\$[@*]|\$\{[@*]\}")
# Commands that start what follows them, after options and assignments of their own.
RUNNERS = frozenset({
    "builtin", "chrt", "command", "env", "exec", "ionice", "nice", "nohup", "numactl", "setarch", "setsid", "stdbuf",
    "sudo", "taskset", "time", "timeout",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Start:
    """One start: patterns of the programs inside the package, through `loader` patterns if any. `recorded`: it was
    seen, not read. `open`: what it starts is in a variable whose value is not known."""

    line: int
    loader: tuple[str, ...]
    programs: tuple[str, ...]
    library_path: tuple[str, ...]
    recorded: bool = False
    open: bool = False


@dataclass(frozen=True)
class RunScript(ShellText):
    """A parsed run.sh; patterns as in `ShellText`.

    `recorded` is what it started in a sandbox; `unrecorded` says why nothing was recorded.
    """

    entry: Entry
    recorded: tuple[Recorded, ...] = ()
    unrecorded: str = "it was not run"

    @cached_property
    def _runners(self) -> frozenset[str]:
        """Commands that start their arguments, also functions of the script's own."""
        return RUNNERS | shell.passing_functions(self.text)

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
        """What was seen to start, the last first (run.sh ends with its server); then what the text names besides."""
        seen = [
            Start(self._line_of(r.program), (r.loader,) if r.loader else (), (r.program,), r.library_path, True)
            for r in reversed(self.recorded)
            if r.program
        ]
        known = {p for start in seen for p in start.programs}
        return (*seen, *(s for s in self.read_starts if not seen or not known.issuperset(s.programs)))

    @cached_property
    def read_starts(self) -> tuple[Start, ...]:
        """What its text starts."""
        return tuple(s for c in self.commands for s in self._start(c))

    def _line_of(self, program: str) -> int:
        """The line of the text that starts a program; the last one that names it where none is understood."""
        for start in self.read_starts:
            if any(fnmatch.fnmatchcase(program, pattern) for pattern in start.programs):
                return start.line
        lines = [n for n, line in enumerate(self.text.splitlines(), 1) if posixpath.basename(program) in line]
        return lines[-1] if lines else 1

    def _start(self, command: shell.Command) -> Iterator[Start]:
        words = list(self._flat(command.argv))
        executes = words[:1] == ["exec"]
        if words and words[0] in self._runners:
            inside = (i for i, word in enumerate(words) if i and "=" not in word and self.inside(word))
            words = words[next(inside, len(words)) :] or [w for w in words[1:] if not w.startswith("-")]
        if not words:
            return
        first = self.inside(words[0])
        if not first and not executes:
            return
        if not any("ld.so" in p or "ld-linux" in p for p in first):
            unknown = not first and any(value.startswith("*") for value in self.expanded(words[0]))
            yield Start(command.line, (), first, (), open=unknown)
            return
        path: tuple[str, ...] = ()
        rest = words[1:]
        while rest and rest[0].startswith("--"):
            option = rest.pop(0)
            if option in LOADER_OPTIONS:
                value = rest.pop(0) if rest else ""
                if option == "--library-path":
                    path = self.search_directories(value)
        yield Start(command.line, first, self.inside(rest[0]) if rest else (), path)

    def _flat(self, words: tuple[str, ...]) -> Iterator[str]:
        """The words with `${NAME[@]}` replaced by what the arrays hold, and `$@` by what `set --` put there."""
        for word in words:
            match = _ARRAY.fullmatch(word)
            name = (match[1] or "@") if match else ""
            yield from self._arrays.get(name, [word])

    @cached_property
    def _arrays(self) -> dict[str, list[str]]:
        arrays: dict[str, list[str]] = {}
        for command in self.commands:
            if command.array:
                arrays.setdefault(command.array, []).extend(command.words)
            elif command.argv[:2] == ("set", "--"):
                arrays["@"] = [w for word in command.argv[2:] for w in arrays.get("@" if word == "$@" else "", [word])]
        return arrays

    @cached_property
    def library_path(self) -> tuple[str, ...]:
        """Directories that the loader searches before the standard ones, in order, as patterns."""
        directories: list[str] = []
        if self.recorded:
            directories = [d for start in self.starts if start.recorded for d in start.library_path]
        else:
            for value in self.variables.get("LD_LIBRARY_PATH", ()):
                directories.extend(self.search_directories(value))
            for start in self.starts:
                directories.extend(start.library_path)
        if self.sources_libbackend:
            directories.append("lib")
        return tuple(dict.fromkeys(directories))

    @property
    def names_library_path(self) -> bool:
        """Whether its text sets a library path, understood or not."""
        return "LD_LIBRARY_PATH" in self.text or "--library-path" in self.text

    @cached_property
    def export_line(self) -> int:
        """The line that exports LD_LIBRARY_PATH to everything after it; 0 when none does."""
        for command in self.commands:
            assigns = any(name == "LD_LIBRARY_PATH" for name, _ in command.assignments)
            if command.words[:1] == ("export",) and (assigns or "LD_LIBRARY_PATH" in command.words):
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
        for name, path in ((n, p) for r in self.recorded for n, p in r.variables.items()):
            if re.search(r"\.so(\.\d+)*$", path):
                libraries[name] = tuple(dict.fromkeys((path, *libraries.get(name, ()))))
        return libraries


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

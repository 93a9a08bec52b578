"""The values of shell words in run.sh: every text that a word may become, as paths of the package.

The package's own directory is known by how it is worked out; what is not understood is `*`, never a guess.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from newbackend.package.script import shell
from newbackend.records import dataclass

MAX_EXPANSIONS = 64
MAX_LENGTH = 1000
MAX_WORD = 4000
MAX_DEPTH = 4
# Set by backend/python/common/libbackend.sh, which Python backends source.
LIBBACKEND_ROOTS = frozenset({"EDIR", "MY_DIR"})
_PATH_LISTS = frozenset({"DYLD_FALLBACK_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "PATH"})
_ROOT = "\0"
_VARIABLE = re.compile(r"\$(?:\{(\w+)((?:[^{}]|\{[^}]*\})*)\}|(\w+)|[@*#?$!-])")
_OWN_PATH = ("$0", "${0", "BASH_SOURCE")
_OWN_NAMES = frozenset({"0", "BASH_SOURCE"})
_BACKTICKS = re.compile(r"`([^`\n]*)`")
_SHELLS = frozenset({"bash", "sh", "/bin/bash", "/bin/sh", "/usr/bin/bash", "/usr/bin/sh"})


@dataclass(frozen=True)
class ShellText:
    """A script and what its words may be. All patterns are package-relative globs (`*` where a value is not known)."""

    text: str

    @cached_property
    def commands(self) -> tuple[shell.Command, ...]:
        """Its simple commands, also those in `eval` and `bash -c`."""
        text = _BACKTICKS.sub(r"$(\1)", self.text)
        return tuple(inner for command in shell.commands(text) for inner in _unfolded(command))

    @cached_property
    def variables(self) -> dict[str, tuple[str, ...]]:
        """Every value that a variable is given anywhere."""
        values: dict[str, list[str]] = {}
        for command in self.commands:
            for name, value in command.assignments:
                values.setdefault(name, []).append(value)
            if command.words[:1] == ("for",) and command.words[2:3] == ("in",):
                values.setdefault(command.words[1], []).extend(command.words[3:])
        return {name: tuple(v) for name, v in values.items()}

    def search_directories(self, value: str) -> tuple[str, ...]:
        """The parts of a path list that are in the package; the empty pattern is its root."""
        parts = [part for text in self.expanded(value) for part in text.split(":")]
        return tuple(dict.fromkeys(_relative(p) for p in parts if p.startswith(_ROOT)))

    def inside(self, word: str) -> tuple[str, ...]:
        """Package-relative patterns for the values of a word; empty when it points elsewhere."""
        values = self.expanded(word)
        # LocalAI starts run.sh in its own directory (pkg/model/process.go), so `./x` is inside too.
        values = [_ROOT + "/" + v if self._relative_is_inside(v) else v for v in values]
        return tuple(dict.fromkeys(_relative(v) for v in values if v.startswith(_ROOT)))

    def _relative_is_inside(self, value: str) -> bool:
        return value.startswith("./") or (
            "/" in value and value[0] not in f"/{_ROOT}*$-" and self._working_directory() == [_ROOT]
        )

    def _working_directory(self) -> list[str]:
        """The own directory, if it works there at some time: it starts there, unless it goes somewhere else."""
        if "PWD" not in self._known:
            self._known["PWD"] = [_ROOT]  # the answer for `cd "$PWD"`
            places = [c.argv[1] for c in self.commands if c.argv[:1] in (("cd",), ("pushd",)) and len(c.argv) > 1]
            stays = not places or any(v == _ROOT for place in places for v in self.expanded(place.removesuffix("/")))
            self._known["PWD"] = [_ROOT if stays else "*"]
        return self._known["PWD"]

    def _substituted(self, inner: str) -> str:
        """What `$(inner)` prints: the own directory, by whatever spelling, or something unknown."""
        if any(own in inner for own in _OWN_PATH):
            return _ROOT
        words = inner.split()
        if words[:1] == ["pwd"]:
            return self._working_directory()[0]
        names = [m[1] or m[3] for m in _VARIABLE.finditer(inner)]
        own = words[:1] and words[0] in ("dirname", "realpath", "readlink", "cd")
        return _ROOT if own and any(name and self._values(name, "") == [_ROOT] for name in names) else "*"

    def expanded(self, text: str) -> list[str]:
        """Every text that `text` may become, the package root written as NUL; at most 64 of at most 1000
        characters, so that variables which contain each other cannot grow without end. A word of more than 4000 is not
        understood: taking it apart costs the square of its length."""
        if len(text) > MAX_WORD:
            return ["*"]
        texts, rest = [""], text
        while rest:
            match = _VARIABLE.search(rest)
            at = rest.find("$(")
            if at >= 0 and (match is None or at < match.start()):
                inner, end = shell.substitution(rest, at)
                values = [self._substituted(inner)]
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
        if name in LIBBACKEND_ROOTS or name in _OWN_NAMES:
            return [_ROOT]
        if name == "PWD":
            return self._working_directory()
        if name in _PATH_LISTS or modifier.startswith((":+", "+")):
            return [""]  # what the environment already holds, and optional additions to it
        if name in self.variables:
            if name not in self._known:
                self._known[name] = ["*"]  # the answer for a variable that contains itself
                self._known[name] = [v for raw in self.variables[name] for v in self.expanded(raw)][:MAX_EXPANSIONS]
            return self._known[name]
        if modifier.startswith((":-", "-")):
            return [modifier.split("-", 1)[1]]
        return ["*"]

    @cached_property
    def _known(self) -> dict[str, list[str]]:
        return {}


def _unfolded(command: shell.Command, depth: int = 0) -> Iterator[shell.Command]:
    """The command; for `eval` and `bash -c` those in its text."""
    argv = [w for w in command.argv if w != "exec"]
    text = ""
    if argv[:1] == ["eval"]:
        text = " ".join(argv[1:])
    elif argv and argv[0] in _SHELLS and "-c" in argv[1:-1]:
        text = argv[argv.index("-c") + 1]
    yield command
    if text and depth < MAX_DEPTH:
        for inner in shell.commands(text):
            yield from _unfolded(replace(inner, line=command.line), depth + 1)


def _relative(text: str) -> str:
    path = posixpath.normpath(text.removeprefix(_ROOT).lstrip("/"))
    return "" if path == "." else path

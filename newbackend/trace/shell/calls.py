"""One call of a command, as its handlers get it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from newbackend.records import dataclass
from newbackend.trace.machine import Machine
from newbackend.trace.opentext import is_open
from newbackend.trace.paths import normal
from newbackend.trace.steps import Kind, Where

if TYPE_CHECKING:
    from newbackend.trace.shell.run import Shell, Status

Command = Callable[["Call"], "Status"]


@dataclass(frozen=True)
class Call:
    """`words` are the expanded arguments, `name` is the command as it was called."""

    shell: Shell
    name: str
    words: Sequence[str]
    where: Where

    @property
    def machine(self) -> Machine:
        """The build machine."""
        return self.shell.machine

    @property
    def line(self) -> str:
        """The whole command for people."""
        return line_of([self.name, *self.words])

    @property
    def operands(self) -> list[str]:
        """The arguments that are no options."""
        return [word for word in self.words if not word.startswith("-")]

    def path(self, word: str) -> str:
        """The container path that a word names."""
        return normal(posixpath.join(self.shell.directory, word))

    def step(self, kind: Kind, *, always: bool = True, followed: bool = False) -> None:
        """Notes the call; unless `always`, only where neither its output nor its success is what is wanted."""
        if always or (self.shell.output is None and not self.shell.deciding):
            self.machine.step(kind, self.where, self.line, self.shell.directory, followed=followed)

    def missing(self, path: str) -> bool:
        """Whether a path is one of the checkout's that is not there, and that the build has not fetched."""
        machine = self.machine
        return (
            machine.inside(path) is not None
            and machine.exists(path) is False
            and not any(path.startswith(f"{made}/") for made in machine.made)
        )


def line_of(words: Sequence[str]) -> str:
    """Words as one line, those with spaces in quotes."""
    return " ".join(f'"{word}"' if word == "" or (" " in word and not is_open(word)) else word for word in words)

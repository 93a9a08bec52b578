"""The interface of terminal prompts, and text wrapping."""

from __future__ import annotations

import shutil
import textwrap
from typing import Protocol

from newbackend.wizard.question import Asked

BACK = "<"
NARROWEST = 20


class Prompts(Protocol):
    """What `Tty` asks with. Every method may raise `Back`, KeyboardInterrupt or EOFError.

    `keys` is a sentence that explains how to go back and how to stop.
    """

    keys: str

    def text(self, question: Asked) -> str:
        """A line that passes the question's check."""
        ...

    def one(self, question: Asked) -> str:
        """The value of one choice."""
        ...

    def many(self, question: Asked) -> tuple[str, ...]:
        """The values of at least one choice."""
        ...

    def line(self, prompt: str) -> str:
        """A short reply to a prompt on one line, as `git add -p` asks."""
        ...

    def say(self, text: str) -> None:
        """Prints prose, folded at the terminal's width."""
        ...


def width() -> int:
    """Columns to write in."""
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns - 1)


def wrapped(text: str, indent: str = "  ", hanging: str = "") -> str:
    """Text wrapped at the terminal's width, later lines indented; paths are not broken at hyphens."""
    later = indent + hanging
    return textwrap.fill(text, width(), initial_indent=indent, subsequent_indent=later, break_on_hyphens=False)

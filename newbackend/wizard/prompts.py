"""The interface of terminal prompts, and text wrapping."""

from __future__ import annotations

import os
import shutil
import sys
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
    """Columns to write in, on standard error: standard output may be a file."""
    try:
        columns = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        columns = shutil.get_terminal_size((80, 24)).columns
    return max(NARROWEST, columns - 1)


def on_one_line(text: str, separator: str) -> str:
    """Pasted text for a field of one line: its lines with a separator between, other control characters as blanks."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    if len(lines) < 2:
        return "".join(character if character.isprintable() else " " for character in text)
    return separator.join(line.strip(separator.strip() or None) for line in lines if line)


def wrapped(text: str, indent: str = "  ", hanging: str = "") -> str:
    """Text wrapped at the terminal's width, later lines indented; paths are not broken at hyphens."""
    later = indent + hanging
    return textwrap.fill(text, width(), initial_indent=indent, subsequent_indent=later, break_on_hyphens=False)

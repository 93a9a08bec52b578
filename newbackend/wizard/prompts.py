"""The three ways to ask on a terminal, whatever the terminal can do."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import Protocol

from newbackend.wizard.question import ManyQuestion, OneQuestion, TextQuestion

NARROWEST = 20


class Prompts(Protocol):
    """What `Tty` asks with. Every method may raise `Back`, KeyboardInterrupt or EOFError.

    `keys` says in a sentence how to go back and how to stop.
    """

    keys: str

    def text(self, question: TextQuestion) -> str:
        """A line that passes the question's check."""
        ...

    def one(self, question: OneQuestion) -> str:
        """The value of one choice."""
        ...

    def many(self, question: ManyQuestion) -> list[str]:
        """The values of at least one choice."""
        ...

    def line(self, prompt: str) -> str:
        """A short reply to a prompt on one line, as `git add -p` asks."""
        ...

    def say(self, text: str) -> None:
        """Says something in words, wrapped to the terminal."""
        ...


def width() -> int:
    """Columns to write in."""
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns - 1)


def wrapped(text: str, indent: str = "  ", hanging: str = "") -> str:
    """Prose at the terminal's width, later lines further in; paths are not cut at their hyphens."""
    later = indent + hanging
    return textwrap.fill(text, width(), initial_indent=indent, subsequent_indent=later, break_on_hyphens=False)


def prompts() -> Prompts:
    """Menus where the terminal can move its cursor, numbered lists where it cannot."""
    if os.environ.get("TERM", "") in ("", "dumb"):
        from newbackend.wizard.line_prompts import LinePrompts

        return LinePrompts()
    from newbackend.wizard.menu_prompts import MenuPrompts

    return MenuPrompts()

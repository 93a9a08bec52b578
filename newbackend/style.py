"""Colours by ANSI codes, or none: NO_COLOR, FORCE_COLOR, TERM=dumb and pipes are honoured."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from typing import TextIO

from newbackend.records import dataclass
from newbackend.sanitize import printable

CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "unknown": "1;35",
    "pass": "32",
    "expected": "32",
    "gutter": "34",
    "strong": "1",
    "quiet": "2",
}


@dataclass(frozen=True)
class Style:
    """Paints text when `colour` is on, and folds it at `width` columns; 0 never folds."""

    colour: bool
    width: int = 0

    def paint(self, role: str, text: str) -> str:
        """The text in the colour of a role; unchanged for a role without a colour."""
        code = CODES.get(role)
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text

    def bold(self, text: str) -> str:
        """Headings."""
        return self.paint("bold", text)

    def dim(self, text: str) -> str:
        """Secondary text."""
        return self.paint("dim", text)

    def red(self, text: str) -> str:
        """Errors and removed lines."""
        return self.paint("red", text)

    def green(self, text: str) -> str:
        """Added lines."""
        return self.paint("green", text)

    def yellow(self, text: str) -> str:
        """Warnings."""
        return self.paint("yellow", text)

    def cyan(self, text: str) -> str:
        """File names."""
        return self.paint("cyan", text)

    def folded(self, head: str, text: str, tail: str = "") -> str:
        """`head text  tail`, folded; later lines are indented to where the text begins, and the tail is dimmed."""
        if not self.width:
            return f"{head}{text}{self.dim(tail)}"
        room = max(12, self.width - len(head) - 1)
        rows = wrapped(text, room, break_long_words=True) or [""]
        if tail and len(rows[-1]) + len(tail) > room:
            rows.append(tail.strip())
            rows[-1] = self.dim(rows[-1])
        else:
            rows[-1] += self.dim(tail)
        return ("\n" + " " * len(head)).join([head + rows[0], *rows[1:]])

    def diff_row(self, row: str) -> str:
        """One row of a unified diff. Control characters of file text are made visible on a terminal."""
        if self.colour:
            row = printable(row)
        if row.startswith(("--- ", "+++ ")):
            return self.bold(row)
        if row.startswith("@@"):
            return self.cyan(row)
        if row.startswith("+"):
            return self.green(row)
        if row.startswith("-"):
            return self.red(row)
        return row


_COMMAND = re.compile(r"`[^`\n]+`")
_HELD = "\ue000"
"""Stands for a blank that must not become the end of a line; no text of ours has this private character."""


def wrapped(text: str, width: int, *, indent: str = "", break_long_words: bool = False) -> list[str]:
    """The text in lines of up to `width` columns. What stands in backticks is a command that people copy: it is never
    split, however long."""
    held = _COMMAND.sub(lambda match: match[0].replace(" ", _HELD), text)
    lines = textwrap.wrap(
        held,
        width,
        subsequent_indent=indent,
        break_long_words=break_long_words and _HELD not in held,
        break_on_hyphens=False,
    )
    return [line.replace(_HELD, " ") for line in lines]


def columns(stream: TextIO, *, otherwise: int) -> int:
    """The width of a stream: COLUMNS, else the terminal's, else what is said here."""
    if stream.isatty():
        return shutil.get_terminal_size().columns
    named = os.environ.get("COLUMNS", "")
    return int(named) if re.fullmatch(r"[1-9][0-9]{0,4}", named) else otherwise


def style_for(stream: TextIO) -> Style:
    """Whether a stream gets colours (https://no-color.org, https://force-color.org), and its width."""
    terminal = stream.isatty()
    width = columns(stream, otherwise=0)
    if os.environ.get("NO_COLOR"):
        return Style(colour=False, width=width)
    if os.environ.get("FORCE_COLOR"):
        return Style(colour=True, width=width)
    dumb = os.environ.get("TERM", "") in ("dumb", "")
    return Style(colour=terminal and not dumb, width=width)

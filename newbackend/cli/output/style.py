"""Colours by ANSI codes, or none: NO_COLOR, FORCE_COLOR, TERM=dumb and pipes are honoured."""

from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True)
class Style:
    """Paints text when `colour` is on, and folds it at `width` columns; 0 never folds."""

    colour: bool
    width: int = 0

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def bold(self, text: str) -> str:
        """Headings."""
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        """Asides."""
        return self._paint("2", text)

    def red(self, text: str) -> str:
        """What is wrong or goes."""
        return self._paint("31", text)

    def green(self, text: str) -> str:
        """What comes."""
        return self._paint("32", text)

    def yellow(self, text: str) -> str:
        """What wants attention."""
        return self._paint("33", text)

    def cyan(self, text: str) -> str:
        """Names of files."""
        return self._paint("36", text)

    def folded(self, head: str, text: str, tail: str = "") -> str:
        """`head text  tail` in as many lines as it takes, the later ones indented under the text; only the
        tail is dimmed."""
        if not self.width:
            return f"{head}{text}{self.dim(tail)}"
        room = max(12, self.width - len(head) - 1)
        rows = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        if tail and len(rows[-1]) + len(tail) > room:
            rows.append(tail.strip())
            rows[-1] = self.dim(rows[-1])
        else:
            rows[-1] += self.dim(tail)
        return ("\n" + " " * len(head)).join([head + rows[0], *rows[1:]])

    def diff_row(self, row: str) -> str:
        """One row of a unified diff. Control characters of file text are made visible on a terminal."""
        if self.colour:
            row = "".join(ch if ch == "\t" or ch.isprintable() else f"\\x{ord(ch):02x}" for ch in row)
        if row.startswith(("--- ", "+++ ")):
            return self.bold(row)
        if row.startswith("@@"):
            return self.cyan(row)
        if row.startswith("+"):
            return self.green(row)
        if row.startswith("-"):
            return self.red(row)
        return row


def style_for(stream: TextIO) -> Style:
    """Whether a stream gets colours (https://no-color.org, https://force-color.org), and its width."""
    terminal = stream.isatty()
    width = shutil.get_terminal_size().columns if terminal else 0
    if os.environ.get("NO_COLOR"):
        return Style(colour=False, width=width)
    if os.environ.get("FORCE_COLOR"):
        return Style(colour=True, width=width)
    dumb = os.environ.get("TERM", "") in ("dumb", "")
    return Style(colour=terminal and not dumb, width=width)

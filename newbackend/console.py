"""The one way to print.

Whatever is printed may quote a checkout, a package or a server. So every text is made printable here, where it leaves
the process, and code that quotes something new need not think of it. Only the colours of `style.py` pass.
"""

from __future__ import annotations

import os
import re
from typing import TextIO

from newbackend.sanitize import has_hidden, printable
from newbackend.style import CODES, style_for

_COLOURS = re.compile(f"(\x1b\\[(?:0|{'|'.join(sorted(set(CODES.values())))})m)")


# What the runner of GitHub Actions takes for a command: `::` at the beginning of a line, and `##[` anywhere
# (actions/runner, ActionCommand.cs).
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\[)", re.M)


def write(stream: TextIO, text: str) -> None:
    """Writes a text to a stream, as `shown` there. In a workflow no line of it is a command to the runner."""
    if "GITHUB_ACTIONS" in os.environ:
        text = _COMMAND.sub(lambda found: rf"{found[1]}\u003a" if found[1] is not None else r"\u0023", text)
    stream.write(shown(stream, text))


def write_commands(stream: TextIO, text: str) -> None:
    """The same for text that is made of such commands."""
    stream.write(shown(stream, text))


def shown(stream: TextIO, text: str) -> str:
    """A text with everything hidden spelled out; our colours stay where the stream has colours."""
    if not has_hidden(text):
        return text
    if not style_for(stream).colour:
        return printable(text)
    parts = _COLOURS.split(text)
    return "".join(part if number % 2 else printable(part) for number, part in enumerate(parts))

"""Pieces of a makefile's line that GNU make refuses: conditions, references that are never closed."""

from __future__ import annotations

import re

from newbackend.splice.make_text import closing

_NEXT = re.compile(r"\$.", re.S)
_COMMAND = re.compile(r"[\"'|&;<>`]|\s--?\w|\$[({]MAKE[)}]")


def compares(condition: str) -> bool:
    """Whether `(a,b)`, `"a" "b"` or a mixture of quotes is there, as `conditional_line` in make's read.c takes it."""
    if not condition.startswith("("):
        first = _quoted(condition)
        return bool(first) and bool(_quoted(condition[first:].lstrip()))
    depth, comma = 0, False
    for letter in condition[1:]:
        if letter == "," and depth <= 0:
            comma, depth = True, 0
        elif letter == ")" and comma and depth <= 0:
            return True
        depth += (letter == "(") - (letter == ")")
    return False


def _quoted(text: str) -> int:
    """The length of the quoted word that a text begins with; 0 when there is none."""
    return text.find(text[0], 1) + 1 if text[:1] in ("'", '"') else 0


def unclosed(text: str) -> str:
    """The first `$(` or `${` of a line, its comment taken off, that is never closed; "" when there is none."""
    at = 0
    while found := _NEXT.search(text, at):
        at = found.end()
        if found[0][1] in "({":
            at = closing(text, at - 1) + 1
            if at > len(text):
                return found[0]
    return ""


def like_a_command(head: str) -> bool:
    """Whether what stands before a colon looks like a shell command rather than like targets."""
    return bool(_COMMAND.search(head))

"""Replacement of many words by make's patterns, within a limit of size."""

from __future__ import annotations

from collections.abc import Sequence

from newbackend.splice.make_text import replaced
from newbackend.trace.machine import TEXT_LIMIT, TooMuch


def all_replaced(pattern: str, replacement: str, found: Sequence[str]) -> str:
    """`$(patsubst)` of words. Raises TooMuch."""
    check_size(sum(map(len, found)) + len(found) * len(replacement))
    return " ".join(replaced(pattern, replacement, word) for word in found)


def check_size(size: int) -> None:
    """Raises TooMuch for a text of so many characters, before it is made: two long ones can multiply."""
    if size > TEXT_LIMIT:
        raise TooMuch("a function of the Makefile grows without end")

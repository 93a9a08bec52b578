"""make's patterns: a word with one `%`."""

from __future__ import annotations

from collections.abc import Sequence

from newbackend.trace.machine import TEXT_LIMIT, TooMuch


def stem_of(pattern: str, word: str) -> str | None:
    """What `%` stands for in a word, or None when the word does not match. Without `%` the word must be equal."""
    head, percent, tail = pattern.partition("%")
    if not percent:
        return "" if pattern == word else None
    fits = len(word) >= len(head) + len(tail) and word.startswith(head) and word.endswith(tail)
    return word[len(head) : len(word) - len(tail)] if fits else None


def replaced(pattern: str, replacement: str, word: str) -> str:
    """One word of `$(patsubst)`."""
    stem = stem_of(pattern, word)
    if stem is None:
        return word
    return replacement.replace("%", stem, 1) if "%" in pattern else replacement


def all_replaced(pattern: str, replacement: str, found: Sequence[str]) -> str:
    """`$(patsubst)` of words. Raises TooMuch."""
    check_size(sum(map(len, found)) + len(found) * len(replacement))
    return " ".join(replaced(pattern, replacement, word) for word in found)


def check_size(size: int) -> None:
    """Raises TooMuch for a text of so many characters, before it is made: two long ones can multiply."""
    if size > TEXT_LIMIT:
        raise TooMuch("a function of the Makefile grows without end")

"""Words of a plain Makefile: references, and the functions of GNU make with which people list objects.

What depends on a shell, a condition or another Makefile stays as it is written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

_DEPTH = 8
_WORK = 100_000
"""Steps for all texts of a Makefile: variables of variables can multiply."""
_CALL = re.compile(r"([a-z-]+)[ \t]+(.*)", re.DOTALL)
_SUBSTITUTION = re.compile(r"([\w.-]+):([^=]*)=(.*)", re.DOTALL)
_NAME = re.compile(r"[\w.-]+")

Values = Mapping[str, Sequence[tuple[str, str]]]
Given = list[list[str]]


class Words:
    """The words of one Makefile's texts. `values` has each variable's values with their conditions, and grows while the
    Makefile is read; `paths` are the files that a wildcard finds."""

    def __init__(self, values: Values, paths: Collection[str]) -> None:
        self._values, self._paths = values, paths
        self._left = _WORK

    def of(self, text: str, depth: int = 0) -> list[str]:
        """A text as words, of a variable's several values the first. A word that cannot be told stays as it is."""
        self._left -= 1 + len(text) // 8
        if depth > _DEPTH or self._left < 0:
            return text.split()
        return [found for word in split(text) for found in self._word(word, depth)]

    def _word(self, word: str, depth: int) -> list[str]:
        start = re.search(r"\$[({]", word)
        end = _end(word, start.start() + 1) if start else None
        if start is None or end is None:
            return [word]
        inside = self._reference(word[start.end() : end], depth + 1)
        before, after = word[: start.start()], word[end + 1 :]
        if inside is None:
            return [word]
        if not before and not after:
            return inside
        # A list in the middle of a word is no list of files.
        return self.of(before + inside[0] + after, depth + 1) if len(inside) == 1 else [word]

    def _reference(self, inside: str, depth: int) -> list[str] | None:
        """What stands for `$(…)`; None when that cannot be told."""
        if call := _CALL.fullmatch(inside):
            given = [self.of(part.strip(), depth) for part in split(call[2], ",")]
            if any("$" in word for part in given for word in part):
                return None
            if call[1] == "wildcard":
                return sorted(path for one in given[0] for path in _matching(posixpath.normpath(one), self._paths))
            function = _FUNCTIONS.get(call[1])
            return function(given) if function else None
        substitution = _SUBSTITUTION.fullmatch(inside)
        name = substitution[1] if substitution else inside
        if not _NAME.fullmatch(name) or not self._values.get(name):
            return None
        words = self.of(self._values[name][0][0], depth)
        if substitution is None:
            return words
        old, new = substitution[2].strip(), substitution[3].strip()
        return _patsubst([[old if "%" in old else f"%{old}"], [new if "%" in new else f"%{new}"], words])


def split(text: str, at: str = " \t\n") -> list[str]:
    """The parts between separators that stand in no reference."""
    parts: list[str] = []
    closing: list[str] = []
    start = 0
    for number, char in enumerate(text):
        if char in "({" and text[number - 1 : number] == "$":
            closing.append(")" if char == "(" else "}")
        elif closing and char == closing[-1]:
            closing.pop()
        elif not closing and char in at:
            parts.append(text[start:number])
            start = number + 1
    parts.append(text[start:])
    return parts if at == "," else [part for part in parts if part]


def _end(text: str, opening: int) -> int | None:
    """Where the bracket is closed that is opened there."""
    pair = "()" if text[opening] == "(" else "{}"
    level = 0
    for at in range(opening, len(text)):
        level += (text[at] == pair[0]) - (text[at] == pair[1])
        if level == 0:
            return at
    return None


def substituted(pattern: str, replacement: str, word: str) -> str | None:
    """A word of a pattern with one `%` as the other pattern has it; None when it is none of the first."""
    head, percent, tail = pattern.partition("%")
    if not percent:
        return replacement if word == pattern else None
    if len(word) < len(head) + len(tail) or not word.startswith(head) or not word.endswith(tail):
        return None
    return replacement.replace("%", word[len(head) : len(word) - len(tail)], 1)


def _patsubst(given: Given) -> list[str] | None:
    if len(given) != 3 or len(given[0]) != 1 or len(given[1]) > 1:
        return None
    replacement = given[1][0] if given[1] else ""
    made = (substituted(given[0][0], replacement, word) for word in given[2])
    return [word if new is None else new for word, new in zip(given[2], made, strict=True) if new != ""]


def _filtered(given: Given, kept: bool) -> list[str] | None:
    if len(given) != 2:
        return None
    return [word for word in given[1] if any(substituted(one, one, word) for one in given[0]) == kept]


def _matching(pattern: str, paths: Collection[str]) -> Iterator[str]:
    for path in paths:
        if path.count("/") == pattern.count("/") and fnmatchcase(path, pattern):
            yield path


def _each(change: Callable[[str], str]) -> Callable[[Given], list[str] | None]:
    return lambda given: [change(word) for word in given[0]] if len(given) == 1 else None


def _added(given: Given, *, before: bool) -> list[str] | None:
    if len(given) != 2 or len(given[0]) != 1:
        return None
    return [given[0][0] + word if before else word + given[0][0] for word in given[1]]


_FUNCTIONS: Mapping[str, Callable[[Given], list[str] | None]] = {
    "patsubst": _patsubst,
    "addprefix": lambda given: _added(given, before=True),
    "addsuffix": lambda given: _added(given, before=False),
    "notdir": _each(posixpath.basename),
    "basename": _each(lambda word: posixpath.splitext(word)[0]),
    "filter": lambda given: _filtered(given, True),
    "filter-out": lambda given: _filtered(given, False),
    "sort": lambda given: sorted(set(given[0])) if len(given) == 1 else None,
    "strip": lambda given: given[0] if len(given) == 1 else None,
}

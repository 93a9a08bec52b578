"""Words of a plain Makefile: references, and the functions of GNU make with which people list objects.

What depends on a shell, a condition or another Makefile stays as it is written.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from newbackend.splice.make_text import basename, called, notdir, pieces_of, replaced, stem_of

_DEPTH = 8
_WORK = 100_000
"""Steps for all texts of a Makefile: variables of variables can multiply."""
_PER_STEP = 8
"""Characters, or files that a wildcard is compared with."""

Values = Mapping[str, Sequence[tuple[str, str]]]
Given = list[list[str]]


class Words:
    """The words of one Makefile's texts. `values` has each variable's values with their conditions, and grows while the
    Makefile is read; `paths` are the files that a wildcard finds."""

    def __init__(self, values: Values, paths: Iterable[str]) -> None:
        self._values, self._paths = values, paths
        self._left = _WORK

    def of(self, text: str) -> list[str]:
        """A text as words, of a variable's several values the first. What cannot be told keeps its `$`."""
        return self._expanded(text, 0).split()

    @property
    def spent(self) -> bool:
        """Whether there was too much to expand: the rest stayed as it is written."""
        return self._left < 0

    def _expanded(self, text: str, depth: int) -> str:
        self._left -= 1 + len(text) // _PER_STEP
        if depth > _DEPTH or self.spent:
            return text
        return "".join(fixed if body is None else self._reference(body, depth + 1) for fixed, body in pieces_of(text))

    def _reference(self, body: str, depth: int) -> str:
        """What stands for `$(…)`; the same again when that cannot be told."""
        as_written = f"$({body})"
        name, given = called(body)
        if name:
            texts = [self._expanded(text.strip(), depth).split() for text in given]
            known = not any("$" in word for text in texts for word in text)
            found = self._called(name, texts) if known else None
            return as_written if found is None else " ".join(found)
        variable, _, change = body.partition(":")
        old, equals, new = change.partition("=")
        values = self._values.get((variable if equals else body).strip())
        if not values:
            return as_written
        text = self._expanded(values[0][0], depth)
        if not equals:
            return text
        pattern, replacement = (old, new) if "%" in old else (f"%{old}", f"%{new}")
        return " ".join(replaced(pattern, replacement, word) for word in text.split())

    def _called(self, name: str, given: Given) -> list[str] | None:
        if name == "wildcard":
            return sorted(path for one in given[0] for path in self._matching(posixpath.normpath(one)))
        return _FUNCTIONS[name](given) if name in _FUNCTIONS else None

    def _matching(self, pattern: str) -> Iterator[str]:
        """Files as a pattern has them, in folders as it has them."""
        folder = posixpath.dirname(pattern)
        many = any(sign in folder for sign in "*?[")
        for name, paths in self._folders.items() if many else [(folder, self._folders.get(folder, ()))]:
            self._left -= 1 + len(paths) // _PER_STEP
            if self.spent:
                return
            if name == folder or fnmatchcase(name, folder):
                yield from (path for path in paths if fnmatchcase(path, pattern))

    @cached_property
    def _folders(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for path in self._paths:
            found.setdefault(posixpath.dirname(path), []).append(path)
        return found


def substituted(pattern: str, replacement: str, word: str) -> str | None:
    """A word of one pattern as the other pattern has it; None when it is none of the first."""
    return None if stem_of(pattern, word) is None else replaced(pattern, replacement, word)


def _patsubst(given: Given) -> list[str] | None:
    if len(given) != 3 or len(given[0]) != 1 or len(given[1]) > 1:
        return None
    return [new for word in given[2] if (new := replaced(given[0][0], "".join(given[1]), word))]


def _filtered(given: Given, *, kept: bool) -> list[str] | None:
    if len(given) != 2:
        return None
    return [word for word in given[1] if any(stem_of(one, word) is not None for one in given[0]) == kept]


def _each(change: Callable[[str], str]) -> Callable[[Given], list[str]]:
    return lambda given: [change(word) for word in given[0]]


def _added(given: Given, *, before: bool) -> list[str] | None:
    if len(given) != 2 or len(given[0]) != 1:
        return None
    return [given[0][0] + word if before else word + given[0][0] for word in given[1]]


_FUNCTIONS: Mapping[str, Callable[[Given], list[str] | None]] = {
    "patsubst": _patsubst,
    "addprefix": lambda given: _added(given, before=True),
    "addsuffix": lambda given: _added(given, before=False),
    "notdir": _each(notdir),
    "basename": _each(basename),
    "filter": lambda given: _filtered(given, kept=True),
    "filter-out": lambda given: _filtered(given, kept=False),
    "sort": lambda given: sorted(set(given[0])),
    "strip": lambda given: given[0],
}

"""Expansion of variables and functions, as GNU make's `variable_expand` (manual, chapters 6 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from newbackend.trace.machine import TEXT_LIMIT, TooMuch
from newbackend.trace.make.patterns import all_replaced
from newbackend.trace.opentext import open_part, words

if TYPE_CHECKING:
    from newbackend.trace.make.evaluate import Evaluation

Function = Callable[["Expander", list[str]], str]
_CLOSING = {"(": ")", "{": "}"}


class Expander:
    """Expands text for one make. `automatic` are the variables of the current target, `call` the arguments of the
    current `$(call)`."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.automatic: Mapping[str, str] = {}
        self._busy: list[str] = []

    def expand(self, text: str) -> str:
        """The text with every reference replaced. Raises TooMuch for values that grow without end."""
        if "$" not in text:
            return text
        out: list[str] = []
        size = 0
        for fixed, body in pieces_of(text):
            piece = fixed if body is None else self.reference(body)
            out.append(piece)
            size += len(piece)
            if size > TEXT_LIMIT:
                raise TooMuch("a variable of the Makefile grows without end")
        return "".join(out)

    def reference(self, body: str) -> str:
        """What stands between the brackets of `$(…)`: a function call, a substitution reference or a name."""
        self.evaluation.machine.work()
        name, given = called(body)
        if name:
            return functions()[name](self, given)
        if "$" in body:
            body = self.expand(body)
        if ":" in body and "=" in body:
            name, _, change = body.partition(":")
            old, equals, new = change.partition("=")
            if equals and name:
                if "%" not in old:
                    old, new = f"%{old}", f"%{new}"
                return all_replaced(old, new, words(self.value(name.strip())))
        return self.value(body.strip())

    def value(self, name: str) -> str:
        """A variable's value, expanded; "" when it is not defined."""
        if name in self.automatic:
            return self.automatic[name]
        derived = self._directory_or_file(name)
        if derived is not None:
            return derived
        variable = self.evaluation.variables.get(name)
        if variable is None:
            return ""
        if variable.simple or "$" not in variable.value:
            return variable.value
        if name in self._busy:
            return open_part(f"$({name})")
        self._busy.append(name)
        try:
            return self.expand(variable.value)
        finally:
            self._busy.pop()

    def _directory_or_file(self, name: str) -> str | None:
        """`$(@D)`, `$(<F)`: the directory or the file part of an automatic variable."""
        if len(name) != 2 or name[1] not in "DF" or name[0] not in self.automatic:
            return None
        from newbackend.trace.make.functions import dir_of, notdir

        part = dir_of if name[1] == "D" else notdir
        return " ".join(part(word).rstrip("/") or "/" for word in words(self.automatic[name[0]]))

    def with_arguments(self, values: Mapping[str, str]) -> Expander:
        """The same expander inside of a `$(call)` or `$(foreach)`."""
        inner = Expander(self.evaluation)
        inner.automatic = {**self.automatic, **values}
        inner._busy = self._busy
        return inner


_LIMITS = {"if": 3, "subst": 3, "patsubst": 3, "foreach": 3, "filter": 2, "filter-out": 2, "findstring": 2, "join": 2,
           "word": 2, "wordlist": 3, "addprefix": 2, "addsuffix": 2, "shell": 1, "eval": 1, "error": 1, "warning": 1,
           "info": 1, "strip": 1, "sort": 1, "words": 1, "firstword": 1, "lastword": 1, "dir": 1, "notdir": 1,
           "suffix": 1, "basename": 1, "wildcard": 1, "realpath": 1, "abspath": 1, "value": 1, "origin": 1,
           "flavor": 1}  # fmt: skip
"""How many arguments a function takes at most: later commas belong to the last one. 0 is any number."""


@lru_cache(maxsize=16384)
def pieces_of(text: str) -> tuple[tuple[str, str | None], ...]:
    """The text cut at its references: fixed text, or the body of a reference."""
    found: list[tuple[str, str | None]] = []
    at = 0
    while True:
        dollar = text.find("$", at)
        if dollar < 0 or dollar + 1 >= len(text):
            found.append((text[at:] if dollar < 0 else text[at:dollar], None))
            return tuple(found)
        if dollar > at:
            found.append((text[at:dollar], None))
        mark = text[dollar + 1]
        if mark == "$":
            found.append(("$", None))
            at = dollar + 2
        elif mark in _CLOSING:
            end = closing(text, dollar + 1)
            found.append(("", text[dollar + 2 : end]))
            at = end + 1
        else:
            found.append(("", mark))
            at = dollar + 2


@lru_cache(maxsize=16384)
def called(body: str) -> tuple[str, list[str]]:
    """The function that a reference calls, with its arguments; "" for a variable."""
    name = body.split(None, 1)[0] if " " in body or "\t" in body else ""
    if name not in functions() or not body.startswith(name):
        return "", []
    return name, arguments(body[len(name) :].lstrip(), _LIMITS.get(name, 0))


def closing(text: str, start: int) -> int:
    """Where the bracket at `start` is closed; the end of the text when it never is."""
    opened, closed = text[start], _CLOSING[text[start]]
    depth = 0
    for at in range(start, len(text)):
        if text[at] == opened:
            depth += 1
        elif text[at] == closed:
            depth -= 1
            if depth == 0:
                return at
    return len(text)


def arguments(text: str, limit: int) -> list[str]:
    """The arguments of a function, unexpanded: separated by commas outside of brackets."""
    found: list[str] = []
    start = at = 0
    while at < len(text):
        if text[at] in "({":
            at = closing(text, at)
        elif text[at] == "," and (not limit or len(found) + 1 < limit):
            found.append(text[start:at])
            start = at + 1
        at += 1
    found.append(text[start:])
    return found


def functions() -> Mapping[str, Function]:
    """Every function by name."""
    from newbackend.trace.make.functions import FUNCTIONS

    return FUNCTIONS

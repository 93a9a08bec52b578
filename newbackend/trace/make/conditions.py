"""The conditionals of a Makefile: `ifeq`, `ifneq`, `ifdef`, `ifndef`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from newbackend.splice.make_text import closing
from newbackend.trace.opentext import is_open

if TYPE_CHECKING:
    from newbackend.trace.make.evaluate import Evaluation


def condition(evaluation: Evaluation, text: str) -> bool | None:
    """Whether the lines after a conditional are read; None when that cannot be known."""
    word = next((name for name in ("ifeq", "ifneq", "ifdef", "ifndef") if text.startswith(name)), "")
    rest = text[len(word) :].strip()
    if word in ("ifdef", "ifndef"):
        name = evaluation.expander.expand(rest).strip()
        if is_open(name):
            return None
        variable = evaluation.variables.get(name)
        return bool(variable and variable.value) == (word == "ifdef")
    sides = sides_of(rest) if word else None
    if sides is None:
        return None
    left, right = (evaluation.expander.expand(side) for side in sides)
    equal = _equal(left, right)
    return None if equal is None else equal == (word == "ifeq")


def _equal(left: str, right: str) -> bool | None:
    """Whether two texts are equal; None when the open parts decide."""
    if not is_open(left) and not is_open(right):
        return left == right
    if left == right:
        return True
    known, other = (left, right) if not is_open(left) else (right, left)
    if is_open(known):
        return None
    around = other.partition("\ue000")[0], other.rpartition("\ue001")[2]
    fits = known.startswith(around[0]) and known.endswith(around[1]) and len(known) >= sum(map(len, around))
    return None if fits else False


def sides_of(rest: str) -> tuple[str, str] | None:
    """The two texts of `(a,b)`, `"a" "b"` or `'a' 'b'`, unexpanded."""
    if rest.startswith("("):
        inner = rest[1 : closing(rest, 0)]
        at, depth = 0, 0
        for at, sign in enumerate(inner):
            depth += (sign in "({") - (sign in ")}")
            if sign == "," and depth == 0:
                return inner[:at].rstrip(), inner[at + 1 :].lstrip()
        return None
    if rest[:1] in ("'", '"'):
        left, _, tail = rest[1:].partition(rest[0])
        tail = tail.strip()
        if tail[:1] in ("'", '"'):
            return left, tail[1:].partition(tail[0])[0]
    return None

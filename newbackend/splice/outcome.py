"""The outcome of an edit: never None, never a bare bool.

Editors are pure: text in, one of these out. Splices use offsets in the original text, so
several of them compose without shifting one another.
"""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace characters [start, end) of the original text by `text`; start == end inserts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Inserted:
    """The edit is possible: `splices` make it; `line` is the 1-based line it lands on."""

    splices: tuple[Splice, ...]
    line: int


@dataclass(frozen=True, slots=True)
class AlreadyPresent:
    """Nothing to do: the fact is at `line`."""

    line: int


@dataclass(frozen=True, slots=True)
class AnchorMissing:
    """The position of the edit was not found; `line` is where to look for it."""

    reason: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """There is more than one possible position, and they differ."""

    reason: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Drifted:
    """Something of that identity is at `line`, but with another value."""

    reason: str
    line: int


Outcome = Inserted | AlreadyPresent | AnchorMissing | Ambiguous | Drifted


def outcome_word(outcome: Outcome) -> str:
    """The word that the plan's JSON uses."""
    match outcome:
        case Inserted():
            return "inserted"
        case AlreadyPresent():
            return "already-present"
        case AnchorMissing():
            return "anchor-missing"
        case Ambiguous():
            return "ambiguous"
        case Drifted():
            return "drifted"


def apply_splices(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices made. Insertions at one offset keep their given order.

    Raises ValueError when two replacements overlap: that is a programming error, not user input.
    """
    ordered = sorted(splices, key=lambda s: (s.start, s.end))
    parts: list[str] = []
    at = 0
    for splice in ordered:
        if splice.start < at:
            raise ValueError(f"overlapping splices at offset {splice.start}")
        parts.append(text[at : splice.start])
        parts.append(splice.text)
        at = splice.end
    parts.append(text[at:])
    return "".join(parts)

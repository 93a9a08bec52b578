"""The logical lines of a Makefile: continued lines joined, with the number of the first."""

from __future__ import annotations

from functools import cached_property, lru_cache

from newbackend.records import dataclass


@dataclass(frozen=True)
class Line:
    """`raw` is the text with its continuations, as a recipe needs it."""

    number: int
    raw: str

    @cached_property
    def collapsed(self) -> str:
        """The text on one line, as inside of `define`: a continuation and the white space around it are one space."""
        if "\\\n" not in self.raw:
            return self.raw
        first, *middle, last = self.raw.split("\\\n")
        return " ".join([first.rstrip(), *(piece.strip() for piece in middle), last.lstrip()])

    @cached_property
    def joined(self) -> str:
        """The text outside of recipes: continuations are one space, the comment is gone."""
        text = self.collapsed
        return without_comment(text) if "#" in text else text

    @cached_property
    def first(self) -> str:
        """The first word."""
        words = self.joined.split(None, 1)
        return words[0] if words else ""


def without_comment(text: str) -> str:
    """The text before the first `#` that no backslash protects."""
    at = text.find("#")
    while at > 0 and text[at - 1] == "\\":
        text = text[: at - 1] + text[at:]
        at = text.find("#", at)
    return text if at < 0 else text[:at]


@lru_cache(maxsize=256)
def lines_of(text: str) -> tuple[Line, ...]:
    """Every logical line of a Makefile."""
    lines: list[Line] = []
    rows = text.replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(rows):
        first = number
        while _continues(rows[number]) and number + 1 < len(rows):
            number += 1
        lines.append(Line(first + 1, "\n".join(rows[first : number + 1])))
        number += 1
    return tuple(lines)


def _continues(row: str) -> bool:
    """Whether a row ends in an odd number of backslashes."""
    return row.endswith("\\") and (len(row) - len(row.rstrip("\\"))) % 2 == 1

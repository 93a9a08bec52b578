"""Two rows side by side: what each part of the way has in common, and what only one has."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from newbackend.records import dataclass
from newbackend.sanitize import one_line
from newbackend.style import Style
from newbackend.trace.opentext import shown
from newbackend.trace.rowtrace import RowTrace
from newbackend.trace.shape import Differing
from newbackend.trace.tree import parts_of

_GAP = " │ "


@dataclass(frozen=True)
class Difference:
    """Lines of one part that stand at the same place: those of the first row and those of the second."""

    part: str
    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Two rows; `alike` counts the lines that they share, by part."""

    first: RowTrace
    second: RowTrace
    alike: dict[str, int]
    differences: tuple[Difference, ...]


def compare(first: RowTrace, second: RowTrace) -> Comparison:
    """The differences of two rows, in the order of their way."""
    left = {name: [one_line(shown(text)) for text, _ in lines] for name, lines in parts_of(first)}
    right = {name: [one_line(shown(text)) for text, _ in lines] for name, lines in parts_of(second)}
    alike: dict[str, int] = {}
    found: list[Difference] = []
    for name in dict.fromkeys([*left, *right]):
        one, two = left.get(name, []), right.get(name, [])
        for kind, start, end, from_, to in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
            if kind == "equal":
                alike[name] = alike.get(name, 0) + end - start
            else:
                found.append(Difference(name, tuple(one[start:end]), tuple(two[from_:to])))
    return Comparison(first, second, alike, tuple(found))


def as_text(found: Comparison, paint: Style) -> str:
    """Both columns; lines that are alike are counted only."""
    width = (min(paint.width or 80, 200) - len(_GAP)) // 2
    titles = [f"{row.backend} {row.variant or row.suffix}, {row.platform}" for row in (found.first, found.second)]
    rows = [paint.bold(_beside(titles[0], titles[1], width)), "─" * width + "─┼─" + "─" * width]
    for name in dict.fromkeys([*found.alike, *(difference.part for difference in found.differences)]):
        count = found.alike.get(name, 0)
        note = f"{count} line{'s' if count != 1 else ''} alike" if count else "nothing alike"
        rows.append(paint.cyan(name) + "  " + paint.dim(note))
        for difference in found.differences:
            if difference.part == name:
                rows += _columns(difference, width, paint)
    if not found.differences:
        rows.append("The two rows are alike in every part.")
    return "\n".join(rows)


def _columns(difference: Difference, width: int, paint: Style) -> list[str]:
    rows = []
    for one, two in zip_longest(difference.first, difference.second, fillvalue=""):
        left, right = (
            textwrap.wrap(text, width - 1, subsequent_indent="  ", break_on_hyphens=False) for text in (one, two)
        )
        for first, second in zip_longest(left, right, fillvalue=""):
            rows.append(paint.red(f"{first:<{width}}") + _GAP + paint.green(second))
    return rows


def _beside(left: str, right: str, width: int) -> str:
    return f"{one_line(left)[:width]:<{width}}{_GAP}{one_line(right)[:width]}"


def differences_json(found: Sequence[Difference]) -> list[Differing]:
    """The differences as plain values."""
    return [{"part": entry.part, "a": list(entry.first), "b": list(entry.second)} for entry in found]

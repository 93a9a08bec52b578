"""Edit operations: each gives the splices of an edit and the proof of its meaning.

A place passes the values, words or lines and the position. Lines are
0-based, as in `Lines`; the line of an outcome is 1-based.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import yaml

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice
from newbackend.splice.prove import GrownLine, ListEdit, MapEdit, Proof
from newbackend.splice.yaml_list import Item, YamlList, insert_after
from newbackend.splice.yaml_map import Entry, YamlMap


@dataclass(frozen=True)
class Operation:
    """One edit: its outcome, and the proofs that a plan checks."""

    outcome: Outcome
    proofs: tuple[Proof, ...] = ()


def anchor_missing(reason: str, line: int = 1) -> Operation:
    """No edit, because the position was not found."""
    return Operation(AnchorMissing(reason, line))


def add_lines(lines: Lines, after: int, rows: Sequence[str]) -> Operation:
    """New lines right behind a line."""
    at, text = lines.after(after, list(rows))
    return Operation(Inserted((Splice(at, at, text),), after + 2 + _blank(rows)))


def add_lines_before(lines: Lines, line: int, rows: Sequence[str]) -> Operation:
    """New lines right in front of a line."""
    at = lines.starts[line]
    text = "".join(row + lines.newline for row in rows)
    return Operation(Inserted((Splice(at, at, text),), line + 1))


def add_word(lines: Lines, offset: int, word: str, *, glue: str, separator: str, behind: str = "") -> Operation:
    """One more word in a list on one line: `glue`, the word and what goes `behind` it, at an offset.

    `separator` is the regular expression between two words of that line, for the proof that all the others
    are still there.
    """
    line = lines.line_at(offset) + 1
    proof = GrownLine(line, separator, (word,))
    return Operation(Inserted((Splice(offset, offset, glue + word + behind),), line), (proof,))


def add_items(target: YamlList, after: Item, items: Iterable[tuple[Any, Sequence[str]]]) -> Operation:
    """New items of a YAML list right behind an item: the value of each, and its lines."""
    new = tuple(items)
    splice = insert_after(target, after, [rows for _, rows in new])
    proof = ListEdit(target.path, tuple((after.index + 1, value) for value, _ in new))
    return Operation(Inserted((splice,), after.last + 2 + _blank(new[0][1])), (proof,))


def add_keys(target: YamlMap, after: Entry, rows: Sequence[str]) -> Operation:
    """New keys of a YAML mapping right behind an entry. The lines say the values."""
    values = yaml.safe_load("\n".join(rows) + "\n")
    return Operation(add_lines(target.lines, after.last, rows).outcome, (MapEdit(target.path, tuple(values.items())),))


def drop(lines: Lines, start: int, end: int) -> Operation:
    """Deletes the characters [start, end) of a line."""
    return Operation(Inserted((Splice(start, end, ""),), lines.line_at(start) + 1))


def drop_lines(lines: Lines, first: int, last: int, *, line: int | None = None) -> Operation:
    """Deletes lines first..last; `line` is the one to report, if it is not the first."""
    return Operation(Inserted((Splice(*lines.span(first, last), ""),), (first if line is None else line) + 1))


def drop_items(target: YamlList, items: Sequence[Item], also: Collection[int] = ()) -> Operation:
    """Deletes items of a YAML list, and the lines in `also` that belong to them. One splice each, so that another
    edit may insert something between two of them."""
    lines = target.lines
    ranges = [(item.first, item.last) for item in items] + [(number, number) for number in also]
    proof = ListEdit(target.path, removed=frozenset(item.index for item in items))
    apart = tuple(Splice(*lines.span(first, last), "") for first, last in sorted(ranges))
    return Operation(Inserted(apart if lines.text.endswith("\n") else lines.cut(ranges), items[0].line), (proof,))


def drop_key(target: YamlMap, entry: Entry, first: int) -> Operation:
    """Deletes an entry of a YAML mapping, from line `first` on, because the comments above may belong to it."""
    outcome = drop_lines(target.lines, first, entry.last, line=entry.first).outcome
    return Operation(outcome, (MapEdit(target.path, removed=frozenset({entry.key})),))


def _blank(rows: Sequence[str]) -> int:
    """How many blank lines come first."""
    return next((number for number, row in enumerate(rows) if row.strip()), 0)

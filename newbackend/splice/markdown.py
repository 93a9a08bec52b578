"""Reads and extends Markdown tables, and lists of examples in bullets, line by line.

Only what LocalAI's pages have is known: pipe tables under a heading, and bullets that end in
`(e.g., a, [b](link), c)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from newbackend.records import dataclass
from newbackend.splice.lines import Lines

_LINK = re.compile(r"\[([^\]]+)\]\((.*)\)\Z")
_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*\Z")
_BULLET = re.compile(r"- \*\*(.+?)\*\*:?\s*(.*)\Z")
_EXAMPLES = "(e.g., "


@dataclass(frozen=True)
class Row:
    """One row of a table: its cells and its 0-based line. `text` and `link` are those of the first cell."""

    cells: tuple[str, ...]
    line: int

    @property
    def text(self) -> str:
        """What the first cell shows."""
        return shown(self.cells[0])[0]

    @property
    def link(self) -> str:
        """Where the first cell leads to, or ""."""
        return shown(self.cells[0])[1]


@dataclass(frozen=True)
class Table:
    """A pipe table: the heading it is below, its column names, its rows; lines are 0-based."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    head: int

    @property
    def last(self) -> int:
        """The table's last line."""
        return self.rows[-1].line if self.rows else self.head + 1


@dataclass(frozen=True)
class Bullet:
    """`- **Title**: purpose (e.g., a, b)`. `names` are the examples as written; `end` is the offset in
    the line at which one more would go, -1 when the bullet has no examples."""

    title: str
    names: tuple[str, ...]
    line: int
    end: int


def tables(lines: Lines) -> list[Table]:
    """Every table with the nearest heading above it; code fences are skipped."""
    every: list[Table] = []
    heading, fenced, number = "", False, 0
    while number < len(lines):
        line = lines[number]
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and line.startswith("#"):
            heading = line.lstrip("#").strip()
        elif not fenced and line.startswith("|") and number + 1 < len(lines) and _RULE.match(lines[number + 1]):
            rows = list(_rows(lines, number + 2))
            every.append(Table(heading, _cells(line), tuple(rows), number))
            number += 1 + len(rows)
        number += 1
    return every


def _rows(lines: Lines, number: int) -> Iterator[Row]:
    while number < len(lines) and lines[number].startswith("|"):
        yield Row(_cells(lines[number]), number)
        number += 1


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return tuple(part.strip() for part in re.split(r"(?<!\\)\|", inner))


def cell_spans(line: str) -> list[tuple[int, int]]:
    """Where the text of each cell of a row is in its line."""
    bars = [match.start() for match in re.finditer(r"(?<!\\)\|", line)]
    spans = []
    for left, right in pairwise(bars):
        inner = line[left + 1 : right]
        start = left + 1 + len(inner) - len(inner.lstrip())
        spans.append((start, max(start, right - len(inner) + len(inner.rstrip()))))
    return spans


def shown(text: str) -> tuple[str, str]:
    """What a piece of Markdown shows and where it leads: `[a](b)` is ("a", "b"), plain text ("text", "")."""
    match = _LINK.match(text.strip())
    return (match[1], match[2]) if match else (text.strip(), "")


def bullets(lines: Lines, first: int) -> list[Bullet]:
    """The run of bullets that starts at line `first` (0-based), blank lines before it skipped."""
    while first < len(lines) and not lines[first].strip():
        first += 1
    every: list[Bullet] = []
    while first < len(lines) and (match := _BULLET.match(lines[first].rstrip())):
        body = lines[first].rstrip()
        at = body.find(_EXAMPLES)
        names: tuple[str, ...] = ()
        end = -1
        if at != -1 and body.endswith(")"):
            end = len(body) - 1
            names = tuple(split_names(body[at + len(_EXAMPLES) : end]))
        every.append(Bullet(match[1], names, first, end))
        first += 1
    return every


def split_names(text: str) -> list[str]:
    """Names between commas; commas inside brackets do not count."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def cell(text: str) -> str:
    """Text on one line that a table cell shows as it is; it can neither end the cell nor start a Hugo
    shortcode or an HTML tag."""
    folded = " ".join(text.split())
    escaped = re.sub(r"([\\`*_\[\]|])", r"\\\1", folded)
    return escaped.replace("<", "&lt;").replace("{{", "{&#123;")


def link(text: str, url: str) -> str:
    """`[text](url)` for a table cell. What would end the cell, the link or begin a Hugo shortcode is percent-encoded,
    which means the same in a URL."""
    encoded = re.sub(r"[|()\[\]{}\\<>]", lambda match: f"%{ord(match[0]):02X}", url)
    return f"[{text}]({encoded})"

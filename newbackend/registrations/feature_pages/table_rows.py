"""Tables with a row for each backend. A row is written where every column is one that can be filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from newbackend.records import dataclass
from newbackend.registrations.compatibility_table.place import acceleration, linked
from newbackend.registrations.feature_pages.runs import Entry, Run
from newbackend.registrations.support.import_choice import one_line
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import Table, cell, shown, tables

_UNKNOWN = "…"
_NAMES = ("backend", "engine", "name")


def _link(spec: BackendSpec) -> str:
    return linked(spec) if shown(linked(spec))[1] else ""


_FILLED: Mapping[tuple[str, ...], Callable[[BackendSpec], str]] = {
    ("description", "what it does", "purpose", "summary"): lambda spec: cell(one_line(spec.description)),
    ("license", "licence"): lambda spec: cell(spec.license),
    ("language", "implementation", "written in"): lambda spec: spec.language.title,
    ("upstream", "repository", "project", "source"): _link,
    ("acceleration", "platforms", "hardware"): lambda spec: acceleration(spec.variants),
}
"""Titles of columns, and what a row says there."""


@dataclass(frozen=True)
class TableRows(Run):
    """`columns` are the titles below which the rows are, `firsts` the first cells as they are written."""

    kind: ClassVar[str] = "row"
    columns: tuple[str, ...]
    firsts: tuple[str, ...]

    @property
    def lists_backends(self) -> bool:
        return len(self.named) * 2 > len(self.entries)

    @property
    def alone_from(self) -> int:
        return self.entries[0].first - 2  # the columns' titles and the line of dashes

    def complete(self, spec: BackendSpec) -> bool:
        return _UNKNOWN not in self._cells(spec)

    def rows(self, spec: BackendSpec) -> list[str]:
        return [f"| {' | '.join(self._cells(spec))} |"]

    def _cells(self, spec: BackendSpec) -> list[str]:
        last = self.firsts[self.entries.index(self.named[-1])]
        name = linked(spec) if self.named[-1].link else spec.name
        around = next((mark for mark in ("**", "`") if last.startswith(mark)), "")
        return [f"{around}{name}{around}", *(_cell(title, spec) for title in self.columns[1:])]


def _cell(title: str, spec: BackendSpec) -> str:
    fill = next((fill for titles, fill in _FILLED.items() if title.lower() in titles), None)
    return (fill(spec) if fill else "") or _UNKNOWN


def row_runs(lines: Lines) -> list[Run]:
    """Every table of a page that may be about backends."""
    return [_rows(table) for table in tables(lines) if table.rows and table.columns[0].lower() in _NAMES]


def _rows(table: Table) -> TableRows:
    entries = []
    for row in table.rows:
        text, link = shown(row.cells[0].strip("*` "))
        entries.append(Entry("", text, link, row.line, row.line))
    return TableRows(tuple(entries), table.columns, tuple(row.cells[0] for row in table.rows))

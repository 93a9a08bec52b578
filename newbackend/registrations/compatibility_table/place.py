"""docs/content/reference/compatibility-table.md: one row in the table of the backend's category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newbackend.catalog import modalities, variant_table
from newbackend.catalog.registries import registries
from newbackend.checkout.tree import Checkout, cached
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.support.display_names import backend_of, speaking_of
from newbackend.registrations.support.import_choice import one_line
from newbackend.registrations.support.own_pages import with_page
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import Table, cell, cell_spans, link, tables
from newbackend.splice.operation import Operation, add_lines, anchor_missing, drop_lines
from newbackend.splice.outcome import AlreadyPresent, Inserted, Splice

PATH = "docs/content/reference/compatibility-table.md"
_NAME, _ACCELERATION = "Backend", "Acceleration"
_COLUMNS = (_NAME, "Description", "Capability", "Embeddings", "Streaming", _ACCELERATION)
_RULES = ("REG702",)


class CompatibilityTable(Place):
    """A row per backend; the language models' table has more columns than the others."""

    id = "compatibility-table"
    title = "compatibility table"
    order = 180
    file = PATH

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if not _tables(checkout):
            return Probe(unrecognised=f"has no table with the columns {_NAME} and {_ACCELERATION}")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        facts = []
        for table in _tables(checkout):
            for row in table.rows:
                backend = backend_of(checkout, row.text, row.link)
                value = {**dict(zip(table.columns, row.cells, strict=False)), "heading": table.heading}
                facts.append(Fact("row", f"row:{backend or row.text}", backend, value, PATH, row.line + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        value = {"spec": spec, "headings": headings(spec)}
        reason = f"{spec.name} in the table of backends"
        return [ExpectedFact("row", f"row:{spec.name}", value, reason, _RULES, "row")]

    def same(self, wanted: Any, observed: Any) -> bool:
        """Any text is accepted; only the row has to exist."""
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        for wanted in missing:
            yield self.added(checkout, [wanted], _add_row(checkout, spec, wanted.value["headings"]))

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        lines = lines_of(checkout, PATH)
        for fact in altered:
            moves = fact.old.value["headings"] != fact.new.value["headings"]
            if moves and fact.there.value["heading"] not in fact.new.value["headings"]:
                yield from self.revert(checkout, fact.there.backend)
                yield self.added(checkout, [fact.new], _add_row(checkout, spec, fact.new.value["headings"]))
                continue
            number = fact.there.line - 1
            table = next(table for table in _tables(checkout) if any(row.line == number for row in table.rows))
            if not set(table.columns) <= set(_COLUMNS):
                continue
            old, new = (_cells(expected.value["spec"]) for expected in (fact.old, fact.new))
            operation = _alter_row(lines, number, table, old, new)
            yield self.added(checkout, [fact.new], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        rows = [(row, row.text, row.link) for table in _tables(checkout) for row in table.rows]
        for row in speaking_of(checkout, name, rows):
            gone = drop_lines(lines_of(checkout, PATH), row.line, row.line)
            yield self.taken(checkout, gone, f"the table row of {name}", *_RULES)

    def text(self, wanted: ExpectedFact) -> list[str]:
        columns = (_NAME, "Description", _ACCELERATION)
        return [_row(wanted.value["spec"], Table("", columns, (), 0)) or ""]


def headings(spec: BackendSpec) -> tuple[str, ...]:
    """The headings of the backend's table over time, by the answer `docs.category` or its first modality."""
    category = spec.docs.category or ""
    data = registries()
    if category:
        return data.tables.get(category) or (category,)
    return data.tables[modalities()[spec.modalities[0]].table]


def display(spec: BackendSpec) -> tuple[str, str]:
    """How pages call a backend and where they link to: its upstream, its first URL, or nothing."""
    link = spec.pin.url if spec.pin else next(iter(spec.urls), "")
    return spec.name, link


def linked(spec: BackendSpec) -> str:
    """The display name with its link."""
    name, url = display(spec)
    return link(name, url) if url else name


def acceleration(variants: Iterable[str]) -> str:
    """`CPU, CUDA 12/13, Metal`: the table's words for variants, each variant once."""
    left = list(variants)
    words: list[str] = []
    for word, covered in variant_table().acceleration:
        if set(covered) <= set(left):
            words += [] if word in words else [word]
            left = [variant for variant in left if variant not in covered]
    return ", ".join(words)


@cached
def _tables(checkout: Checkout) -> list[Table]:
    return [
        table
        for table in tables(lines_of(checkout, PATH))
        if table.columns[:1] == (_NAME,) and _ACCELERATION in table.columns
    ]


def _add_row(checkout: Checkout, spec: BackendSpec, headings: Sequence[str]) -> Operation:
    """A row at the end of the one table below the first of these headings that has one."""
    for heading in headings:
        below = [table for table in _tables(checkout) if table.heading.lower() == heading.lower()]
        if len(below) == 1:
            table = below[0]
            row = _row(spec, table)
            if row is None:
                return anchor_missing(f"the table has columns of its own: {', '.join(table.columns)}", table.head + 1)
            return add_lines(lines_of(checkout, PATH), table.last, [row])
    return anchor_missing(f"there is no table under {' or '.join(headings)}")


def _row(spec: BackendSpec, table: Table) -> str | None:
    """A row in the table's own columns, or None when it has one that is not known."""
    known = _cells(spec)
    if any(column not in known for column in table.columns):
        return None
    return f"| {' | '.join(known[column] for column in table.columns)} |"


def _cells(spec: BackendSpec) -> Mapping[str, str]:
    """What the row of a backend says in each known column."""
    abilities = [word for key in spec.modalities if (word := modalities()[key].word)]
    return {
        _NAME: linked(spec),
        "Description": with_page(cell(one_line(spec.description) or spec.name), spec),
        "Capability": ", ".join(abilities) or "-",
        "Embeddings": "yes" if "embeddings" in spec.modalities else "no",
        "Streaming": "yes" if "llm" in spec.modalities else "no",
        _ACCELERATION: acceleration(spec.variants),
    }


def _alter_row(lines: Lines, number: int, table: Table, old: Mapping[str, str], new: Mapping[str, str]) -> Operation:
    """Other texts in the cells of a row. Prose that somebody wrote otherwise stays; a list grows and shrinks."""
    splices = []
    row = lines[number]
    for (start, end), column in zip(cell_spans(row), table.columns, strict=False):
        there = row[start:end]
        text = _cell(column, old[column], new[column], there)
        if text != there:
            splices.append(Splice(lines.starts[number] + start, lines.starts[number] + end, text))
    return Operation(Inserted(tuple(splices), number + 1) if splices else AlreadyPresent(number + 1))


def _cell(column: str, old: str, new: str, there: str) -> str:
    if column == _ACCELERATION:
        return _accelerated(old.split(", "), new.split(", "), there)
    return new if there == old else there


def _accelerated(old: Sequence[str], new: Sequence[str], there: str) -> str:
    """The list of accelerations with the words that came and went; the order of those that are there stays."""
    words = there.split(", ")
    for word in new:
        if word not in old and word not in words:
            gone = [words.index(mate) for mate in old if mate in words and mate not in new]
            before = gone or [words.index(mate) for mate in new[: new.index(word)] if mate in words]
            words.insert(before[-1] + 1 if before else 0, word)
    return ", ".join(word for word in words if word in new or word not in old)


PLACE = CompatibilityTable()

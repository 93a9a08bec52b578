"""docs/content/reference/compatibility-table.md: one row in the table of the backend's category (contract 11.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newbackend.catalog.registries import registries
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.support.display_names import backend_of, speaking_of
from newbackend.registrations.support.import_choice import one_line
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import Table, cell, tables
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice

PATH = "docs/content/reference/compatibility-table.md"
_NAME, _ACCELERATION = "Backend", "Acceleration"
_RULES = ("REG702",)


class CompatibilityTable(Place):
    """A row per backend; the language models' table has more columns than the others."""

    id = "compatibility-table"
    title = "compatibility table"
    order = 180

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        if checkout.read(PATH) is None:
            return Probe(absent=f"{PATH} is not in this checkout")
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

    def same(self, wanted: Any, found: Any) -> bool:
        """The words are their author's; that there is a row is what counts."""
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        for wanted in missing:
            outcome: Outcome
            table = _table(checkout, wanted.value["headings"])
            if table is None:
                outcome = AnchorMissing(f"no table stands under {' or '.join(wanted.value['headings'])}")
            else:
                row = _row(spec, table)
                if row is None:
                    outcome = AnchorMissing(
                        f"the table has columns of its own: {', '.join(table.columns)}", table.head + 1
                    )
                else:
                    at, text = lines.after(table.last, [row])
                    outcome = Inserted((Splice(at, at, text),), table.last + 2)
            yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        rows = [(row, row.text, row.link) for table in _tables(checkout) for row in table.rows]
        for row in speaking_of(checkout, name, rows):
            splice = Splice(*lines.span(row.line, row.line), "")
            yield Change(self.id, PATH, Inserted((splice,), row.line + 1), f"the table row of {name}", _RULES)

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        rows = []
        for one in wanted:
            columns = (_NAME, "Description", _ACCELERATION)
            rows.append(_row(one.value["spec"], Table("", columns, (), 0)) or "")
        return "\n".join(rows)


def headings(spec: BackendSpec) -> tuple[str, ...]:
    """The headings that the backend's table has had: the answer `docs.category`, else by its first modality."""
    said = str(spec.docs.get("category") or "")
    data = registries()
    return data.tables.get(said) or ((said,) if said else data.tables[data.table_of[spec.modalities[0]]])


def display(spec: BackendSpec) -> tuple[str, str]:
    """How pages call a backend and where they link to: its upstream, its first URL, or nothing."""
    link = spec.pin.url if spec.pin else next(iter(spec.urls), "")
    return spec.name, link


def linked(spec: BackendSpec) -> str:
    """The display name with its link."""
    name, link = display(spec)
    return f"[{name}]({link})" if link else name


def acceleration(variants: Iterable[str]) -> str:
    """`CPU, CUDA 12/13, Metal`: the table's own words for variants, each variant said once."""
    left = list(variants)
    words: list[str] = []
    for word, covered in registries().acceleration:
        if set(covered) <= set(left):
            words += [] if word in words else [word]
            left = [variant for variant in left if variant not in covered]
    return ", ".join(words)


def _tables(checkout: Checkout) -> list[Table]:
    key = ("markdown-tables", PATH)
    if key not in checkout.memo:
        found = tables(Lines(checkout.need(PATH)))
        checkout.memo[key] = [t for t in found if t.columns[:1] == (_NAME,) and _ACCELERATION in t.columns]
    cached = checkout.memo[key]
    assert isinstance(cached, list)
    return cached


def _table(checkout: Checkout, wanted: Sequence[str]) -> Table | None:
    for heading in wanted:
        found = [table for table in _tables(checkout) if table.heading.lower() == heading.lower()]
        if len(found) == 1:
            return found[0]
    return None


def _row(spec: BackendSpec, table: Table) -> str | None:
    """A row in the table's own columns, or None when it has one that is not known."""
    words = registries().capability_words
    said = [words[key] for key in spec.modalities if key in words]
    known: Mapping[str, str] = {
        _NAME: linked(spec),
        "Description": cell(one_line(spec.description) or spec.name),
        "Capability": ", ".join(said) or "-",
        "Embeddings": "yes" if "embeddings" in spec.modalities else "no",
        "Streaming": "yes" if "llm" in spec.modalities else "no",
        _ACCELERATION: acceleration(spec.variants),
    }
    if any(column not in known for column in table.columns):
        return None
    return f"| {' | '.join(known[column] for column in table.columns)} |"


PLACE = CompatibilityTable()

"""README.md: the table of engines that the project itself maintains.

Only for in-house engines (answers `docs.in_house`): a wrapper around somebody else's engine does not
belong there (guide, "Documenting the backend").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.compatibility_table.place import linked
from newbackend.registrations.support.display_names import backend_of, speaking_of
from newbackend.registrations.support.import_choice import one_line
from newbackend.spec import BackendSpec
from newbackend.splice.lines import Lines
from newbackend.splice.markdown import Table, cell, tables
from newbackend.splice.outcome import Inserted, Splice

PATH = "README.md"
_COLUMNS = ("Backend", "What it does")
_RULES = ("REG703",)


class ReadmeEngines(Place):
    """A row per in-house engine."""

    id = "readme-engines"
    title = "README, engines built by the project"
    order = 200

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        text = checkout.read(PATH)
        if text is None:
            return Probe(absent=f"{PATH} is not in this checkout")
        if len(_tables(checkout)) > 1:
            return Probe(unrecognised="has more than one table of engines", line=_tables(checkout)[1].head + 1)
        if not _tables(checkout):
            return Probe(absent=f"{PATH} has no table of engines built by the project")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        rows = _tables(checkout)[0].rows
        found = [(row, backend_of(checkout, row.text, row.link)) for row in rows]
        return [
            Fact("engine", f"engine:{name or row.text}", name, list(row.cells), PATH, row.line + 1)
            for row, name in found
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if spec.docs.get("in_house") is not True:
            return ()
        text = f"| {linked(spec)} | {cell(one_line(spec.description) or spec.name)} |"
        reason = f"{spec.name} among the project's own engines"
        return [ExpectedFact("engine", f"engine:{spec.name}", text, reason, _RULES, "engine")]

    def same(self, wanted: Any, found: Any) -> bool:
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        last = _tables(checkout)[0].last
        for wanted in missing:
            at, text = lines.after(last, [str(wanted.value)])
            outcome = Inserted((Splice(at, at, text),), last + 2)
            yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        lines = Lines(checkout.need(PATH))
        rows = [(row, row.text, row.link) for row in _tables(checkout)[0].rows]
        for row in speaking_of(checkout, name, rows):
            splice = Splice(*lines.span(row.line, row.line), "")
            yield Change(self.id, PATH, Inserted((splice,), row.line + 1), f"the engine row of {name}", _RULES)

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join(str(one.value) for one in wanted)


def _tables(checkout: Checkout) -> list[Table]:
    key = ("markdown-tables", PATH)
    if key not in checkout.memo:
        checkout.memo[key] = [t for t in tables(Lines(checkout.need(PATH))) if t.columns == _COLUMNS]
    cached = checkout.memo[key]
    assert isinstance(cached, list)
    return cached


PLACE = ReadmeEngines()

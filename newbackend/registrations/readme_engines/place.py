"""README.md: the table of engines that the project itself maintains.

Only for the project's own engines, by the address of their repository or the answer `docs.in_house`: a wrapper around
somebody else's engine does not belong there (guide, "Documenting the backend").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from newbackend.checkout.tree import Checkout, cached
from newbackend.registrations.base import Altered, Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.compatibility_table.place import linked
from newbackend.registrations.support.display_names import backend_of, speaking_of
from newbackend.registrations.support.import_choice import one_line
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.markdown import Table, cell, tables
from newbackend.splice.operation import Operation, add_lines, drop_lines
from newbackend.splice.outcome import Inserted
from newbackend.splice.yaml_fields import replace_lines

PATH = "README.md"
_COLUMNS = ("Backend", "What it does")
_RULES = ("REG703",)
_OWN = re.compile(r"https?://(?:www\.)?github\.com/(?:mudler|localai-org)/([^/\s#]+\.cpp)(?:\.git)?/?\Z", re.I)


class ReadmeEngines(Place):
    """A row per in-house engine."""

    id = "readme-engines"
    title = "README, engines built by the project"
    order = 200
    file = PATH

    def shape(self, checkout: Checkout, text: str) -> Probe:
        if len(_tables(checkout)) > 1:
            return Probe(unrecognised="has more than one table of engines", line=_tables(checkout)[1].head + 1)
        if not _tables(checkout):
            return Probe(absent=f"{PATH} has no table of engines built by the project")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        rows = _tables(checkout)[0].rows
        named = [(row, backend_of(checkout, row.text, row.link)) for row in rows]
        return [
            Fact("engine", f"engine:{name or row.text}", name, list(row.cells), PATH, row.line + 1)
            for row, name in named
        ]

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if not _in_house(spec):
            return ()
        text = f"| {linked(spec)} | {cell(one_line(spec.description) or spec.name)} |"
        reason = f"{spec.name} among the project's own engines"
        return [ExpectedFact("engine", f"engine:{spec.name}", text, reason, _RULES, "engine")]

    def same(self, wanted: Any, observed: Any) -> bool:
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        last = _tables(checkout)[0].last
        for wanted in missing:
            yield self.added(checkout, [wanted], add_lines(lines_of(checkout, PATH), last, self.text(wanted)))

    def alter(self, checkout: Checkout, spec: BackendSpec, altered: Sequence[Altered]) -> Iterable[Change]:
        lines = lines_of(checkout, PATH)
        for fact in altered:
            number = fact.there.line - 1
            if lines[number].strip() == fact.old.value:
                splices = replace_lines(lines, number, number, [fact.new.value])
                yield self.added(checkout, [fact.new], Operation(Inserted(tuple(splices), fact.there.line)))

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        rows = [(row, row.text, row.link) for row in _tables(checkout)[0].rows]
        for row in speaking_of(checkout, name, rows):
            gone = drop_lines(lines_of(checkout, PATH), row.line, row.line)
            yield self.taken(checkout, gone, f"the engine row of {name}", *_RULES)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [str(wanted.value)]


def own_engine(urls: Iterable[object]) -> str:
    """The engine of the project's own among some addresses: a .cpp repository of its owners; "" without one."""
    return next((match[1] for url in urls if (match := _OWN.match(str(url)))), "")


def _in_house(spec: BackendSpec) -> bool:
    if spec.docs.in_house is not None:
        return spec.docs.in_house
    urls = (*spec.urls, *([spec.pin.url] if spec.pin else []))
    return spec.language.in_house_engines and bool(own_engine(urls))


@cached
def _tables(checkout: Checkout) -> list[Table]:
    return [table for table in tables(lines_of(checkout, PATH)) if table.columns == _COLUMNS]


PLACE = ReadmeEngines()

"""The path filter's list of forks: backends that are built from another one's directory as well.

A change there must start their jobs too. Since 2026-07-20 `backendChanged` says it of the
jobs themselves; the older script only sets the backend's output flag by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.registrations.base import Change, ExpectedFact, Fact
from newbackend.registrations.support.filter_script import FilterScript
from newbackend.registrations.support.text_files import lines_of
from newbackend.spec import BackendSpec
from newbackend.splice.javascript_forks import Retrigger, flag, last_return, retriggers
from newbackend.splice.lines import Lines, step_of
from newbackend.splice.operation import (
    Operation,
    add_lines,
    add_lines_before,
    add_word,
    anchor_missing,
    drop,
    drop_lines,
)
from newbackend.splice.outcome import AnchorMissing, Inserted, Splice

FUNCTION = "backendChanged"
RULE = "REG403"
_FOLDER = re.compile(r"backend/[a-z]+/[a-z0-9][a-z0-9._-]*/\Z")
_PARTS = r"\s*(?:\|\||&&|[();])\s*"


class PathFilterForks(FilterScript):
    """One name beside the other forks of the same directory."""

    id = "path-filter-forks"
    title = "CI path filter, forks"
    order = 60
    takes_facts = True

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        path = self.path(checkout)
        return [
            Fact("fork", f"fork:{term.name}:{statement.directory}", term.name, statement.directory, path, term.line)
            for statement in _retriggers(checkout, path)
            for term in statement.terms
        ]

    def concerns(self, spec: BackendSpec) -> bool:
        return bool(spec.its_flavour.needs_path)

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        needed = spec.its_flavour.needs_path
        if not needed:
            return ()
        folder = needed.rpartition("/")[0] + "/"
        reason = f"a change below {folder} starts {spec.name}'s jobs too"
        return [ExpectedFact("fork", f"fork:{spec.name}:{folder}", folder, reason, (RULE,), "fork")]

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        if not isinstance(value, str) or not _FOLDER.match(value) or key != f"fork:{spec.name}:{value}":
            raise self.refuse_fact(key, f"is not a backend directory that {spec.name} is built from")
        return value

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        path = self.path(checkout)
        lines = lines_of(checkout, path)
        for wanted in missing:
            operation = _add(lines, _retriggers(checkout, path), spec.name, str(wanted.value))
            yield self.added(checkout, [wanted], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        path = self.path(checkout)
        for statement in _retriggers(checkout, path):
            if name in [term.name for term in statement.terms]:
                reason = f"the fork {name} of {statement.directory}"
                if statement.plain:
                    yield self.taken(checkout, _drop(lines_of(checkout, path), statement, name), reason, RULE)
                else:
                    refused = AnchorMissing("something else is decided together with it", statement.line + 1)
                    yield Change(self.id, path, refused, reason, (RULE,), name)

    def text(self, wanted: ExpectedFact) -> list[str]:
        return [_statement(wanted.key.split(":")[1], str(wanted.value), "changedFiles")]


def _statement(name: str, folder: str, files: str) -> str:
    return f'if (backend === "{name}" && {files}.some(file => file.startsWith("{folder}"))) return true;'


@cached_by_file
def _retriggers(checkout: Checkout, path: str) -> tuple[Retrigger, ...]:
    return retriggers(checkout.need(path))


def _add(lines: Lines, statements: Sequence[Retrigger], name: str, folder: str) -> Operation:
    mates = [statement for statement in statements if statement.directory == folder]
    listed = next((statement for statement in mates if statement.returned and statement.plain), None)
    if listed is not None and _bracketed(lines.text, listed):
        return add_word(lines, listed.terms[-1].end, f'backend === "{name}"', glue=" || ", separator=_PARTS)
    end = last_return(lines.text, FUNCTION)
    if end is not None:
        row, files = end
        return add_lines_before(lines, row, [f"{lines.indent(row)}{_statement(name, folder, files)}"])
    spot = flag(lines.text)
    if spot is None:
        return anchor_missing(f"there is neither a function {FUNCTION} nor a flag `changed` to correct")
    row, files = spot
    blocks = [statement.last for statement in statements if statement.first > row]
    return add_lines(lines, max([row, *blocks]), _block(name, folder, files, lines.indent(row)))


def _block(name: str, folder: str, files: str, pad: str) -> list[str]:
    step = step_of(pad)
    return [
        f'{pad}if (backend === "{name}" && !changed) {{',
        f'{pad}{step}changed = {files}.some(file => file.startsWith("{folder}"));',
        f"{pad}}}",
    ]


def _bracketed(text: str, statement: Retrigger) -> bool:
    """Whether the names have brackets of their own, so that one more can join them."""
    before, behind = text[: statement.terms[0].start].rstrip(), text[statement.terms[-1].end :].lstrip()
    return before.endswith("(") and behind.startswith(")")


def _drop(lines: Lines, statement: Retrigger, name: str) -> Operation:
    """Takes a name out: its term, or the whole statement when it is the only one."""
    terms = statement.terms
    if len(terms) > 1:
        at = [term.name for term in terms].index(name)
        if at == 0:
            return drop(lines, terms[0].start, terms[1].start)
        return drop(lines, terms[at - 1].end, terms[at].end)
    if statement.value is None:
        return drop_lines(lines, statement.first, statement.last)
    # The function must still end with an answer.
    answer = f"{lines.indent(statement.line)}return false"
    start = lines.starts[statement.first]
    return Operation(Inserted((Splice(start, statement.value[1], answer),), statement.first + 1))


PLACE = PathFilterForks()

"""The path filter's list of forks: backends that are built from another one's directory as well.

A change there must start their jobs too (contract 11.2). Since 2026-07-20 `backendChanged` says it of the
jobs themselves; the older script only sets the backend's output flag by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, rules_of
from newbackend.registrations.support.filter_script import FilterScript
from newbackend.spec import BackendSpec
from newbackend.splice.javascript_forks import Retrigger, flag, last_return, retriggers
from newbackend.splice.lines import Lines, step_of
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice
from newbackend.splice.prove import GrownLine, Proof

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
            Fact("fork", f"fork:{term.name}:{one.directory}", term.name, one.directory, path, term.line)
            for one in _retriggers(checkout, path)
            for term in one.terms
        ]

    def concerns(self, spec: BackendSpec) -> bool:
        return spec.flavour in spec.language.flavour_needs_path

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        needed = spec.language.flavour_needs_path.get(spec.flavour)
        if needed is None:
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
        text = checkout.need(path)
        for wanted in missing:
            outcome, proofs = _add(text, _retriggers(checkout, path), spec.name, str(wanted.value))
            yield Change(self.id, path, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]), proofs)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        path = self.path(checkout)
        lines = Lines(checkout.need(path))
        for one in _retriggers(checkout, path):
            if not one.plain and name in [term.name for term in one.terms]:
                outcome = AnchorMissing("something else is decided together with it", one.line + 1)
                yield Change(self.id, path, outcome, f"the fork {name} of {one.directory}", (RULE,), name)
                continue
            for splice in _without(lines, one, name):
                line = lines.line_at(splice.start) + 1
                yield Change(self.id, path, Inserted((splice,), line), f"the fork {name} of {one.directory}", (RULE,))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        return "\n".join(_statement(one.key.split(":")[1], str(one.value), "changedFiles") for one in wanted)


def _statement(name: str, folder: str, files: str) -> str:
    return f'if (backend === "{name}" && {files}.some(file => file.startsWith("{folder}"))) return true;'


def _retriggers(checkout: Checkout, path: str) -> tuple[Retrigger, ...]:
    key = ("filter-forks", path)
    if key not in checkout.memo:
        checkout.memo[key] = retriggers(checkout.need(path))
    found = checkout.memo[key]
    assert isinstance(found, tuple)
    return found


def _add(text: str, found: Sequence[Retrigger], name: str, folder: str) -> tuple[Outcome, tuple[Proof, ...]]:
    lines = Lines(text)
    mates = [one for one in found if one.directory == folder]
    listed = next((one for one in mates if one.returned and one.plain), None)
    if listed is not None and _bracketed(text, listed):
        last = listed.terms[-1]
        term = f'backend === "{name}"'
        proof = GrownLine(last.line, _PARTS, (term,))
        return Inserted((Splice(last.end, last.end, f" || {term}"),), last.line), (proof,)
    end = last_return(text, FUNCTION)
    if end is not None:
        row, files = end
        pad = lines.indent(row)
        at = lines.starts[row]
        return Inserted((Splice(at, at, f"{pad}{_statement(name, folder, files)}{lines.newline}"),), row + 1), ()
    spot = flag(text)
    if spot is None:
        return AnchorMissing(f"there is neither a function {FUNCTION} nor a flag `changed` to correct"), ()
    row, files = spot
    blocks = [one.last for one in found if one.first > row]
    at, block = lines.after(max([row, *blocks]), _block(name, folder, files, lines.indent(row)))
    return Inserted((Splice(at, at, block),), max([row, *blocks]) + 2), ()


def _block(name: str, folder: str, files: str, pad: str) -> list[str]:
    step = step_of(pad)
    return [
        f'{pad}if (backend === "{name}" && !changed) {{',
        f'{pad}{step}changed = {files}.some(file => file.startsWith("{folder}"));',
        f"{pad}}}",
    ]


def _bracketed(text: str, one: Retrigger) -> bool:
    """Whether the names stand in brackets of their own, so that one more can join them."""
    before, behind = text[: one.terms[0].start].rstrip(), text[one.terms[-1].end :].lstrip()
    return before.endswith("(") and behind.startswith(")")


def _without(lines: Lines, one: Retrigger, name: str) -> list[Splice]:
    """What takes a name out: its term, or the whole statement when it is the only one."""
    names = [term.name for term in one.terms]
    if name not in names:
        return []
    if len(names) > 1:
        at = names.index(name)
        term = one.terms[at]
        if at == 0:
            return [Splice(term.start, one.terms[1].start, "")]
        return [Splice(one.terms[at - 1].end, term.end, "")]
    if one.value is None:
        return [Splice(*lines.span(one.first, one.last), "")]
    # The function must still end with an answer.
    pad = lines.indent(one.line)
    return [Splice(lines.starts[one.first], one.value[1], f"{pad}return false")]


PLACE = PathFilterForks()

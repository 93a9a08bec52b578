"""`.github/workflows/backend_build_darwin.yml`: how each backend is built on macOS (contract 7.4).

A C++ backend has a step of its own, gated by its name, and is left out of the generic step. Without the
step nothing builds it; without the exclusion the generic step looks for a `backend/go/<name>` that does
not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, rules_of
from newbackend.registrations.darwin_makefile.place import bespoke
from newbackend.registrations.support.yaml_files import probe_sequence, sequence
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AnchorMissing, Inserted, Outcome, Splice
from newbackend.splice.prove import GrownLine, ListEdit, Proof, ValueEdit
from newbackend.splice.yaml_list import Item, YamlList, insert_after

PATH = ".github/workflows/backend_build_darwin.yml"
KEYS = ("jobs", "darwin-backend-build", "steps")
_GATE = re.compile(r"inputs\.backend == '([a-z0-9-]+)'\Z")
_RUNS = re.compile(r"^\s*make backends/([a-z0-9-]+)-darwin\s*$", re.M)
_NOT = re.compile(r"inputs\.backend != '([a-z0-9-]+)'\Z")
_TITLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ().,_-]|\$\{\{ inputs\.[a-z]+ \}\})*\Z")
_MAKE = re.compile(r"make [A-Za-z0-9/_-]+\Z")
_GENERIC = "make build-darwin-${{ inputs.lang }}-backend"
_AND = r"\s*(?:&&|\bif:)\s*"


class DarwinWorkflow(Place):
    """The gated step, and the name in the generic step's condition."""

    id = "darwin-workflow"
    title = "macOS build workflow"
    order = 80
    takes_facts = True

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        return probe_sequence(checkout, PATH, KEYS)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        found = _steps(checkout)
        facts = []
        for item in found.items:
            gate, run = _GATE.match(str(item.get("if") or "")), _RUNS.search(str(item.get("run") or ""))
            if gate and run and gate[1] == run[1]:
                facts.append(Fact("step", f"step:{gate[1]}", gate[1], item.own(), PATH, item.line))
        generic = _generic(found)
        for name in _excluded(generic) if generic else ():
            line = generic.fields["if"].line if generic else 1
            facts.append(Fact("exclusion", f"exclusion:{name}", name, name, PATH, line))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if not bespoke(spec):
            return ()
        name = spec.name
        step = {
            "name": f"Build {name} backend (Darwin Metal)",
            "if": f"inputs.backend == '{name}'",
            "run": f"make backends/{name}-darwin\n",
        }
        reason = f"the macOS step of {name}"
        other = f"{name} is not built by the generic macOS step"
        return [
            ExpectedFact("step", f"step:{name}", step, reason, ("REG121",), "step"),
            ExpectedFact("exclusion", f"exclusion:{name}", name, other, ("REG122",), "exclusion"),
        ]

    def same(self, wanted: object, found: object) -> bool:
        """A step's title and what it does besides are its author's business; `read` saw what matters."""
        return True

    def from_answers(self, spec: BackendSpec, key: str, value: object) -> object:
        if key == f"exclusion:{spec.name}" and value == spec.name:
            return value
        if key != f"step:{spec.name}" or not isinstance(value, dict) or set(value) != {"name", "if", "run"}:
            raise self.refuse_fact(key, f"is not the step of {spec.name} with name, if and run")
        runs = str(value["run"]).splitlines()
        known = value["if"] == f"inputs.backend == '{spec.name}'" and f"make backends/{spec.name}-darwin" in runs
        if not known or not _TITLE.match(str(value["name"])) or not all(_MAKE.match(line) for line in runs):
            raise self.refuse_fact(key, "has a text that cannot be written safely")
        return dict(value)

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        found = _steps(checkout)
        generic = _generic(found)
        for wanted in missing:
            outcome: Outcome
            proofs: tuple[Proof, ...] = ()
            if generic is None:
                outcome = AnchorMissing(f"no single step runs `{_GENERIC}`", found.line)
            elif wanted.kind == "step":
                outcome, proofs = self._step(checkout, found, generic, wanted)
            else:
                outcome, proofs = _exclusion(found, generic, str(wanted.value))
            snippet = self.snippet([wanted])
            yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), snippet, proofs)

    def _step(
        self, checkout: Checkout, found: YamlList, generic: Item, wanted: ExpectedFact
    ) -> tuple[Outcome, tuple[Proof, ...]]:
        """Behind the last step of its kind, else in front of the generic one (behind what is before that)."""
        own = {fact.line for fact in self.observe(checkout) if fact.kind == "step"}
        before = [item for item in found.items if item.index < generic.index]
        siblings = [item for item in before if item.line in own] or before
        if not siblings:
            return AnchorMissing("there is no step in front of the generic one", generic.line), ()
        sibling = siblings[-1]
        splice = insert_after(found, sibling, [["", *_step_lines(wanted, sibling.indent)]])
        proof = ListEdit(KEYS, ((sibling.index + 1, wanted.value),))
        return Inserted((splice,), sibling.last + 3), (proof,)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        found = _steps(checkout)
        own = {fact.line for fact in self.observe(checkout) if fact.kind == "step" and fact.backend == name}
        for item in found.items:
            if item.line in own:
                blank = item.first > 0 and not found.lines[item.first - 1].strip()
                splice = Splice(*found.lines.span(item.first - blank, item.last), "")
                proof = ListEdit(KEYS, removed=frozenset({item.index}))
                reason = f"the macOS step of {name}"
                yield Change(self.id, PATH, Inserted((splice,), item.line), reason, ("REG121",), "", (proof,))
        generic = _generic(found)
        if generic and name in _excluded(generic):
            yield self._included(found, generic, name)

    def _included(self, found: YamlList, generic: Item, name: str) -> Change:
        """Takes a name out of the generic step's condition; the only one is left to a person."""
        field = generic.fields["if"]
        number = field.line - 1
        names = _excluded(generic)
        reason = f"the exclusion of {name}"
        if names == [name]:
            alone = AnchorMissing("it is the whole condition of the generic step", field.line)
            return Change(self.id, PATH, alone, reason, ("REG122",))
        term = f"inputs.backend != '{name}'"
        at = found.lines[number].find(term)
        head = found.lines[number].startswith(f" && {term}", at - 4)
        start, end = (at - 4, at + len(term)) if head else (at, at + len(term) + 4)
        base = found.lines.starts[number]
        value = " && ".join(f"inputs.backend != '{other}'" for other in names if other != name)
        proof = ValueEdit((*KEYS, generic.index, "if"), value)
        splice = Splice(base + start, base + end, "")
        return Change(self.id, PATH, Inserted((splice,), field.line), reason, ("REG122",), "", (proof,))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        rows: list[str] = []
        for one in wanted:
            rows += _step_lines(one, 6) if one.kind == "step" else [f" && inputs.backend != '{one.value}'"]
        return "\n".join(rows)


def _steps(checkout: Checkout) -> YamlList:
    found = sequence(checkout, PATH, KEYS)
    assert found is not None  # probe() saw it
    return found


def _generic(found: YamlList) -> Item | None:
    """The one step that builds every backend without a step of its own, its condition on one line."""
    hits = [item for item in found.items if _GENERIC in str(item.get("run") or "") and item.get("if")]
    if len(hits) != 1 or hits[0].fields["if"].style:
        return None
    field = hits[0].fields["if"]
    return hits[0] if found.lines[field.line - 1].rstrip().endswith(str(field.value)) else None


def _excluded(generic: Item) -> list[str]:
    """The names that the generic step leaves out, or none when its condition says something else too."""
    terms = [_NOT.match(term.strip()) for term in str(generic.get("if")).split("&&")]
    return [term[1] for term in terms if term] if all(terms) else []


def _exclusion(found: YamlList, generic: Item, name: str) -> tuple[Outcome, tuple[Proof, ...]]:
    field = generic.fields["if"]
    if not _excluded(generic):
        return AnchorMissing("the generic step's condition is not a plain list of exclusions", field.line), ()
    number = field.line - 1
    term = f"inputs.backend != '{name}'"
    at = found.lines.starts[number] + len(found.lines[number].rstrip())
    proofs = (
        ValueEdit((*KEYS, generic.index, "if"), f"{field.value} && {term}"),
        GrownLine(field.line, _AND, (term,)),
    )
    return Inserted((Splice(at, at, f" && {term}"),), field.line), proofs


def _step_lines(wanted: ExpectedFact, indent: int) -> list[str]:
    pad = " " * indent
    value = wanted.value
    body = [f"{pad}    {row}" for row in str(value["run"]).splitlines()]
    return [f"{pad}- name: {value['name']}", f"{pad}  if: {value['if']}", f"{pad}  run: |", *body]


PLACE = DarwinWorkflow()

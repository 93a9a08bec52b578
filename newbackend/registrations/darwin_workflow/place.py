"""`.github/workflows/backend_build_darwin.yml`: how each backend is built on macOS.

A C++ backend has its own step, with a condition on its name, and is excluded from the generic step. Without the
step nothing builds it; without the exclusion the generic step looks for a `backend/go/<name>` that does
not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe
from newbackend.registrations.darwin_makefile.place import bespoke
from newbackend.registrations.support.yaml_files import need_sequence, probe_sequence
from newbackend.spec import BackendSpec
from newbackend.splice.operation import Operation, add_items, add_word, anchor_missing, drop, drop_items
from newbackend.splice.prove import ValueEdit
from newbackend.splice.yaml_list import Item, YamlList

PATH = ".github/workflows/backend_build_darwin.yml"
KEYS = ("jobs", "darwin-backend-build", "steps")
_GATE = re.compile(r"inputs\.backend == '([a-z0-9-]+)'\Z")
_RUNS = re.compile(r"^[ \t]*make backends/([a-z0-9-]+)-darwin\s*$", re.M)
_NOT = re.compile(r"inputs\.backend != '([a-z0-9-]+)'\Z")
_TITLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ().,_-]|\$\{\{ inputs\.[a-z]+ \}\})*\Z")
_MAKE = re.compile(r"make [A-Za-z0-9/_-]+\Z")
_GENERIC = "make build-darwin-${{ inputs.lang }}-backend"
_GLUE = " && "
_AND = r"\s*(?:&&|\bif:)\s*"


class DarwinWorkflow(Place):
    """The gated step, and the name in the generic step's condition."""

    id = "darwin-workflow"
    title = "macOS build workflow"
    order = 80
    file = PATH
    needs: ClassVar = {"REG122": frozenset({"REG121"})}  # without the generic step, a step of its own builds it
    takes_facts = True

    def shape(self, checkout: Checkout, text: str) -> Probe:
        return probe_sequence(checkout, PATH, KEYS)

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        steps = need_sequence(checkout, PATH, KEYS)
        facts = []
        for item in steps.items:
            gate, run = _GATE.match(str(item.get("if") or "")), _RUNS.search(str(item.get("run") or ""))
            if gate and run and gate[1] == run[1]:
                facts.append(Fact("step", f"step:{gate[1]}", gate[1], item.own(), PATH, item.line))
        generic = _generic(steps)
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

    def same(self, wanted: object, observed: object) -> bool:
        """Title and further commands of a step may differ; `read` extracts what matters."""
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
        steps = need_sequence(checkout, PATH, KEYS)
        generic = _generic(steps)
        for wanted in missing:
            if generic is None:
                operation = anchor_missing(f"no single step runs `{_GENERIC}`", steps.line)
            elif wanted.kind == "step":
                operation = self._add_step(checkout, steps, generic, wanted)
            else:
                operation = _add_exclusion(steps, generic, str(wanted.value))
            yield self.added(checkout, [wanted], operation)

    def _add_step(self, checkout: Checkout, steps: YamlList, generic: Item, wanted: ExpectedFact) -> Operation:
        """Adds a step after the last one of its kind, else before the generic one."""
        own = {fact.line for fact in self.observe(checkout) if fact.kind == "step"}
        before = [item for item in steps.items if item.index < generic.index]
        siblings = [item for item in before if item.line in own] or before
        if not siblings:
            return anchor_missing("there is no step in front of the generic one", generic.line)
        sibling = siblings[-1]
        return add_items(steps, sibling, [(wanted.value, ["", *_step_lines(wanted, sibling.indent)])])

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        steps = need_sequence(checkout, PATH, KEYS)
        own = {fact.line for fact in self.observe(checkout) if fact.kind == "step" and fact.backend == name}
        for item in steps.items:
            if item.line in own:
                blank = [item.first - 1] if item.first > 0 and not steps.lines[item.first - 1].strip() else []
                yield self.taken(checkout, drop_items(steps, [item], blank), f"the macOS step of {name}", "REG121")
        generic = _generic(steps)
        if generic and name in _excluded(generic):
            yield self.taken(checkout, _drop_exclusion(steps, generic, name), f"the exclusion of {name}", "REG122")

    def text(self, wanted: ExpectedFact) -> list[str]:
        return _step_lines(wanted, 6) if wanted.kind == "step" else [f"{_GLUE}{_not(str(wanted.value))}"]


def _not(name: str) -> str:
    return f"inputs.backend != '{name}'"


def _generic(steps: YamlList) -> Item | None:
    """The one step that builds every backend without a step of its own, its condition on one line."""
    hits = [item for item in steps.items if _GENERIC in str(item.get("run") or "") and item.get("if")]
    if len(hits) != 1 or hits[0].fields["if"].style:
        return None
    field = hits[0].fields["if"]
    return hits[0] if steps.lines[field.line - 1].rstrip().endswith(str(field.value)) else None


def _excluded(generic: Item) -> list[str]:
    """The names that the generic step excludes, or none when its condition has other terms."""
    terms = [_NOT.match(term.strip()) for term in str(generic.get("if")).split("&&")]
    return [term[1] for term in terms if term] if all(terms) else []


def _add_exclusion(steps: YamlList, generic: Item, name: str) -> Operation:
    """Adds a name to the generic step's condition."""
    field = generic.fields["if"]
    if not _excluded(generic):
        return anchor_missing("the generic step's condition is not a plain list of exclusions", field.line)
    number = field.line - 1
    at = steps.lines.starts[number] + len(steps.lines[number].rstrip())
    grown = add_word(steps.lines, at, _not(name), glue=_GLUE, separator=_AND)
    value = ValueEdit((*KEYS, generic.index, "if"), f"{field.value}{_GLUE}{_not(name)}")
    return Operation(grown.outcome, (value, *grown.proofs))


def _drop_exclusion(steps: YamlList, generic: Item, name: str) -> Operation:
    """Removes a name from the generic step's condition; the only one has to be removed by hand."""
    field = generic.fields["if"]
    others = [other for other in _excluded(generic) if other != name]
    if not others:
        return anchor_missing("it is the whole condition of the generic step", field.line)
    line, term = steps.lines[field.line - 1], _not(name)
    at = line.find(term)
    first = not line.startswith(f"{_GLUE}{term}", at - len(_GLUE))
    start = steps.lines.starts[field.line - 1] + (at if first else at - len(_GLUE))
    gone = drop(steps.lines, start, start + len(term) + len(_GLUE))
    return Operation(gone.outcome, (ValueEdit((*KEYS, generic.index, "if"), _GLUE.join(map(_not, others))),))


def _step_lines(wanted: ExpectedFact, indent: int) -> list[str]:
    pad = " " * indent
    value = wanted.value
    body = [f"{pad}    {row}" for row in str(value["run"]).splitlines()]
    return [f"{pad}- name: {value['name']}", f"{pad}  if: {value['if']}", f"{pad}  run: |", *body]


PLACE = DarwinWorkflow()

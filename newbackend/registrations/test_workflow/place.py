"""`.github/workflows/test-extra.yml`: a job that runs the backend's tests when its files change.

Only on request (the guide calls it optional): `overrides.places.test-workflow: {job: true}`. The job is
gated by an output of the job that detects changes, so both go in together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, answers_for, rules_of
from newbackend.registrations.support.yaml_files import document
from newbackend.spec import BackendSpec
from newbackend.splice.comments import own_comment
from newbackend.splice.outcome import AnchorMissing, Inserted, Splice
from newbackend.splice.prove import MapEdit
from newbackend.splice.yaml_list import YamlBroken, plain_value
from newbackend.splice.yaml_map import Entry, YamlMap, read_map

PATH = ".github/workflows/test-extra.yml"
OUTPUTS = ("jobs", "detect-changes", "outputs")
JOBS = ("jobs",)
_RULES = ("REG710",)
_OUTPUT = re.compile(r"\$\{\{ steps\.\w+\.outputs\.([a-z0-9-]+) \}\}\Z")
_NEEDS = re.compile(r"needs\.detect-changes\.outputs\.([a-z0-9-]+) == 'true'")
_FALLBACK = {"checkout": "actions/checkout@v4", "setup_go": "actions/setup-go@v5"}


class TestWorkflow(Place):
    """An output line and a job."""

    __test__ = False  # not a test class, whatever its name

    id = "test-workflow"
    title = "extra test workflow"
    order = 170
    override_keys = frozenset(("job",))

    def path(self, checkout: Checkout) -> str:
        return PATH

    def probe(self, checkout: Checkout) -> Probe:
        root = document(checkout, PATH)
        if root is None:
            return Probe(absent=f"{PATH} is not in this checkout")
        if isinstance(root, YamlBroken):
            return Probe(unrecognised=f"is not valid YAML: {root.problem}", line=root.line)
        for keys in (OUTPUTS, JOBS):
            found = _map(checkout, keys)
            if found is None or not found.entries:
                return Probe(unrecognised=f"has no block mapping at {'/'.join(keys)}")
        return Probe()

    def read(self, checkout: Checkout) -> Sequence[Fact]:
        facts = []
        for entry in _need(checkout, OUTPUTS).entries:
            match = _OUTPUT.match(str(plain_value(entry.node)))
            if match and match[1] == entry.key and entry.key != "run-all":
                facts.append(Fact("output", f"output:{entry.key}", entry.key, entry.key, PATH, entry.first + 1))
        for entry in _need(checkout, JOBS).entries:
            job = plain_value(entry.node)
            gate = _NEEDS.search(str(job.get("if") or "")) if isinstance(job, Mapping) else None
            if gate:
                facts.append(Fact("job", f"job:{entry.key}", gate[1], entry.key, PATH, entry.first + 1))
        return facts

    def expect(self, spec: BackendSpec, checkout: Checkout) -> Sequence[ExpectedFact]:
        if answers_for(spec, self.id).get("job") is not True:
            return ()
        name = spec.name
        return [
            ExpectedFact("output", f"output:{name}", name, f"tells whether files of {name} changed", _RULES, "output"),
            ExpectedFact("job", f"job:tests-{name}", {"spec": spec}, f"runs the tests of {name}", _RULES, "job"),
        ]

    def same(self, wanted: Any, found: Any) -> bool:
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        for wanted in missing:
            keys = OUTPUTS if wanted.kind == "output" else JOBS
            found = _need(checkout, keys)
            sibling = self._sibling(checkout, spec, found, wanted.kind)
            rows = (
                _output_lines(spec.name, sibling.indent)
                if wanted.kind == "output"
                else _job_lines(checkout, spec, sibling.indent)
            )
            at, text = found.lines.after(sibling.last, rows)
            value = yaml.safe_load("\n".join(rows) + "\n")
            proof = MapEdit(keys, tuple(value.items()))
            outcome = Inserted((Splice(at, at, text),), sibling.last + 2)
            yield Change(self.id, PATH, outcome, wanted.reason, rules_of([wanted]), self.snippet([wanted]), (proof,))

    def _sibling(self, checkout: Checkout, spec: BackendSpec, found: YamlMap, kind: str) -> Entry:
        """The last output; the last job of the same language, else the last job."""
        folder = spec.directory.rsplit("/", 1)[0] + "/"
        same = [entry for entry in found.entries if kind == "job" and f"-C {folder}" in str(plain_value(entry.node))]
        return (same or list(found.entries))[-1]

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        own = {fact.line for fact in self.observe(checkout) if fact.backend == name}
        for keys in (OUTPUTS, JOBS):
            found = _need(checkout, keys)
            gone = [entry for entry in found.entries if entry.first + 1 in own]
            if len(gone) == len(found.entries):
                outcome = AnchorMissing(f"nothing would be left of {'/'.join(keys)}", found.line)
                yield Change(self.id, PATH, outcome, f"the tests of {name}", _RULES)
                continue
            for entry in gone:
                first = own_comment(found.lines, entry.first, "#", [name, entry.key])
                splice = Splice(*found.lines.span(first, entry.last), "")
                proof = MapEdit(keys, removed=frozenset({entry.key}))
                reason = f"{entry.key} in {'/'.join(keys)}"
                yield Change(self.id, PATH, Inserted((splice,), entry.first + 1), reason, _RULES, "", (proof,))

    def snippet(self, wanted: Sequence[ExpectedFact]) -> str:
        rows: list[str] = []
        for one in wanted:
            if one.kind == "output":
                rows += _output_lines(str(one.value), 6)
            else:
                rows += _job_rows(one.value["spec"], _FALLBACK, 2)
        return "\n".join(rows)


def _map(checkout: Checkout, keys: tuple[str, ...]) -> YamlMap | None:
    memo = ("yaml-map", PATH + "\x1f" + "/".join(keys))
    if memo not in checkout.memo:
        root = document(checkout, PATH)
        checkout.memo[memo] = read_map(checkout.need(PATH), keys, root) if isinstance(root, yaml.Node) else None
    found = checkout.memo[memo]
    assert found is None or isinstance(found, YamlMap)
    return found


def _need(checkout: Checkout, keys: tuple[str, ...]) -> YamlMap:
    found = _map(checkout, keys)
    assert found is not None  # probe() saw it
    return found


def _output_lines(name: str, indent: int) -> list[str]:
    return [f"{' ' * indent}{name}: ${{{{ steps.detect.outputs.{name} }}}}"]


def _job_lines(checkout: Checkout, spec: BackendSpec, indent: int) -> list[str]:
    """The job with the action versions that the file's other jobs use."""
    text = checkout.need(PATH)
    used = {}
    for key, action in (("checkout", "actions/checkout"), ("setup_go", "actions/setup-go")):
        found = re.findall(rf"uses: ({action}@[\w.-]+)", text)
        used[key] = found[-1] if found else _FALLBACK[key]
    return _job_rows(spec, used, indent)


def _job_rows(spec: BackendSpec, actions: Mapping[str, str], indent: int) -> list[str]:
    name, data, pad = spec.name, _data(), " " * indent
    steps = [*data["clone"], *(data["go"] if spec.lang == "go" else ()), *data["jobs"][spec.lang]]
    gate = " || ".join(f"needs.detect-changes.outputs.{key} == 'true'" for key in (name, "run-all"))
    rows = [f"tests-{name}:", "  needs: detect-changes", f"  if: {gate}", "  runs-on: ubuntu-latest", "  steps:"]
    words = {**actions, "name": name, "directory": spec.directory}
    for step in steps:
        rows.append("    " + re.sub(r"\{(\w+)\}", lambda match: words[match[1]], step))
    return [pad + row for row in rows]


@cache
def _data() -> Any:
    import newbackend.catalog

    path = Path(newbackend.catalog.__file__).parent / "test_jobs.json"
    return json.loads(path.read_text(encoding="utf-8"))


PLACE = TestWorkflow()

"""`.github/workflows/test-extra.yml`: a job that runs the backend's tests when its files change.

A new backend gets one where another of its language has one that runs its tests (docs/adr/0088);
`overrides.places.test-workflow: {job: true}`, or `false`, says otherwise. The job is gated by an output of the job that
detects changes, so both go in together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from newbackend.catalog.languages import Language
from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.registrations.base import Change, ExpectedFact, Fact, Place, Probe, answers_for
from newbackend.registrations.support.yaml_files import document
from newbackend.spec import BackendSpec
from newbackend.splice.comments import own_comment
from newbackend.splice.operation import add_keys, anchor_missing, drop_key
from newbackend.splice.yaml_map import Entry, YamlMap, read_map
from newbackend.splice.yaml_nodes import YamlBroken, plain_value

PATH = ".github/workflows/test-extra.yml"
OUTPUTS = ("jobs", "detect-changes", "outputs")
JOBS = ("jobs",)
_RULES = ("REG710",)
_OUTPUT = re.compile(r"\$\{\{ steps\.\w+\.outputs\.([a-z0-9-]+) \}\}\Z")
_NEEDS = re.compile(r"needs\.detect-changes\.outputs\.([a-z0-9-]+) == 'true'")
_CLONE = ("- name: Clone", "  uses: {checkout}", "  with:", "    submodules: true")
_FALLBACK = {"checkout": "actions/checkout@v4", "setup_go": "actions/setup-go@v5"}


class TestWorkflow(Place):
    """An output line and a job."""

    __test__ = False  # not a test class, whatever its name

    id = "test-workflow"
    title = "extra test workflow"
    order = 170
    file = PATH
    override_keys = frozenset(("job",))

    def shape(self, checkout: Checkout, text: str) -> Probe:
        root = document(checkout, PATH)
        if isinstance(root, YamlBroken):
            return Probe(unrecognised=f"is not valid YAML: {root.problem}", line=root.line, defect=True)
        for keys in (OUTPUTS, JOBS):
            mapping = _map(checkout, PATH, keys)
            if mapping is None or not mapping.entries:
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
        asked = answers_for(spec, self.id).get("job")
        if not (_usual(checkout, spec) if asked is None else asked is True):
            return ()
        name = spec.name
        return [
            ExpectedFact("output", f"output:{name}", name, f"tells whether files of {name} changed", _RULES, "output"),
            ExpectedFact("job", f"job:tests-{name}", {"spec": spec}, f"runs the tests of {name}", _RULES, "job"),
        ]

    def same(self, wanted: Any, observed: Any) -> bool:
        return True

    def insert(self, checkout: Checkout, spec: BackendSpec, missing: Sequence[ExpectedFact]) -> Iterable[Change]:
        for wanted in missing:
            if wanted.kind == "output":
                outputs = _need(checkout, OUTPUTS)
                sibling = outputs.entries[-1]
                operation = add_keys(outputs, sibling, _output_lines(spec.name, sibling.indent))
            else:
                jobs = _need(checkout, JOBS)
                sibling = _job_like(spec, jobs)
                operation = add_keys(jobs, sibling, _job_lines(checkout, spec, sibling.indent))
            yield self.added(checkout, [wanted], operation)

    def revert(self, checkout: Checkout, name: str) -> Iterable[Change]:
        own = {fact.line for fact in self.observe(checkout) if fact.backend == name}
        for keys in (OUTPUTS, JOBS):
            mapping = _need(checkout, keys)
            gone = [entry for entry in mapping.entries if entry.first + 1 in own]
            if len(gone) == len(mapping.entries):
                refused = anchor_missing(f"nothing would be left of {'/'.join(keys)}", mapping.line)
                yield self.taken(checkout, refused, f"the tests of {name}", *_RULES)
                continue
            for entry in gone:
                first = own_comment(mapping.lines, entry.first, "#", [name, entry.key])
                reason = f"{entry.key} in {'/'.join(keys)}"
                yield self.taken(checkout, drop_key(mapping, entry, first), reason, *_RULES)

    def text(self, wanted: ExpectedFact) -> list[str]:
        if wanted.kind == "output":
            return _output_lines(str(wanted.value), 6)
        return _job_rows(wanted.value["spec"], _FALLBACK, 2)


@cached_by_file
def _map(checkout: Checkout, path: str, keys: tuple[str, ...]) -> YamlMap | None:
    root = document(checkout, path)
    return read_map(checkout.need(path), keys, root) if isinstance(root, yaml.Node) else None


def _need(checkout: Checkout, keys: tuple[str, ...]) -> YamlMap:
    mapping = _map(checkout, PATH, keys)
    assert mapping is not None  # probe() has seen it
    return mapping


def commands_of(checkout: Checkout, job: str) -> list[str]:
    """The commands of a job's steps; none for a job that calls a workflow."""
    entry = next((entry for entry in _need(checkout, JOBS).entries if entry.key == job), None)
    value = plain_value(entry.node) if entry else None
    steps = value.get("steps") if isinstance(value, Mapping) else None
    return [str(step.get("run") or "") for step in steps or () if isinstance(step, Mapping)]


def tests_usual(checkout: Checkout, language: Language) -> bool:
    """Whether a backend of the language has a job that runs the tests in its directory."""
    return PLACE.probe(checkout).usable and bool(_jobs_of(language, _need(checkout, JOBS)))


def _usual(checkout: Checkout, spec: BackendSpec) -> bool:
    """Files that are kept need not have tests that run without a model."""
    return not spec.keeps_files and tests_usual(checkout, spec.language)


def _jobs_of(language: Language, jobs: YamlMap) -> list[Entry]:
    called = f"-C {language.directory_of('')}"
    return [entry for entry in jobs.entries if called in str(plain_value(entry.node))]


def _job_like(spec: BackendSpec, jobs: YamlMap) -> Entry:
    """The last job of the same language, else the last job."""
    return (_jobs_of(spec.language, jobs) or list(jobs.entries))[-1]


def _output_lines(name: str, indent: int) -> list[str]:
    return [f"{' ' * indent}{name}: ${{{{ steps.detect.outputs.{name} }}}}"]


def _job_lines(checkout: Checkout, spec: BackendSpec, indent: int) -> list[str]:
    """The job with the action versions that the file's other jobs use."""
    text = checkout.need(PATH)
    used = {}
    for key, action in (("checkout", "actions/checkout"), ("setup_go", "actions/setup-go")):
        versions = re.findall(rf"uses: ({action}@[\w.-]+)", text)
        used[key] = versions[-1] if versions else _FALLBACK[key]
    return _job_rows(spec, used, indent)


def _job_rows(spec: BackendSpec, actions: Mapping[str, str], indent: int) -> list[str]:
    name, pad = spec.name, " " * indent
    steps = [*_CLONE, *spec.language.test_job.splitlines()]
    gate = " || ".join(f"needs.detect-changes.outputs.{key} == 'true'" for key in (name, "run-all"))
    rows = [f"tests-{name}:", "  needs: detect-changes", f"  if: {gate}", "  runs-on: ubuntu-latest", "  steps:"]
    words = {**actions, "name": name, "directory": spec.directory}
    for step in steps:
        rows.append("    " + re.sub(r"\{(\w+)\}", lambda match: words[match[1]], step))
    return [pad + row for row in rows]


PLACE = TestWorkflow()

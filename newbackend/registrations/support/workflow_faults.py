"""Why GitHub refuses a workflow that is YAML.

https://docs.github.com/actions/writing-workflows/workflow-syntax-for-github-actions. Only what one lost or doubled line
leads to; actionlint knows the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import yaml

from newbackend.splice.yaml_nodes import YamlBroken, node_at, repeated_keys
from newbackend.suggest import misspelt

Fault = tuple[str, str, int, str]
"""The backend whose output the job waits for, "" when there is none; the subject; the 1-based line; what is wrong."""

_GATE = re.compile(r"needs\.[\w-]+\.outputs\.([a-z0-9-]+)")
_READ = re.compile(r"\bneeds\.([\w-]+)\.")
_MERGE = "<<"
_JOB_KEYS = (
    "name", "permissions", "needs", "if", "runs-on", "environment", "concurrency", "outputs", "env", "defaults",
    "steps", "timeout-minutes", "strategy", "continue-on-error", "container", "services", "uses", "with", "secrets",
)  # fmt: skip
_STEP_KEYS = (
    "id", "if", "name", "uses", "run", "working-directory", "shell", "with", "env", "continue-on-error",
    "timeout-minutes",
)  # fmt: skip
_MANY = 5
"""Jobs on a runner, so that a name which is nearly its own is misspelt."""


def faults(root: yaml.Node | YamlBroken | None) -> Iterator[Fault]:
    """What is wrong with each job."""
    jobs = node_at(root, ("jobs",)) if isinstance(root, yaml.Node) else None
    if not isinstance(jobs, yaml.MappingNode):
        return
    for subject, line, message in _twice("the list of jobs", jobs):
        yield "", subject, line, message
    names = {str(key.value) for key, _ in jobs.value}
    runners = Counter(_runner(job) for _, job in jobs.value)
    usual = [runner for runner, count in runners.items() if runner and count >= _MANY]
    for key, job in jobs.value:
        if isinstance(job, yaml.MappingNode):
            gate = _GATE.search(_text(_fields(job).get("if")))
            for fault in _of_job(str(key.value), job, key.start_mark.line + 1, names):
                yield gate[1] if gate else "", *fault
            runner = _runner(job)
            if runners[runner] == 1 and (meant := misspelt(runner, usual)):
                message = f"the job {key.value} runs on {runner}, as no other; {meant} is meant"
                yield gate[1] if gate else "", f"{key.value} runs-on", key.start_mark.line + 1, message


def _of_job(name: str, job: yaml.MappingNode, first: int, names: set[str]) -> Iterator[tuple[str, int, str]]:
    what, fields = f"the job {name}", _fields(job)
    yield from _mappings(what, job)
    yield from _unknown_keys(what, job, _JOB_KEYS)
    if not fields.keys() & {"uses", _MERGE}:
        for key in ("runs-on", "steps"):
            if key not in fields:
                yield f"{name} {key}", first, f"{what} has no {key}"
    needed = set(_words(fields.get("needs")))
    for other in sorted(needed - names):
        yield f"{name} {other}", first, f"{what} needs {other}, which is no job"
    for other in sorted(set(_READ.findall(_text(job))) - needed):
        yield f"{name} {other}", first, f"{what} reads needs.{other} and does not need that job"
    steps = fields.get("steps")
    for number, step in enumerate(steps.value if isinstance(steps, yaml.SequenceNode) else (), 1):
        if isinstance(step, yaml.MappingNode):
            yield from _of_step(f"step {number} of {what}", step)


def _of_step(what: str, step: yaml.MappingNode) -> Iterator[tuple[str, int, str]]:
    fields = _fields(step)
    yield from _unknown_keys(what, step, _STEP_KEYS)
    if _MERGE not in fields and len(fields.keys() & {"run", "uses"}) != 1:
        how = "both run and uses" if "run" in fields else "neither run nor uses"
        yield what, step.start_mark.line + 1, f"{what} has {how}"


def _mappings(what: str, node: yaml.MappingNode) -> Iterator[tuple[str, int, str]]:
    """Keys that are there twice, in a mapping and in those inside of it."""
    yield from _twice(what, node)
    for key, value in node.value:
        inner = value.value if isinstance(value, yaml.SequenceNode) else ()
        title = "step" if key.value == "steps" else f"entry of {key.value}"
        if isinstance(value, yaml.MappingNode):
            yield from _mappings(f"{key.value} of {what}", value)
        for number, child in enumerate(inner, 1):
            if isinstance(child, yaml.MappingNode):
                yield from _mappings(f"{title} {number} of {what}", child)


def _unknown_keys(what: str, node: yaml.MappingNode, known: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """Keys that are nearly one that GitHub knows, and which the mapping does not have. (GitHub may get new ones.)"""
    there = {str(key.value) for key, _ in node.value}
    for key, _ in node.value:
        meant = misspelt(str(key.value), known)
        if meant and meant not in there:
            yield f"{what} {key.value}", key.start_mark.line + 1, f"{what} has {key.value!r}; {meant} is meant"


def _twice(what: str, node: yaml.MappingNode) -> Iterator[tuple[str, int, str]]:
    """The keys that a mapping has more than once, at the first that comes again."""
    again = list(repeated_keys(node))
    if again:
        names = " and ".join(dict.fromkeys(key for key, _ in again))
        yield f"{what} {names}", again[0][1], f"{what} has {names} twice"


def _runner(job: yaml.Node) -> str:
    node = _fields(job).get("runs-on") if isinstance(job, yaml.MappingNode) else None
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _fields(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {str(key.value): value for key, value in node.value}


def _words(node: yaml.Node | None) -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [str(child.value) for child in node.value]
    return [str(node.value)] if isinstance(node, yaml.ScalarNode) else []


def _text(node: yaml.Node | None) -> str:
    """Every scalar of a node."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.MappingNode):
        return "\n".join(_text(child) for pair in node.value for child in pair)
    return "\n".join(_text(child) for child in node.value) if isinstance(node, yaml.SequenceNode) else ""

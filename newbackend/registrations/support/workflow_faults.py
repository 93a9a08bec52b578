"""Why GitHub refuses a workflow that is YAML.

https://docs.github.com/actions/writing-workflows/workflow-syntax-for-github-actions. Only what one lost or doubled line
leads to; actionlint knows the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from newbackend.splice.yaml_nodes import YamlBroken, node_at, repeated_keys

Fault = tuple[str, str, int, str]
"""The backend whose output the job waits for, "" when there is none; the subject; the 1-based line; what is wrong."""

_GATE = re.compile(r"needs\.[\w-]+\.outputs\.([a-z0-9-]+)")
_READ = re.compile(r"\bneeds\.([\w-]+)\.")
_MERGE = "<<"


def faults(root: yaml.Node | YamlBroken | None) -> Iterator[Fault]:
    """What is wrong with each job."""
    jobs = node_at(root, ("jobs",)) if isinstance(root, yaml.Node) else None
    if not isinstance(jobs, yaml.MappingNode):
        return
    for subject, line, message in _twice("the list of jobs", jobs):
        yield "", subject, line, message
    names = {str(key.value) for key, _ in jobs.value}
    for key, job in jobs.value:
        if isinstance(job, yaml.MappingNode):
            gate = _GATE.search(_text(_fields(job).get("if")))
            for fault in _of_job(str(key.value), job, key.start_mark.line + 1, names):
                yield gate[1] if gate else "", *fault


def _of_job(name: str, job: yaml.MappingNode, first: int, names: set[str]) -> Iterator[tuple[str, int, str]]:
    what, fields = f"the job {name}", _fields(job)
    yield from _twice(what, job)
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
    yield from _twice(what, step)
    if _MERGE not in fields and len(fields.keys() & {"run", "uses"}) != 1:
        how = "both run and uses" if "run" in fields else "neither run nor uses"
        yield what, step.start_mark.line + 1, f"{what} has {how}"


def _twice(what: str, node: yaml.MappingNode) -> Iterator[tuple[str, int, str]]:
    """The keys that a mapping has more than once, at the first that comes again."""
    again = list(repeated_keys(node))
    if again:
        names = " and ".join(dict.fromkeys(key for key, _ in again))
        yield f"{what} {names}", again[0][1], f"{what} has {names} twice"


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

"""The workflows that build, merge and publish backends: `backend.yml` and what it calls.

A job of `backend.yml` hands keys of a row to a workflow of its own (`uses: ./…`), whose steps hand them on to
`docker build` or to a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

import yaml

from newbackend.checkout.tree import Checkout, cached
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.registrations.support.yaml_files import document
from newbackend.splice.yaml_nodes import plain_value
from newbackend.trace.ci.expressions import Contexts, filled, truth
from newbackend.trace.opentext import cleaned
from newbackend.trace.steps import Where

BACKEND_WORKFLOW = ".github/workflows/backend.yml"
_BUILD_ACTION = "docker/build-push-action@"
_TAGS_ACTION = "docker/metadata-action@"
_PUSH = {"event_name": "push", "ref": "refs/heads/master", "repository": "mudler/LocalAI"}
"""The event that publishes: a push to the branch that images are built from."""


@dataclass(frozen=True)
class Step:
    """A step of a job: its node's line, condition, action, inputs and script."""

    where: Where
    name: str
    condition: str
    uses: str
    inputs: Mapping[str, str]
    script: str
    script_line: int
    environment: Mapping[str, str]
    directory: str


@dataclass(frozen=True)
class Job:
    """A job: what it calls, with which inputs, on which runner, and its steps."""

    id: str
    where: Where
    uses: str
    inputs: Mapping[str, str]
    matrix: str
    runner: str
    environment: Mapping[str, str]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Workflow:
    """A workflow with its jobs and the defaults of its inputs."""

    path: str
    jobs: tuple[Job, ...]
    defaults: Mapping[str, str]

    @cached_property
    def builds_images(self) -> bool:
        """Whether a step of it builds an image."""
        return any(step.uses.startswith(_BUILD_ACTION) for job in self.jobs for step in job.steps)


@dataclass(frozen=True)
class RowJob:
    """The job that builds one row: in `backend.yml`, and the job of the workflow that it calls."""

    caller: Job
    called: Job
    workflow: str
    contexts: Contexts
    arguments: Mapping[str, str] = field(default_factory=dict)
    argument_where: Where | None = None
    dockerfile: str = ""
    context: str = ""
    platforms: str = ""

    @property
    def runner(self) -> str:
        """The runner, with the row's values."""
        return filled(self.called.runner, self.contexts)


def _items(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), key, value


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, _, value in _items(node) if key == name), None)


def _text(node: yaml.Node | None) -> str:
    return cleaned(str(node.value)) if isinstance(node, yaml.ScalarNode) else ""


def _texts(node: yaml.Node | None) -> dict[str, str]:
    return {key: _scalar(value) for key, _, value in _items(node)}


def _scalar(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return _text(node)
    return "" if not isinstance(node, yaml.SequenceNode) else "\n".join(str(plain_value(entry)) for entry in node.value)


@cached
def workflow_of(checkout: Checkout, path: str) -> Workflow | None:
    """A workflow file; None when it is missing or cannot be read."""
    try:
        root = document(checkout, path)
    except UsageError:
        return None
    if not isinstance(root, yaml.MappingNode):
        return None
    jobs = tuple(_job(path, name, key, node) for name, key, node in _items(_child(root, "jobs")))
    trigger = _child(root, "on")
    inputs = _child(_child(trigger, "workflow_call"), "inputs")
    defaults = {name: _text(_child(node, "default")) for name, _, node in _items(inputs)}
    return Workflow(path, jobs, defaults)


def _job(path: str, name: str, key: yaml.Node, node: yaml.Node) -> Job:
    matrix = _child(_child(node, "strategy"), "matrix")
    steps = _child(node, "steps")
    return Job(
        name,
        Where(path, key.start_mark.line + 1),
        _text(_child(node, "uses")).removeprefix("./"),
        _texts(_child(node, "with")),
        _text(matrix),
        _text(_child(node, "runs-on")),
        _texts(_child(node, "env")),
        tuple(_step(path, entry) for entry in (steps.value if isinstance(steps, yaml.SequenceNode) else ())),
    )


def _step(path: str, node: yaml.Node) -> Step:
    script = _child(node, "run")
    first = script.start_mark.line + 1 if script is not None else 1
    block = isinstance(script, yaml.ScalarNode) and script.style in ("|", ">")
    return Step(
        Where(path, node.start_mark.line + 1),
        _text(_child(node, "name")),
        _text(_child(node, "if")),
        _text(_child(node, "uses")),
        _texts(_child(node, "with")),
        _text(script),
        first + 1 if block else first,
        _texts(_child(node, "env")),
        _text(_child(node, "working-directory")),
    )


def row_job(checkout: Checkout, row: Mapping[str, Any], *, darwin: bool) -> RowJob | None:
    """The job that builds a row when a push starts it; None when no workflow is as we know it."""
    whole = workflow_of(checkout, BACKEND_WORKFLOW)
    if whole is None:
        return None
    matrix = {key: "" if value is None else _yaml_text(value) for key, value in row.items()}
    for caller in _callers(whole, row, darwin):
        called = workflow_of(checkout, caller.uses)
        if called is None:
            continue
        outer: Contexts = {"matrix": matrix, "github": _PUSH}
        inputs = {**called.defaults, **{key: filled(value, outer) for key, value in caller.inputs.items()}}
        contexts: Contexts = {"inputs": inputs, "github": _PUSH, "env": {}}
        for job in called.jobs:
            found = _darwin_job(caller, job, called, contexts) if darwin else _docker_job(caller, job, called, contexts)
            if found:
                return found
    return None


def _yaml_text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _callers(whole: Workflow, row: Mapping[str, Any], darwin: bool) -> Iterator[Job]:
    """The jobs that could build a row: by their matrix, those with several architectures first or last."""
    legs = bool(row.get("platform-tag"))
    jobs = [job for job in whole.jobs if job.uses and "matrix" in job.matrix]
    rank = [(("darwin" in job.matrix) == darwin, ("multiarch" in job.matrix) == legs) for job in jobs]
    for wanted in ((True, True), (True, False)):
        yield from (job for job, has in zip(jobs, rank, strict=True) if has == wanted)


def _docker_job(caller: Job, job: Job, called: Workflow, contexts: Contexts) -> RowJob | None:
    for step in job.steps:
        if step.uses.startswith(_BUILD_ACTION) and truth(step.condition or "true", contexts) is not False:
            arguments: dict[str, str] = {}
            for line in step.inputs.get("build-args", "").splitlines():
                name, equals, value = line.strip().partition("=")
                if equals:
                    arguments[name] = filled(value, contexts)
            return RowJob(
                caller,
                job,
                called.path,
                contexts,
                arguments,
                step.where,
                filled(step.inputs.get("file", ""), contexts).removeprefix("./"),
                filled(step.inputs.get("context", ""), contexts),
                filled(step.inputs.get("platforms", ""), contexts),
            )
    return None


def _darwin_job(caller: Job, job: Job, called: Workflow, contexts: Contexts) -> RowJob | None:
    if any("make " in step.script for step in job.steps):
        return RowJob(caller, job, called.path, contexts)
    return None


def scripts(job: RowJob) -> Iterator[tuple[Step, str]]:
    """The scripts of a job's steps that run, filled in."""
    for step in job.called.steps:
        if step.script and truth(step.condition or "true", job.contexts) is not False:
            yield step, filled(step.script, job.contexts)


@dataclass(frozen=True)
class Tags:
    """The tags of an image on every registry: of a push to the branch, and of a release."""

    branch: tuple[str, ...]
    release: tuple[str, ...]
    where: Where
    merged: bool


def tags_of(checkout: Checkout, row: Mapping[str, Any], *, darwin: bool) -> Tags | None:
    """The tags under which a row's image is pushed: by the merge job when there is one, else by the build."""
    whole = workflow_of(checkout, BACKEND_WORKFLOW)
    if whole is None:
        return None
    matrix = {key: "" if value is None else _yaml_text(value) for key, value in row.items()}
    merges: list[tuple[Job, Workflow]] = []
    builds: list[tuple[Job, Workflow]] = []
    for caller in _callers(whole, row, darwin):
        called = workflow_of(checkout, caller.uses)
        if called is None or ("darwin" in caller.uses) != darwin:
            continue
        (builds if called.builds_images or darwin else merges).append((caller, called))
    for merged, group in ((True, merges), (False, builds)):
        for caller, called in group:
            outer: Contexts = {"matrix": matrix, "github": _PUSH}
            inputs = {**called.defaults, **{key: filled(value, outer) for key, value in caller.inputs.items()}}
            found = _tags(called, {"inputs": inputs, "github": _PUSH}, merged)
            if found:
                return found
    return None


def _tags(called: Workflow, contexts: Contexts, merged: bool) -> Tags | None:
    branch: list[str] = []
    release: list[str] = []
    where: Where | None = None
    for job in called.jobs:
        for step in job.steps:
            if not step.uses.startswith(_TAGS_ACTION) or truth(step.condition or "true", contexts) is False:
                continue
            where = where or step.where
            flavour = dict(
                part.partition("=")[::2]
                for line in filled(step.inputs.get("flavor", ""), contexts).splitlines()
                for part in line.split(",")
            )
            suffix, latest = flavour.get("suffix", ""), flavour.get("latest", "auto")
            for image in filled(step.inputs.get("images", ""), contexts).split():
                branch.append(f"{image}:master{suffix}")
                release.append(f"{image}:vX.Y.Z{suffix}")
                if latest != "false":
                    release.append(f"{image}:latest{suffix if flavour.get('onlatest') == 'true' else ''}")
    return Tags(tuple(branch), tuple(release), where, merged) if where else None

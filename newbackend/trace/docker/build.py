"""What `docker build` does with a Dockerfile and the arguments of one row.

Stages that the last one does not need are left out, as BuildKit does.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import field

from newbackend.records import dataclass
from newbackend.trace.docker.expand import assignments, expanded, unquoted
from newbackend.trace.docker.instructions import Instruction, instructions_of
from newbackend.trace.docker.stages import Stage, declared, needed_of, stages_of
from newbackend.trace.files import find_file
from newbackend.trace.machine import Machine
from newbackend.trace.opentext import is_open, shown
from newbackend.trace.paths import normal
from newbackend.trace.shell.run import Shell
from newbackend.trace.steps import Where

_CONCERNS = re.compile(r"\bmake\b|\.sh\b|LocalAI|BACKEND|\bcp\b|\bcmake\b|\bpip\b|\bcargo\b")


@dataclass(frozen=True)
class Layer:
    """Files that the last stage takes: from a stage ("" is the checkout), a path there, and the path in the image."""

    stage: str
    source: str
    target: str
    where: Where


@dataclass
class Build:
    """A Dockerfile read with arguments. `needed` are the stages that are built, in order."""

    path: str
    stages: list[Stage]
    needed: list[Stage]
    declared: frozenset[str]
    layers: list[Layer] = field(default_factory=list)
    run_sh: bool | None = None
    run_sh_where: Where | None = None

    @property
    def root(self) -> str:
        """Where the first stage that has the whole checkout has it; "" for none."""
        places = (place for stage in self.needed for place, inside in stage.places.items() if inside == "")
        return next(places, "")


def build(machine: Machine, path: str, arguments: Mapping[str, str], *, context: str = "") -> Build | None:
    """Reads a Dockerfile; None when there is none. `context` is the build context, in the checkout."""
    machine.put("/\ue000context", context)  # a name that no container has
    found = machine.read(f"/\ue000context/{path}") if context else None
    text = machine.checkout.read(path) if found is None else found[1]
    if text is None:
        return None
    del machine.places["/\ue000context"]
    instructions = instructions_of(text)
    stages, general = stages_of(instructions, arguments, machine.arch)
    names = frozenset(name for entry in instructions if entry.keyword == "ARG" for name, _ in declared(entry))
    needed = needed_of(stages)
    result = Build(path, stages, needed, names)
    for stage in needed:
        _run_stage(machine, result, stage, {**general, **arguments}, arguments, context)
    if stages:
        result.run_sh, result.run_sh_where = _has(machine, result, "run.sh")
    return result


def _base_of(result: Build, stage: Stage) -> Stage | None:
    before = result.stages[: result.stages.index(stage)]
    return next((other for other in reversed(before) if other.name.lower() == stage.base.lower()), None)


def _run_stage(
    machine: Machine, result: Build, stage: Stage, general: Mapping[str, str], given: Mapping[str, str], context: str
) -> None:
    base = _base_of(result, stage)
    if base is not None:
        stage.environment, stage.directory = dict(base.environment), base.directory
        stage.places, stage.made = dict(base.places), set(base.made)
    else:
        machine.image = stage.base
    machine.places, machine.made = stage.places, stage.made
    last = stage is result.stages[-1]
    for entry in stage.instructions:
        _instruction(machine, result, stage, entry, general, given, context, last)
    stage.places, stage.made = machine.places, machine.made


def _instruction(
    machine: Machine,
    result: Build,
    stage: Stage,
    entry: Instruction,
    general: Mapping[str, str],
    given: Mapping[str, str],
    context: str,
    last: bool,
) -> None:
    values = {**stage.arguments, **stage.environment}
    if entry.keyword == "ARG":
        for name, default in declared(entry):
            if name in given:
                stage.arguments[name] = given[name]
            elif default is not None:
                stage.arguments[name] = expanded(default, values)
            elif name in general:
                stage.arguments[name] = general[name]
    elif entry.keyword == "ENV":
        for name, value in assignments(entry.text):
            stage.environment[name] = expanded(value, values)
    elif entry.keyword == "WORKDIR":
        stage.directory = normal(posixpath.join(stage.directory, unquoted(expanded(entry.joined, values))))
    elif entry.keyword in ("COPY", "ADD"):
        _copy(machine, result, stage, entry, values, context, last)
    elif entry.keyword == "RUN" and _CONCERNS.search(entry.text + "".join(body for body, _ in entry.bodies)):
        _run(machine, result, stage, entry, values)


def _words(text: str, values: Mapping[str, str]) -> list[str]:
    if text.lstrip().startswith("["):
        try:
            return [expanded(str(word), values) for word in json.loads(text)]
        except ValueError:
            return []
    return [unquoted(expanded(word, values)) for word in text.split()]


def _copy(
    machine: Machine,
    result: Build,
    stage: Stage,
    entry: Instruction,
    values: Mapping[str, str],
    context: str,
    last: bool,
) -> None:
    words = _words(entry.joined, values)
    if len(words) < 2:
        return
    *sources, target = words
    where = Where(result.path, entry.line)
    origin = next((flag[7:] for flag in entry.flags if flag.startswith("--from=")), "")
    end = normal(posixpath.join(stage.directory, target))
    for source in sources:
        if last:
            result.layers.append(Layer(origin, source, end, where))
        if origin or is_open(source + target):
            continue
        inside = normal(posixpath.join(context or ".", source.lstrip("/"))).removeprefix("./")
        inside = "" if inside == "." else inside
        if inside and not machine.checkout.exists(inside) and not any(sign in inside for sign in "*?["):
            machine.cannot(where, entry.joined, f"{shown(inside)} is not in the checkout")
        elif inside and not machine.checkout.is_dir(inside):
            into = len(sources) > 1 or target.endswith("/")
            machine.put(f"{end}/{posixpath.basename(inside)}" if into else end, inside)
        else:
            machine.put(end, inside)


def _run(machine: Machine, result: Build, stage: Stage, entry: Instruction, values: Mapping[str, str]) -> None:
    for flag in entry.flags:
        mount = dict(part.partition("=")[::2] for part in flag.removeprefix("--mount=").split(","))
        if flag.startswith("--mount=") and mount.get("type", "bind") == "bind" and "from" not in mount:
            source, target = (
                mount.get("source") or mount.get("src") or "",
                mount.get("target") or mount.get("dst") or "",
            )
            machine.put(posixpath.join(stage.directory, expanded(target, values)), expanded(source, values))
    shell = Shell(machine, values, stage.directory, Where(result.path, entry.text_line))
    text = entry.text
    if entry.bodies:
        program = re.sub(r"<<-?\s*[\"']?\w+[\"']?", " ", text).strip()
        if program in ("", "bash", "sh", "/bin/bash", "/bin/sh"):
            shell.base = Where(result.path, entry.bodies[0][1])
            shell.run(entry.bodies[0][0])
            return
        text = program
    if text.lstrip().startswith("["):
        text = " ".join(f"'{word}'" for word in _words(text, {}))
    shell.run(text)


def _has(machine: Machine, result: Build, name: str) -> tuple[bool | None, Where | None]:
    """Whether the image has a file in its root, and where it comes from; None when that cannot be known."""
    answer: bool | None = False
    for layer in result.layers:
        if layer.target != "/" and posixpath.basename(layer.target) != name:
            continue
        stage = _origin(result, layer.stage)
        if stage is None and layer.stage:
            answer = None
            continue
        start = normal(layer.source.removesuffix("/."))
        path = start if posixpath.basename(start) == name else f"{start}/{name}"
        inside = normal(path.lstrip("/")) if stage is None else None
        if stage is None and machine.checkout.exists(inside or ""):
            return True, layer.where
        if stage is not None:
            found, where = _in_stage(machine, stage, path)
            if found:
                return True, where or layer.where
            answer = None if found is None else answer
    return answer, None


def _origin(result: Build, name: str) -> Stage | None:
    matching = [s for at, s in enumerate(result.stages) if s.name.lower() == name.lower() or str(at) == name]
    return matching[-1] if matching else None


def _in_stage(machine: Machine, stage: Stage, path: str) -> tuple[bool | None, Where | None]:
    """Whether a stage has a file: copied there by a script, or there from the checkout."""
    kept = machine.places, machine.made
    machine.places, machine.made = stage.places, stage.made
    try:
        return find_file(machine, path)
    finally:
        machine.places, machine.made = kept

"""What `docker build` does with a Dockerfile and the arguments of one row.

Stages that the last one does not need are left out, as BuildKit does.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from newbackend.trace.docker.expand import assignments, expanded, unquoted
from newbackend.trace.docker.instructions import Instruction, instructions_of
from newbackend.trace.files import find_file
from newbackend.trace.machine import Machine
from newbackend.trace.opentext import is_open, shown
from newbackend.trace.shell.run import Shell
from newbackend.trace.steps import Where

PREDEFINED = frozenset(
    {
        *("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy"),
        *("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "BUILDKIT_INLINE_CACHE", "SOURCE_DATE_EPOCH"),
    }
)
"""Arguments that need no ARG (https://docs.docker.com/reference/dockerfile/#predefined-args)."""
_CONCERNS = re.compile(r"\bmake\b|\.sh\b|LocalAI|BACKEND|\bcp\b|\bcmake\b|\bpip\b|\bcargo\b")


@dataclass
class Stage:
    """One stage: its name, its base as written and with the row's values, and its instructions."""

    name: str
    line: int
    source: str
    base: str = ""
    instructions: list[Instruction] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    directory: str = "/"
    places: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)


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
    stages, general = _stages(instructions, arguments, machine.arch)
    declared = frozenset(name for entry in instructions if entry.keyword == "ARG" for name, _ in _declared(entry))
    needed = _needed(stages)
    result = Build(path, stages, needed, declared)
    for stage in needed:
        _run_stage(machine, result, stage, {**general, **arguments}, arguments, context)
    if stages:
        result.run_sh, result.run_sh_where = _has(machine, result, "run.sh")
    return result


def _declared(entry: Instruction) -> list[tuple[str, str | None]]:
    """The names of an ARG with their defaults; None when there is none."""
    text = re.sub(r"\\\n", " ", entry.text)
    found: list[tuple[str, str | None]] = []
    for match in re.finditer(r"(\w+)(?:=((?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\"'])*))?(?=\s|\Z)", text):
        found.append((match[1], None if match[2] is None else unquoted(match[2])))
    return found


def _stages(
    instructions: tuple[Instruction, ...], given: Mapping[str, str], arch: str
) -> tuple[list[Stage], dict[str, str]]:
    """The stages, and the arguments before the first one with their values."""
    general: dict[str, str] = dict(_automatic(arch))
    stages: list[Stage] = []
    for entry in instructions:
        if entry.keyword == "FROM":
            words = entry.joined.split()
            source = words[0] if words else ""
            name = words[2] if len(words) > 2 and words[1].lower() == "as" else str(len(stages))
            stages.append(Stage(name, entry.line, source, unquoted(expanded(source, general))))
        elif stages:
            stages[-1].instructions.append(entry)
        elif entry.keyword == "ARG":
            for name, default in _declared(entry):
                general[name] = given[name] if name in given else expanded(default or "", general)
    return stages, general


def _automatic(arch: str) -> dict[str, str]:
    """BuildKit's platform arguments."""
    short = {"x86_64": "amd64", "aarch64": "arm64"}.get(arch, arch)
    platform = {"PLATFORM": f"linux/{short}", "OS": "linux", "ARCH": short, "VARIANT": ""}
    return {f"{prefix}{key}": value for prefix in ("TARGET", "BUILD") for key, value in platform.items()}


def _needed(stages: list[Stage]) -> list[Stage]:
    """The last stage and all that it is made of, in their order."""
    wanted, todo = set[int](), [len(stages) - 1] if stages else []
    while todo:
        at = todo.pop()
        if at in wanted:
            continue
        wanted.add(at)
        names = [stages[at].base]
        for entry in stages[at].instructions:
            names += [flag[7:] for flag in entry.flags if flag.startswith("--from=")]
            names += re.findall(
                r"from=([\w.-]+)", " ".join(flag for flag in entry.flags if flag.startswith("--mount="))
            )
        for name in names:
            todo += [other for other in range(at) if stages[other].name.lower() == name.lower() or str(other) == name][
                -1:
            ]
    return [stage for at, stage in enumerate(stages) if at in wanted]


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
        for name, default in _declared(entry):
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
        stage.directory = posixpath.normpath(posixpath.join(stage.directory, unquoted(expanded(entry.joined, values))))
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
    end = posixpath.normpath(posixpath.join(stage.directory, target))
    for source in sources:
        if last:
            result.layers.append(Layer(origin, source, end, where))
        if origin or is_open(source + target):
            continue
        inside = posixpath.normpath(posixpath.join(context or ".", source.lstrip("/"))).removeprefix("./")
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
        start = posixpath.normpath(layer.source.removesuffix("/."))
        path = start if posixpath.basename(start) == name else f"{start}/{name}"
        inside = posixpath.normpath(path.lstrip("/")) if stage is None else None
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

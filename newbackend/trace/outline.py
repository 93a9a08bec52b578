"""A row's trace without its makes and scripts: only what workflows and Dockerfiles say, in a hundredth of the time.

The commands that start a make or a script are named as they are written, each with its line; none is followed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from newbackend.trace.ci.workflow import RowJob, scripts
from newbackend.trace.docker.build import Build
from newbackend.trace.docker.instructions import instructions_of
from newbackend.trace.docker.stages import declared, needed_of, stages_of
from newbackend.trace.machine import Machine, TooMuch
from newbackend.trace.opentext import is_open
from newbackend.trace.shell.parse import parse, text_of
from newbackend.trace.steps import Kind, Where

_SHOWN = 80
_MAKE = frozenset({"make", "gmake"})
_SHELLS = frozenset({"bash", "sh"})
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def outline_docker(machine: Machine, job: RowJob) -> Build | None:
    """The stages of the row's Dockerfile, with the commands of the needed ones as steps; None when there is none."""
    text = None if is_open(job.dockerfile) else machine.checkout.read(job.dockerfile)
    if text is None:
        machine.cannot(job.argument_where or job.called.where, job.dockerfile, "this Dockerfile is not in the checkout")
        return None
    instructions = instructions_of(text)
    stages, _ = stages_of(instructions, job.arguments, machine.arch)
    needed = needed_of(stages)
    for stage in needed:
        for entry in stage.instructions:
            if entry.keyword == "RUN":
                bodies = entry.bodies or ((entry.text, entry.text_line),)
                for body, line in bodies:
                    _note(machine, body, Where(job.dockerfile, line), job.arguments)
    return Build(job.dockerfile, stages, needed, _declared(text))


@lru_cache(maxsize=64)
def _declared(text: str) -> frozenset[str]:
    """The names of all arguments of a Dockerfile."""
    arguments = (entry for entry in instructions_of(text) if entry.keyword == "ARG")
    return frozenset(name for entry in arguments for name, _ in declared(entry))


def outline_darwin(machine: Machine, job: RowJob) -> None:
    """The commands of a macOS job that start a make, as steps."""
    for step, script in scripts(job):
        if "make " in script:
            _note(machine, script, Where(step.where.path, step.script_line), {})


def _note(machine: Machine, text: str, first: Where, values: Mapping[str, str]) -> None:
    try:
        starts = _starts(text)
    except TooMuch as error:
        machine.cannot(first, text[:_SHOWN], str(error))
        return
    for row, command in starts:
        filled = _VARIABLE.sub(lambda found: values.get(found[1] or found[2], found[0]), command)
        machine.step(Kind.MAKE, Where(first.path, first.line + row), filled)


@lru_cache(maxsize=1024)
def _starts(text: str) -> tuple[tuple[int, str], ...]:
    """The commands of a script that start a make or another script, with their rows, which count from 0."""
    if "make" not in text and ".sh" not in text:
        return ()
    return tuple(_commands(text))


def _commands(text: str) -> Iterator[tuple[int, str]]:
    root, data = parse(text)
    todo = [root]
    while todo:
        node = todo.pop()
        if node.type == "command":
            words = text_of(node, data).replace("\\\n", " ").split()
            at = next((number for number, word in enumerate(words) if not re.match(r"\w+=", word)), 0)
            if words and _starts_something(words[at], words[at + 1 :]):
                yield node.start_point[0], " ".join(words[at:])
        todo += reversed(node.children)


def _starts_something(name: str, given: list[str]) -> bool:
    if name in _MAKE:
        return not any(re.match(r"-[a-zA-Z]*n", word) for word in given)  # -n only asks
    return (name in _SHELLS and any(word.endswith(".sh") for word in given)) or posixpath.basename(name).endswith(".sh")

"""The switches in build commands, and the values in them that only the build machine knows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from itertools import pairwise

from newbackend.trace.machine import Machine
from newbackend.trace.opentext import is_open, parts_of, shown, words
from newbackend.trace.steps import Kind, Step


def flags_of(steps: Sequence[Step]) -> tuple[str, ...]:
    """`-D…` switches of cmake, and what decides in the other build tools, in order, each once."""
    found = {
        shown(word): None for step in steps if not step.condition or _installs(step) for word in switches(step.text)
    }
    return tuple(found)


def _installs(step: Step) -> bool:
    return "pip" in step.text


_SWITCH = re.compile(r"(?:\"(-D[^\"]+)\"|(?<!\S)(-D(?:\"[^\"]*\"|[^\s\"])+))")


def switches(text: str) -> list[str]:
    """The switches of one command."""
    tool = posixpath.basename(text.split(None, 1)[0]) if text.split() else ""
    if tool == "cmake":
        return [one or two for one, two in _SWITCH.findall(text)]
    given = words(text)
    found = []
    for flag, value in pairwise(given):
        if flag in ("--features", "-tags", "--requirement", "-r") and value not in ('""', ""):
            found.append(f"{flag} {posixpath.basename(value) if flag in ('--requirement', '-r') else value}")
    return found


def note_open_parts(machine: Machine, steps: Sequence[Step]) -> None:
    """Open parts of build commands are unknown, except the number of jobs, which decides nothing."""
    for step in steps:
        if not is_open(step.text) or step.kind is Kind.COPY:
            continue
        given = words(step.text)
        for before, word in zip(["", *given], given, strict=False):
            if not is_open(word) or word.startswith("-j") or before in ("-j", "--parallel", "--jobs"):
                continue
            if re.match(r"(?:[A-Z_]*JOBS|MAKEFLAGS)=", word) or not _decides(step.text, before):
                continue
            for part in parts_of(word):
                machine.cannot(step.where, part, "only the build machine knows this value")


def _decides(text: str, before: str) -> bool:
    """Whether a word of a command decides what is built: what an installer resolves is its own matter."""
    tool = posixpath.basename(shown((words(text) or [""])[0]))
    if tool in ("uv", "pip", "pip3") or tool.startswith("python"):
        return before in ("-r", "--requirement")
    return tool in ("cmake", "make", "go", "cargo", "meson")

"""Rules about Dockerfiles that BuildKit refuses before it runs a command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from newbackend.checklist import DIRECTORY
from newbackend.findings import Confidence, Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rows import text_of
from newbackend.rulebook import Scope
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule
from newbackend.trace.docker.instructions import Instruction, instructions_of
from newbackend.trace.docker.stages import PREDEFINED, automatic, declared

REFUSED = rule(
    "REG856",
    "dockerfile-refused",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="A Dockerfile has an instruction that does not exist, a command before its first FROM, a FROM with an "
    "argument that is not declared before it, or copies from a stage that is not there.",
    why="BuildKit refuses the file, so every image of the backend fails. A line was lost: a `\\` at the end of the one "
    "before, the FROM, or the ARG above it.",
    how="Put back the line; `docker build --check` shows the same.",
    bad="FROM ${BASE_IMAGE} AS builder      # and no ARG BASE_IMAGE above",
    good="ARG BASE_IMAGE=ubuntu:24.04\nFROM ${BASE_IMAGE} AS builder",
    checklist=DIRECTORY,
    added_in="0.2.0",
)
_KEYWORDS = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    )
)
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
"""A variable without a default."""
_FROM = re.compile(r"from=([^,\s]+)")
_READ = re.compile(r"\$(?:\{([A-Z][A-Z0-9_]{3,})\}|([A-Z][A-Z0-9_]{3,}))")
_ASSIGNED = re.compile(
    r"(?:\A|[\n;&|({]|\b(?:export|then|do|else|local|readonly)\b)[\s\\]*(\w+)=|\b(?:for|read(?:\s+-\w+)*)\s+(\w+)"
)
"""What a command gives a value: not `make NAME=…`."""
_Fault = tuple[int, str, str]
"""Line, subject, what is wrong."""
_CONTINUED = re.compile(r"\\\n")
_SET = re.compile(r"(?:^|\s)([A-Za-z_]\w*)=")

UNDECLARED = rule(
    "REG857",
    "dockerfile-variable-undeclared",
    Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="A command of a Dockerfile reads a variable that its stage does not declare, and declares one whose name is "
    "nearly the same.",
    why="The variable is empty: the build goes on without the build type, the CUDA version or the mirror.",
    how="Write the name as the ARG has it, and as the workflow passes it.",
    bad="ARG BUILD_TYP\nRUN make BUILD_TYPE=${BUILD_TYPE}",
    good="ARG BUILD_TYPE\nRUN make BUILD_TYPE=${BUILD_TYPE}",
    checklist=DIRECTORY,
    added_in="0.2.0",
)


@check(REFUSED, UNDECLARED, needs=("matrix",), scope=Scope.REPO)
def dockerfiles(context: Context) -> Iterable[Finding]:
    """The Dockerfile of each row, once."""
    first: dict[str, Fact] = {}
    for row in context.facts("matrix"):
        if row.kind == "row":
            first.setdefault(text_of(row, "dockerfile").removeprefix("./"), row)
    for path, row in first.items():
        source = context.read(path)
        instructions = instructions_of(source) if source else ()
        found = [(REFUSED, *fault) for fault in _faults(instructions)] if source else []
        for decided, line, subject, message in found or [(UNDECLARED, *fault) for fault in _undeclared(instructions)]:
            yield Finding(
                decided,
                subject,
                path,
                line=line,
                message=f"BuildKit refuses {path}: {message}" if decided is REFUSED else f"in {path} {message}",
                backend=context.known(row.backend) if path.endswith(f".{row.backend}") else "",
                related=(Location(row.path, row.line),),
            )


def _undeclared(instructions: Iterable[Instruction]) -> Iterator[_Fault]:
    """Variables of commands that are nearly one that the stage declares, itself or by the stage that it is made of."""
    by_stage: dict[str, set[str]] = {}
    names: set[str] = set()
    entries = list(instructions)
    runs = "\n".join(_CONTINUED.sub(" ", entry.text) for entry in entries if entry.keyword == "RUN")
    made = {one or other for one, other in _ASSIGNED.findall(runs)}
    for entry in entries:
        if entry.keyword == "FROM":
            words = entry.joined.split()
            names = set(by_stage.get(words[0].lower(), ()) if words else ())
            if len(words) > 2:
                by_stage[words[2].lower()] = names
        elif entry.keyword == "ARG":
            names |= {name for name, _ in declared(entry)}
        elif entry.keyword == "ENV":
            names |= set(_SET.findall(entry.joined))
        elif entry.keyword == "RUN":
            read = {one or other for one, other in _READ.findall(entry.text)}
            for name in sorted(read - names - made):
                close = get_close_matches(name, names, 1, 0.85)
                if close:
                    line = entry.text_line + entry.text[: entry.text.index(name)].count("\n")
                    yield (
                        line,
                        name,
                        f"a command reads {name}, which no ARG or ENV of its stage declares; it has {close[0]}",
                    )


def _faults(instructions: Iterable[Instruction]) -> Iterator[_Fault]:
    known = PREDEFINED | automatic("x86_64").keys()
    stages: list[str] = []
    for entry in instructions:
        if entry.keyword not in _KEYWORDS:
            yield entry.line, entry.keyword, f"{entry.keyword} is no instruction"
        elif entry.keyword == "FROM":
            words = entry.joined.split()
            for name in (one or other for one, other in _VARIABLE.findall(words[0] if words else "")):
                if name not in known:
                    yield entry.line, f"FROM {name}", f"FROM reads {name}, which no ARG above the first FROM declares"
            stages.append(words[2].lower() if len(words) > 2 and words[1].lower() == "as" else "")
        elif not stages and entry.keyword == "ARG":
            known |= {name for name, _ in declared(entry)}
        elif not stages:
            yield entry.line, f"{entry.keyword} first", f"{entry.keyword} comes before the first FROM"
        else:
            yield from _sources(entry, stages)
    if not stages:
        yield 1, "FROM", "it has no FROM"


def _sources(entry: Instruction, stages: list[str]) -> Iterator[_Fault]:
    """Stages that an instruction takes files from: one above its own, or an image, which has a `/`, `:` or `$` in its
    name here."""
    for flag in entry.flags:
        named = _FROM.search(flag) if flag.startswith(("--from=", "--mount=")) else None
        name = named[1].lower() if named else ""
        there = name in stages[:-1] or (name.isdigit() and int(name) < len(stages) - 1)
        if name and not there and not re.search(r"[/:$.@]", name):
            why = "is the stage that it is in" if name == stages[-1] else "is no stage above"
            yield entry.line, f"{entry.keyword} {name}", f"{entry.keyword} takes files from {name}, which {why}"

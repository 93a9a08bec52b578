"""Rules about build arguments: what a row says and the build never hears."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from newbackend.checklist import DIRECTORY
from newbackend.checkout.layout import MAKEFILE
from newbackend.checkout.tree import Checkout, cached_by_file
from newbackend.findings import Finding, Location, Severity
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.rows import text_of
from newbackend.rulebook import Scope
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.rules.registry import check, rule
from newbackend.trace.make.branches import blocks_of, reads

_COMMENT = re.compile(r"(?m)^[ \t]*#.*$")
_ARG = re.compile(r"(?m)^[ \t]*ARG[ \t]+(\w+)([ \t]*=)?")
_ARGUMENT = re.compile(r"(?m)^[ \t]+([A-Z][A-Z0-9_]*)=\$\{\{")
BUILD_WORKFLOW = ".github/workflows/backend_build.yml"
_READERS = ("Makefile", "package.sh", "install.sh")
_PASSED = re.compile(r"--build-arg[ \t]+(\w+)=")
_DEFINITION = re.compile(r"(?m)^define docker-build-backend\n((?:.*\n)*?)endef")

LOST = rule(
    "REG853",
    "build-argument-lost",
    Severity.ERROR,
    what="The workflow passes a build argument with this row's value, the backend's build reads it, and no stage of "
    "the Dockerfile declares it.",
    why="Docker drops an argument that no ARG names, with a warning. The build goes on with an empty value: another "
    "CUDA version, no GPU targets, no libraries in the package.",
    how="Add `ARG NAME` and `ENV NAME=${NAME}` to the stage that builds.",
    bad="FROM ${BASE_IMAGE} AS builder\nENV DEBIAN_FRONTEND=noninteractive      # and no ARG CUDA_MAJOR_VERSION",
    good="ARG CUDA_MAJOR_VERSION\nENV CUDA_MAJOR_VERSION=${CUDA_MAJOR_VERSION}",
    checklist=DIRECTORY,
    added_in="0.2.0",
)


@check(LOST, needs=("matrix",))
def lost(context: Context) -> Iterable[Finding]:
    """Arguments of the workflow that the files of the backend read and the Dockerfile does not take."""
    names = _workflow_arguments(context)
    for info in context.backends.values():
        for path in dict.fromkeys(text_of(row, "dockerfile").removeprefix("./") for row in info.rows):
            missing = names - set(_declared(context.checkout, path)) if context.read(path) else set()
            if missing:
                yield from _lost(context, info, path, missing)


def _workflow_arguments(context: Context) -> frozenset[str]:
    """The arguments that the workflow passes to every image."""
    return frozenset(_ARGUMENT.findall(context.read(BUILD_WORKFLOW) or ""))


@cached_by_file
def _declared(checkout: Checkout, path: str) -> dict[str, bool]:
    """The arguments of a Dockerfile; whether they have a default somewhere."""
    found: dict[str, bool] = {}
    for name, default in _ARG.findall(_COMMENT.sub("", checkout.read(path) or "")):
        found[name] = found.get(name, False) or bool(default)
    return found


def _lost(context: Context, info: BackendInfo, dockerfile: str, missing: Iterable[str]) -> Iterator[Finding]:
    sources = {f"{info.directory}/{name}": context.read(f"{info.directory}/{name}") or "" for name in _READERS}
    for name in sorted(missing):
        if name == "BUILD_TYPE" and not info.language.builds_default_goal:
            continue  # REG815 compares what is compiled
        word = re.compile(rf"(?<![\w]){name}\b")
        for path, source in sources.items():
            rows = _readers(context, info, name, word, source) if name in source else []
            if rows:
                yield Finding(
                    LOST,
                    f"{name} {dockerfile}",
                    dockerfile,
                    line=1,
                    message=f"{info.name} reads {name} in {path}, and {dockerfile} does not declare it",
                    backend=info.name,
                    expected=f"ARG {name}",
                    related=(Location(path, source.count("\n", 0, source.index(name)) + 1),),
                )
                break


def _readers(context: Context, info: BackendInfo, name: str, word: re.Pattern[str], source: str) -> list[Fact]:
    """The rows with a value for an argument whose build reads a line with it. A file that sets it itself needs none."""
    if re.search(rf"(?m)^[ \t]*(?:export\s+)?{name}\s*(?::=|=|\?=[ \t]*\S)", source):
        return []
    blocks = [
        block
        for block in blocks_of(source)
        if word.search(_COMMENT.sub("", source[block.start : block.end]))
        or any(word.search(guard.text) for guard in block.guards)
    ]
    return [
        row
        for row in info.rows
        if any(reads(block, "BUILD_TYPE", text_of(row, "build-type")) is not False for block in blocks)
        and _value(context, row.value, name)
    ]


def _value(context: Context, row: dict[str, object], name: str) -> str:
    from newbackend.trace.ci.workflow import row_job

    job = row_job(context.checkout, row, darwin=False)
    return job.arguments.get(name, "") if job else ""


NOT_PASSED = rule(
    "REG854",
    "build-argument-not-passed",
    Severity.WARNING,
    what="A Dockerfile has an argument without a default that CI passes and `docker-build-backend` of the root "
    "Makefile does not.",
    why="`make docker-build-NAME` and the end-to-end tests build another image than CI: a command of the Dockerfile "
    "sees an empty value.",
    how="Pass it in `define docker-build-backend`, or give the ARG a default.",
    bad="ARG CUDA_MINOR_VERSION      # and no --build-arg CUDA_MINOR_VERSION=… in the definition",
    good="\t\t--build-arg CUDA_MINOR_VERSION=$(CUDA_MINOR_VERSION) \\",
    checklist=DIRECTORY,
    added_in="0.2.0",
)


@check(NOT_PASSED, needs=("matrix", "makefile"), scope=Scope.REPO)
def not_passed(context: Context) -> Iterable[Finding]:
    """Compares the workflow's arguments with those of the root Makefile, for each Dockerfile."""
    rows = [row for info in context.backends.values() for row in info.rows]
    passed, line = _passed_locally(context, rows)
    if not passed:
        return
    lacking = _workflow_arguments(context) - passed
    paths = {text_of(row, "dockerfile").removeprefix("./") for row in rows}
    for path in sorted(paths):
        for name, default in sorted(_declared(context.checkout, path).items()) if context.read(path) else ():
            if name in lacking and not default:
                message = f"{path} needs {name}, which CI passes and docker-build-backend does not"
                yield Finding(NOT_PASSED, f"{name} {path}", MAKEFILE, line=line, message=message)


def _passed_locally(context: Context, rows: Sequence[Fact]) -> tuple[frozenset[str], int]:
    """The arguments that the root Makefile passes to `docker build`, and the line; none when it builds no images."""
    source = context.read(MAKEFILE) or ""
    definition = _DEFINITION.search(source)
    if definition and _PASSED.search(definition[1]):
        return frozenset(_PASSED.findall(definition[1])), source.count("\n", 0, definition.start()) + 1
    if "--build-arg" not in source:
        return frozenset(), 1
    return _passed_by_make(context, {row.backend for row in rows}), source[: source.index("--build-arg")].count(
        "\n"
    ) + 1


def _passed_by_make(context: Context, names: Collection[str]) -> frozenset[str]:
    """The arguments in the commands of every `docker-build-NAME`, as make would print them."""
    from newbackend.trace.machine import Machine, TooMuch
    from newbackend.trace.make.goals import make
    from newbackend.trace.steps import Where

    machine = Machine(context.checkout, "Linux", "x86_64")
    machine.put("/", "")
    goals = [fact.key.partition(":")[2] for fact in context.facts("makefile") if fact.kind == "docker-build-backends"]
    wanted = [goal for goal in goals if goal.removeprefix("docker-build-") in names] or goals
    try:
        make(machine, "/", wanted, {}, {}, Where(MAKEFILE, 1))
    except (TooMuch, RecursionError):
        return frozenset()
    return frozenset(_PASSED.findall("\n".join(machine.printed)))

"""The trace of one row: every stage of its way, and the trace of all rows of a backend."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from newbackend.catalog.variants import variant_table
from newbackend.checkout.layout import MAKEFILE
from newbackend.errors import NotFoundError
from newbackend.records import dataclass
from newbackend.registrations.base import Fact
from newbackend.registrations.matrix.place import variant_of
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.trace.ci.expressions import filled
from newbackend.trace.ci.workflow import RowJob, Tags, row_job, scripts, tags_of
from newbackend.trace.compiled import compiling
from newbackend.trace.docker.build import Build, build
from newbackend.trace.docker.stages import PREDEFINED
from newbackend.trace.hosts import Gallery, gallery_of
from newbackend.trace.machine import Machine, TooMuch
from newbackend.trace.opentext import is_open, shown
from newbackend.trace.packed import archive_of, darwin_run_sh, image_copies
from newbackend.trace.paths import normal
from newbackend.trace.shell.run import Shell
from newbackend.trace.steps import Branch, Copy, Kind, MakeCall, Step, Unknown, Where
from newbackend.trace.switches import flags_of, note_open_parts

PLACES = ("matrix", "gallery-index", "path-filter", "bump-bot")
"""The registrations that a trace reads."""
WORKSPACE = "/src"
"""Where a macOS job has the checkout, in the imagination; real runners differ, and nothing depends on it."""


@dataclass(frozen=True)
class RowTrace:
    """What CI does with one row.

    `root` is the container path of the checkout, `calls` are the makes of the backend's own Makefile, `flags` the
    switches for the compiler and the engine's build; `archive` is what a macOS job packs.
    """

    backend: str
    variant: str
    row: Fact
    platform: str
    job: RowJob | None
    route: str
    bumps: tuple[Fact, ...]
    docker: Build | None
    undeclared: tuple[str, ...]
    steps: tuple[Step, ...]
    root: str
    branches: tuple[Branch, ...]
    directory: str
    goals: tuple[str, ...]
    variables: Mapping[str, str]
    flags: tuple[str, ...]
    run_sh: bool | None
    run_sh_where: Where | None
    image_copies: tuple[Copy, ...]
    archive: str
    tags: Tags | None
    legs: tuple[str, ...]
    gallery: Gallery
    unknown: tuple[Unknown, ...]
    calls: tuple[MakeCall, ...]
    same_build_as: tuple[str, ...] = field(default=())

    @property
    def suffix(self) -> str:
        """The row's tag suffix."""
        return str(self.row.value.get("tag-suffix") or "")

    @property
    def build_type(self) -> str:
        """The row's build type; "" for the CPU."""
        return str(self.row.value.get("build-type") or "")

    @property
    def darwin(self) -> bool:
        """Whether it is a macOS row."""
        return self.row.kind == "darwin"

    @property
    def commands(self) -> tuple[Step, ...]:
        """The commands of the make and what it starts."""
        return tuple(step for step in self.steps if step.kind is not Kind.COPY)


def trace_row(context: Context, info: BackendInfo, row: Fact) -> RowTrace:
    """The trace of one row of the matrix."""
    job, machine = _start(context, info, row)
    docker: Build | None = None
    try:
        if job is not None and row.kind == "darwin":
            _darwin(machine, job)
        elif job is not None:
            docker = _docker(machine, job)
    except TooMuch as error:
        machine.cannot(Where(row.path, row.line), row.key, str(error))
    except RecursionError:
        machine.cannot(Where(row.path, row.line), row.key, "the build calls itself without end")
    return _assembled(context, info, row, job, machine, docker, _relevant(machine.steps, info))


def outline_row(context: Context, info: BackendInfo, row: Fact) -> RowTrace:
    """The trace of one row without what its makes and scripts do (`outline`)."""
    from newbackend.trace.outline import outline_darwin, outline_docker

    job, machine = _start(context, info, row)
    docker: Build | None = None
    if job is not None and row.kind == "darwin":
        outline_darwin(machine, job)
    elif job is not None:
        docker = outline_docker(machine, job)
    return _assembled(context, info, row, job, machine, docker, tuple(machine.steps))


def _start(context: Context, info: BackendInfo, row: Fact) -> tuple[RowJob | None, Machine]:
    """The job that builds a row, and its machine."""
    darwin = row.kind == "darwin"
    job = row_job(context.checkout, row.value, darwin=darwin)
    arch = "arm64" if darwin else "aarch64" if _platform(row, job).endswith("arm64") else "x86_64"
    machine = Machine(context.checkout, "Darwin" if darwin else "Linux", arch)
    machine.directory = info.directory
    if job is None:
        machine.cannot(Where(row.path, row.line), row.key, "no workflow builds this row in a way that is known")
    return job, machine


def _platform(row: Fact, job: RowJob | None) -> str:
    if row.kind == "darwin":
        return "darwin/arm64"
    return (job.platforms if job else "") or str(row.value.get("platforms") or "")


def _assembled(
    context: Context,
    info: BackendInfo,
    row: Fact,
    job: RowJob | None,
    machine: Machine,
    docker: Build | None,
    steps: tuple[Step, ...],
) -> RowTrace:
    """What was found, as a trace."""
    darwin = row.kind == "darwin"
    checkout, platform = context.checkout, _platform(row, job)
    run_sh, run_where = (
        (docker.run_sh, docker.run_sh_where) if docker else darwin_run_sh(machine) if darwin else (None, None)
    )
    legs = tuple(
        str(leg.value.get("platforms") or "")
        for leg in context.rows_by_suffix.get(str(row.value.get("tag-suffix") or ""), ())
        if leg.backend == info.name
    )
    note_open_parts(machine, steps)
    return RowTrace(
        backend=info.name,
        variant=variant_of(row),
        row=row,
        platform=platform,
        job=job,
        route=_route(info, row),
        bumps=tuple(
            fact
            for fact in context.facts("bump-bot")
            if str(fact.value.get("file", "")).startswith(f"{info.directory}/")
        ),
        docker=docker,
        undeclared=tuple(sorted(set(job.arguments) - docker.declared - PREDEFINED)) if job and docker else (),
        steps=steps,
        root=next((place for place, inside in machine.places.items() if inside == ""), "")
        or (docker.root if docker else ""),
        branches=tuple(sorted(machine.branches.values(), key=lambda branch: (branch.where.path, branch.where.line))),
        directory=info.directory,
        goals=tuple(machine.goals),
        variables=dict(machine.variables),
        flags=flags_of(steps),
        run_sh=run_sh,
        run_sh_where=run_where,
        image_copies=image_copies(machine, docker, darwin),
        archive=archive_of(steps),
        tags=tags_of(checkout, row.value, darwin=darwin),
        legs=legs,
        gallery=gallery_of(info, row),
        unknown=tuple(machine.unknown),
        calls=tuple(machine.calls),
    )


def _route(info: BackendInfo, row: Fact) -> str:
    key = f"{'darwin' if row.kind == 'darwin' else 'linux'}:{row.key}"
    return next((str(fact.value) for fact in info.routes if fact.key == key and fact.value), "")


def _docker(machine: Machine, job: RowJob) -> Build | None:
    if is_open(job.dockerfile):
        machine.cannot(job.argument_where or job.called.where, job.dockerfile, "the Dockerfile is not known")
        return None
    context = normal(job.context or ".").removeprefix("./")
    found = build(machine, job.dockerfile, job.arguments, context="" if context == "." else context)
    if found is None:
        machine.cannot(job.argument_where or job.called.where, job.dockerfile, "this Dockerfile is not in the checkout")
    return found


def _darwin(machine: Machine, job: RowJob) -> None:
    machine.put(WORKSPACE, "")
    environment = {name: value for name, value in job.called.environment.items() if not value.startswith("${{ secrets")}
    for step, script in scripts(job):
        if "make " not in script:
            continue
        directory = posixpath.join(WORKSPACE, step.directory)
        shell = Shell(machine, {**environment, **step.environment}, directory, Where(step.where.path, step.script_line))
        machine.step(Kind.RUN, step.where, filled(step.name, job.contexts) or "run", directory)
        machine.depth += 1
        shell.run(script)
        machine.depth -= 1


def _relevant(steps: Sequence[Step], info: BackendInfo) -> tuple[Step, ...]:
    """The steps without those that build LocalAI itself, which a macOS job needs for packing, and without steps of the
    workflow that lead to nothing."""
    kept: list[Step] = []
    for at, step in enumerate(steps):
        leads = at + 1 < len(steps) and steps[at + 1].depth > step.depth
        if step.where.path.startswith(".github/") and step.depth == 0 and not leads:
            continue
        root = step.where.path == MAKEFILE
        if not root or any(word in step.text for word in (info.name, "scripts/", "darwin")):
            kept.append(step)
    return tuple(kept)


def trace(context: Context, name: str, variant: str = "") -> tuple[RowTrace, ...]:
    """The traces of a backend's rows, of one variant if given.

    Raises NotFoundError for a backend that is not known or has no rows, and for a variant that none of its rows builds.
    """
    from newbackend.rules.run import resolve

    info = context.backends[resolve(context, [name])[0]]
    if not info.images:
        raise NotFoundError(
            "backend-without-rows", f"{info.name} has no rows in the build matrix, so nothing builds it"
        )
    rows = [row for row in info.images if not variant or variant in (variant_of(row), str(row.value.get("tag-suffix")))]
    if not rows:
        built = list(variant_table().ordered(variant_of(row) for row in info.images))
        message = f"no row of {info.name} builds the variant {variant!r}"
        raise NotFoundError("variant-not-built", message, hint=f"it has {', '.join(built)}", choices=built)
    return with_twins([trace_row(context, info, row) for row in rows])


def with_twins(traces: Sequence[RowTrace]) -> tuple[RowTrace, ...]:
    """Each trace with the suffixes of those of another build type that compile the same thing on the same processor."""
    prints = [fingerprint(entry) for entry in traces]

    def twins(entry: RowTrace, own: tuple[str, ...]) -> tuple[str, ...]:
        others = (other for other, mark in zip(traces, prints, strict=True) if mark == own)
        return tuple(dict.fromkeys(other.suffix for other in others if other.build_type != entry.build_type))

    return tuple(replace(entry, same_build_as=twins(entry, own)) for entry, own in zip(traces, prints, strict=True))


def fingerprint(entry: RowTrace) -> tuple[str, ...]:
    """What is compiled: every build command, without what only packs."""
    return (entry.platform, *(shown(step.text) for step in entry.steps if compiling(step)))

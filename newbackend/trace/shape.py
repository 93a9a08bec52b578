"""The shape of `newbackend/trace/1`."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class At(TypedDict):
    """A place in the checkout."""

    path: Annotated[str, '"" when there is none.']
    line: Annotated[int, "Counted from 1; 0 when there is none."]


class Empty(TypedDict):
    """There is none."""


class Bump(At):
    """A pin that the bump bot moves."""

    variable: str | None


class JobJson(At):
    """The job of the workflow; the place is that of the job which calls it. Empty when none is found."""

    workflow: str
    name: str


class Stage(TypedDict):
    """A stage of the Dockerfile that is built."""

    name: str
    base: str
    line: int


class DockerfileJson(TypedDict):
    """The Dockerfile of a Linux row; empty for macOS."""

    path: str
    stages: list[Stage]
    build_args: Annotated[dict[str, str], "Each build argument with the value of this row."]
    undeclared: Annotated[list[str], "Those that no stage declares."]


class Branch(At):
    """A conditional of a Makefile."""

    text: str
    taken: bool | None


class Make(TypedDict):
    """What make does in the backend's directory."""

    directory: str
    goals: list[str]
    variables: dict[str, str]
    conditions: list[Branch]
    flags: Annotated[list[str], "Switches of the engine's build, such as -DGGML_CUDA=ON."]
    commands: list[str]


StepIf = TypedDict("StepIf", {"if": NotRequired[Annotated[str, "The condition on which it runs."]]})
CopyIf = TypedDict("CopyIf", {"if": str})


class StepJson(At, StepIf):
    """One step on the way to the image, in order."""

    kind: Annotated[str, "make, package, copy, run, or engine for the engine's own build."]
    text: str


class CopyJson(At, CopyIf):
    """What package.sh copies into the image."""

    source: str
    target: str


class Image(TypedDict):
    """What is in the image."""

    run_sh: bool | None
    archive: str
    copies: list[CopyJson]


class Manifest(TypedDict):
    """The manifest list of several architectures."""

    merged: bool
    platforms: list[str]


class GalleryEntry(At):
    """An entry of the gallery that points to the image."""

    name: str


class CapabilityKey(At):
    """A capability of a host that leads to one of the entries."""

    key: str


class Gap(At):
    """What cannot be known by reading."""

    text: str
    reason: str


class Difference(TypedDict):
    """A command as it was read, and as make says it."""

    read: str
    make: str


class ProofJson(TypedDict):
    """What `make -n` says, with --run."""

    status: str
    lines: int
    message: str
    stopped: str
    differences: list[Difference]


class RowJson(TypedDict):
    """One row of the build matrix, all the way to the hosts that install it."""

    variant: str
    tag_suffix: str
    platform: str
    runner: str
    row: Annotated[str, "path:line of the row."]
    route: Annotated[str, "The directory that the path filter waits for."]
    bumps: list[Bump]
    job: JobJson | Empty
    dockerfile: DockerfileJson | Empty
    steps: list[StepJson]
    make: Make
    image: Image
    tags: list[str]
    manifest: Manifest
    gallery: list[GalleryEntry]
    capabilities: list[CapabilityKey]
    hosts: list[str]
    same_build_as: Annotated[list[str], "Tag suffixes of rows of another build type that compile the same thing."]
    unknown: list[Gap]
    proof: NotRequired[ProofJson]


class Differing(TypedDict):
    """What differs between two variants in one part of the way."""

    part: str
    a: list[str]
    b: list[str]


class TraceJson(TypedDict):
    """What CI does with the rows of one backend."""

    schema: str
    backend: str
    rows: list[RowJson]
    differences: NotRequired[Annotated[list[Differing], "With --diff."]]

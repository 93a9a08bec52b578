"""What lands in the image: by the last stage of a Dockerfile, or by the archive that a macOS job packs."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from newbackend.trace.docker.build import Build
from newbackend.trace.files import find_file
from newbackend.trace.machine import Machine
from newbackend.trace.opentext import is_open, shown, words
from newbackend.trace.paths import normal
from newbackend.trace.steps import Copy, Step, Where


def image_copies(machine: Machine, docker: Build | None, darwin: bool) -> tuple[Copy, ...]:
    """What lands in the image, as far as scripts copy it: targets relative to the image's root."""
    roots: list[tuple[str, str]] = []
    if docker:
        for layer in docker.layers:
            roots.append((normal(layer.source.removesuffix("/.")), layer.target))
    elif darwin:
        roots = [(root, "/") for root in packed_roots(machine)]
    found = []
    for copy in machine.copies:
        for root, target in roots:
            if copy.target.startswith(f"{root}/"):
                inside = posixpath.join(target, copy.target[len(root) + 1 :])
                found.append(Copy(copy.source, inside, copy.where, copy.condition))
    return tuple(found)


def packed_roots(machine: Machine) -> list[str]:
    """The directories that `local-ai util create-oci-image` packs."""
    roots = []
    for step in machine.steps:
        given = words(step.text)
        if "create-oci-image" in given:
            source = next(
                (word for word in given[given.index("create-oci-image") + 1 :] if not word.startswith("-")), ""
            )
            if source and not is_open(source):
                roots.append(normal(posixpath.join(step.directory, source.removesuffix("/."))))
    return roots


def darwin_run_sh(machine: Machine) -> tuple[bool | None, Where | None]:
    roots = packed_roots(machine)
    answers = [find_file(machine, f"{root}/run.sh") for root in roots]
    return next((answer for answer in answers if answer[0]), answers[0] if answers else (None, None))


def archive_of(steps: Sequence[Step]) -> str:
    """The image archive that a macOS job writes."""
    for step in steps:
        given = words(step.text)
        if "create-oci-image" in given and "--output" in given[:-1]:
            return posixpath.basename(shown(given[given.index("--output") + 1]))
    return ""

"""What a row compiles, without what packs it: a comparison of one row with itself under another build type."""

from __future__ import annotations

import posixpath
import re

from newbackend.registrations.base import Fact
from newbackend.rules.backend import BackendInfo
from newbackend.rules.context import Context
from newbackend.trace.ci.workflow import row_job
from newbackend.trace.docker.build import build
from newbackend.trace.machine import Machine, TooMuch
from newbackend.trace.opentext import is_open, shown
from newbackend.trace.steps import Kind, Step
from newbackend.trace.switches import switches

_PACKING = re.compile(r"\bpackage\b|\bpackage[\w.-]*\.sh\b")


def compiling(step: Step) -> bool:
    """Whether a step compiles: it neither packs nor is part of what packs. A make or a script that is followed is none
    itself."""
    if step.followed or step.kind not in (Kind.RUN, Kind.ENGINE):
        return False
    return not _PACKING.search(step.text) and not posixpath.basename(step.where.path).startswith("package")


_PROCESSOR = re.compile(r"AVX|SSE|FMA|F16C|BMI|AMX|CPU|NATIVE|BACKEND_DL|SHARED_LIBS|_ARCH\b")
"""Switches for the processor, not for an accelerator."""


def commands_of(context: Context, info: BackendInfo, row: Fact, build_type: str) -> frozenset[str] | None:
    """What a Linux row compiles as if it had that build type; None when it cannot be read.

    Of cmake only the switches count, and none for the processor: a GPU image often has fewer CPU variants."""
    job = row_job(context.checkout, row.value, darwin=False)
    if job is None or is_open(job.dockerfile):
        return None
    arch = "aarch64" if job.platforms.endswith("arm64") else "x86_64"
    machine = Machine(context.checkout, "Linux", arch)
    machine.directory, machine.packs = info.directory, False
    try:
        found = build(machine, job.dockerfile, {**job.arguments, "BUILD_TYPE": build_type})
    except (TooMuch, RecursionError):
        return None
    if found is None or machine.unknown:
        return None
    return frozenset(part for step in machine.steps if compiling(step) for part in _parts(shown(step.text)))


def _parts(text: str) -> list[str]:
    if not text.startswith("cmake "):
        return [text]
    return [switch for switch in switches(text) if not _PROCESSOR.search(switch.partition("=")[0])]

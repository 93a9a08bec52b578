"""Switches that an engine no longer has: `renamed_switches.json`.

CMake ignores an unknown switch with a warning, so the image is built for the CPU.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from newbackend.records import dataclass


@dataclass(frozen=True)
class RenamedSwitch:
    """`old` became `new` ("": it is gone) in a project's commit. `hardware` is the build type that it was for, `ours` a
    word that an engine's own switch for it has, `kept_by` are forks that still know it, as OWNER/REPO."""

    old: str
    new: str
    hardware: str
    ours: str
    project: str
    commit: str
    date: str
    kept_by: tuple[str, ...] = ()


@cache
def renamed_switches() -> tuple[RenamedSwitch, ...]:
    """The table."""
    data = json.loads((Path(__file__).parent / "renamed_switches.json").read_text(encoding="utf-8"))
    return tuple(RenamedSwitch(**{**row, "kept_by": tuple(row.get("kept_by", ()))}) for row in data["switches"])

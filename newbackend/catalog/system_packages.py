"""Debian's packages for what CMake's `find_package` looks for. `system_packages.json` has one row for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path


def debian_packages(name: str) -> tuple[str, ...] | None:
    """The packages to install, none for what every compiler brings; None for a name that is not in the table."""
    return _table().get(name.lower())


@cache
def _table() -> Mapping[str, tuple[str, ...]]:
    text = Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
    return {name.lower(): tuple(packages) for name, packages in json.loads(text)["packages"].items()}

"""Data about libraries, hosts and CPUs: TOML tables with a reason per row."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def read_table(name: str) -> dict[str, Any]:
    """The content of `data/<name>.toml`, read once. Not to be changed."""
    return tomllib.loads(resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))

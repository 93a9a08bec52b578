"""The portable build: the available glibc floors, and the images to build and test them in.

The data is `baselines.toml`; the templates are `templates/shared/options/portable/`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from newbackend.catalog.languages import Language
from newbackend.errors import UsageError

_FORM = re.compile(r"2\.\d{1,2}\Z")
Number = tuple[int, ...]


@cache
def baselines() -> dict[str, Any]:
    """The tables of baselines.toml."""
    return tomllib.loads(Path(__file__).with_name("baselines.toml").read_text(encoding="utf-8"))


def _number(text: str) -> Number:
    return tuple(int(part) for part in text.split("."))


def check_floor(value: object, language: Language, flavour: str) -> str:
    """A glibc floor such as `2.28`; raises UsageError for another form, for one outside the range that can
    be built, and for languages and flavours without a portable build."""
    text = str(value)
    lowest, highest = baselines()["range"]["lowest"], baselines()["range"]["highest"]
    hint = f"use a glibc release from {lowest} to {highest}, such as 2.28"
    if not _FORM.match(text):
        raise UsageError("glibc-floor-invalid", f"glibc floor {text!r} is not a glibc release", hint=hint)
    if not _number(lowest) <= _number(text) <= _number(highest):
        raise UsageError("glibc-floor-range", f"there is no baseline for glibc {text}", hint=hint)
    if language.no_glibc_floor:
        why = language.no_glibc_floor
        raise UsageError("glibc-floor-language", f"{language.title} backends have no glibc floor: {why}")
    if language.flavours[flavour].no_glibc_floor:
        why = language.flavours[flavour].no_glibc_floor
        raise UsageError("glibc-floor-flavour", f"flavour {flavour} has no glibc floor: {why}")
    return text


def images_for(floor: str) -> dict[str, str]:
    """The newest images at or below the floor, to build in and to run in."""
    build, run = _newest("build", floor), _newest("run", floor)
    return {
        "floor": floor,
        "build_image": build["image"],
        "build_glibc": build["glibc"],
        "run_image": run["image"],
        "run_glibc": run["glibc"],
        "run_title": run["title"],
    }


def _newest(table: str, floor: str) -> dict[str, str]:
    rows: list[dict[str, str]] = baselines()[table]
    return max((row for row in rows if _number(row["glibc"]) <= _number(floor)), key=lambda row: _number(row["glibc"]))

"""Which licence a text is, by phrases that only that licence has."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


def license_of(text: str) -> str:
    """The SPDX id of a licence text, or "" for one that is not in `licences.json`."""
    flat = _flat(text)
    for row in _licenses():
        if all(_flat(phrase) in flat for phrase in row["phrases"]):
            return str(row["id"])
    return ""


def known_licenses() -> tuple[str, ...]:
    """The SPDX ids of `licences.json`."""
    return tuple(dict.fromkeys(str(row["id"]) for row in _licenses()))


def _flat(text: str) -> str:
    """Words alone: texts differ in line breaks, commas and Markdown's marks."""
    return " ".join(text.translate(str.maketrans(",*#", "   ")).lower().split())


@cache
def _licenses() -> list[dict[str, list[str]]]:
    data = json.loads((Path(__file__).parent / "licences.json").read_text(encoding="utf-8"))
    rows = data["licenses"]
    assert isinstance(rows, list)
    return rows

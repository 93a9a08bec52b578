"""Which licence a text is, by phrases that only that licence has."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


def license_of(text: str) -> str:
    """The SPDX id of a licence text, or "" for one that is not in `licences.json`."""
    flat = _flat(text)
    matching = ((_at(row, flat), str(row["id"])) for row in _licenses())
    found = [(at, name) for at, name in matching if at is not None]
    # A text names other licences too: GPL 3 has a section about the Affero GPL. Its own name stands first.
    return min(found, key=lambda pair: pair[0])[1] if found else ""


def _at(row: dict[str, list[str]], flat: str) -> int | None:
    """Where the first phrase of a licence stands in a text that has all of them; None when one is missing."""
    places = [flat.find(_flat(phrase)) for phrase in row["phrases"]]
    return None if -1 in places else places[0]


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

"""Titles in LocalAI's manually kept lists: `registries.json`, loaded once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from newbackend.records import dataclass


@dataclass(frozen=True)
class Category:
    """A category of the backends page: its titles over time, newest first, and its purpose."""

    titles: tuple[str, ...]
    purpose: str


@dataclass(frozen=True)
class Registries:
    """Headings, sections and column words, each in the lists' own language.

    `tables` and `bullets` are by category; a modality names its own.
    """

    known_headings: Mapping[str, str]
    generic_importers: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    bullets: Mapping[str, Category]


@cache
def registries() -> Registries:
    """The data of `registries.json`."""
    data = json.loads((Path(__file__).parent / "registries.json").read_text(encoding="utf-8"))
    return Registries(
        known_headings=data["known_headings"],
        generic_importers=tuple(data["generic_importers"]),
        tables={key: tuple(names) for key, names in data["tables"].items()},
        bullets={key: Category(tuple(row["titles"]), row["purpose"]) for key, row in data["bullets"].items()},
    )

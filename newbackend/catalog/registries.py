"""How LocalAI's hand-kept lists call things: `registries.json`, loaded once, without logic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Category:
    """A category of the backends page: the titles it has had, newest first, and what it is for."""

    titles: tuple[str, ...]
    purpose: str


@dataclass(frozen=True)
class Registries:
    """Headings, sections and column words, each in the lists' own language.

    `tables` and `bullets` are by category, `table_of` and `bullet_of` give a modality's category.
    `acceleration` pairs a word with the variants that it stands for, the wider word first.
    """

    known_headings: Mapping[str, str]
    generic_importers: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    bullets: Mapping[str, Category]
    table_of: Mapping[str, str]
    bullet_of: Mapping[str, str]
    acceleration: tuple[tuple[str, tuple[str, ...]], ...]
    capability_words: Mapping[str, str]


@cache
def registries() -> Registries:
    """The data of `registries.json`."""
    data = json.loads((Path(__file__).parent / "registries.json").read_text(encoding="utf-8"))
    return Registries(
        known_headings=data["known_headings"],
        generic_importers=tuple(data["generic_importers"]),
        tables={key: tuple(names) for key, names in data["tables"].items()},
        bullets={key: Category(tuple(row["titles"]), row["purpose"]) for key, row in data["bullets"].items()},
        table_of=data["table_of_modality"],
        bullet_of={**data["table_of_modality"], **data["bullet_of_modality"]},
        acceleration=tuple((word, tuple(variants)) for word, variants in data["acceleration"]),
        capability_words=data["capability_words"],
    )

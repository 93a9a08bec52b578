"""Static data: variants, languages, modalities, name rules. Each file is loaded once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from newbackend.catalog.languages import LanguageTable, language_table
from newbackend.catalog.modalities import Modality, modalities, spoken_of
from newbackend.catalog.variants import Variant, VariantTable, variant_table
from newbackend.records import dataclass

__all__ = (
    "Modality",
    "NameRules",
    "PinRules",
    "Variant",
    "modalities",
    "name_rules",
    "pin_rules",
    "pipeline_tags",
    "spoken_of",
    "variant_table",
)

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class NameRules:
    """Forbidden names: those with a meaning in LocalAI's backend names, directories and make targets."""

    pattern: str
    max_length: int
    tokens: Mapping[str, str]
    prefixes: tuple[str, ...]
    suffixes: Mapping[str, str]
    reserved: Mapping[str, str]


@dataclass(frozen=True)
class PinRules:
    """Names of the make variable that holds a pin: the words that they end in, and names that mean something else."""

    suffixes: tuple[str, ...]
    taken: Mapping[str, str]
    taken_prefixes: Mapping[str, str]

    def why_taken(self, variable: str) -> str:
        """Who uses this variable for something else; "" if nobody does."""
        prefixes = (why for prefix, why in self.taken_prefixes.items() if variable.startswith(prefix))
        return self.taken.get(variable) or next(prefixes, "")


def _load(name: str) -> Any:
    return json.loads((_HERE / name).read_text(encoding="utf-8"))


@cache
def pipeline_tags() -> tuple[str, ...]:
    """The tasks that a model on Hugging Face can have: `pipeline_tags.json`."""
    return tuple(_load("pipeline_tags.json")["tags"])


def name_rules() -> NameRules:
    """`names.json`, with names that variants and shared Dockerfiles reserve."""
    return _name_rules(variant_table(), language_table())


@cache
def pin_rules() -> PinRules:
    """What `names.json` says about pins."""
    data = _load("names.json")["pins"]
    return PinRules(tuple(data["suffixes"]), data["taken"], data["taken_prefixes"])


@cache
def _name_rules(variants: VariantTable, languages: LanguageTable) -> NameRules:
    data = _load("names.json")
    entries = [entry for variant in variants.variants.values() for entry in variant.entries.values()]
    buckets = dict.fromkeys(languages.shared, "it is a language bucket of the path filter")
    return NameRules(
        pattern=data["pattern"],
        max_length=data["max_length"],
        tokens=data["tokens"],
        prefixes=(*(entry.removesuffix("{name}") for entry in entries), *data["prefixes"]),
        suffixes=data["suffixes"],
        reserved={**buckets, **data["reserved"]},
    )

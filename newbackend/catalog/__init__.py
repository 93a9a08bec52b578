"""Data about variants, modalities, languages and names: files, loaded once, without logic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Variant:
    """One platform variant. `rows` maps `lang` or `lang/flavour` to canonical matrix rows (contract 13)."""

    id: str
    title: str
    capability_keys: tuple[str, ...]
    fallback_for: Mapping[str, str]
    index_names: Mapping[str, str]
    rows: Mapping[str, tuple[Mapping[str, str], ...]]

    @property
    def darwin(self) -> bool:
        """Whether its rows live in `includeDarwin`."""
        return self.id == "metal"

    def rows_for(self, lang: str, flavour: str) -> tuple[Mapping[str, str], ...]:
        """Canonical rows, most specific first; empty when the language does not ship this variant."""
        return self.rows.get(f"{lang}/{flavour}") or self.rows.get(lang) or ()

    def index_name(self, lang: str, name: str) -> str:
        """The production entry's name in `backend/index.yaml`, e.g. `cuda12-ds4`."""
        return self.index_names.get(lang, self.index_names["default"]).replace("{name}", name)


@dataclass(frozen=True)
class VariantTable:
    """All variants in canonical order, with how a matrix row is laid out and quoted."""

    variants: Mapping[str, Variant]
    field_order: tuple[str, ...]
    double_quoted: frozenset[str]
    capability_order: tuple[str, ...]
    uri: str
    mirror: str

    def ordered(self, ids: Any) -> tuple[str, ...]:
        """The ids in canonical order, without repeats."""
        wanted = set(ids)
        return tuple(v for v in self.variants if v in wanted)


@dataclass(frozen=True)
class Modality:
    """What a backend can do: its RPCs and how galleries, docs and the import form call it."""

    id: str
    title: str
    rpcs: tuple[str, ...]
    optional_rpcs: tuple[str, ...]
    tags: tuple[str, ...]
    usecases: tuple[str, ...]
    chip: str
    docs: str


@dataclass(frozen=True)
class NameRules:
    """Why a name may not be taken, as data (contract 11.3)."""

    pattern: str
    max_length: int
    tokens: Mapping[str, str]
    prefixes: tuple[str, ...]
    suffixes: Mapping[str, str]
    reserved: Mapping[str, str]


def _load(name: str) -> Any:
    return json.loads((_HERE / name).read_text(encoding="utf-8"))


@cache
def variant_table() -> VariantTable:
    """`variants.json`."""
    data = _load("variants.json")
    variants = {
        key: Variant(
            id=key,
            title=row["title"],
            capability_keys=tuple(row["capability_keys"]),
            fallback_for=row.get("stands_in_for", {}),
            index_names=row["index_name"],
            rows={lang: tuple(rows) for lang, rows in row["rows"].items()},
        )
        for key, row in ((key, data["variants"][key]) for key in data["order"])
    }
    return VariantTable(
        variants,
        tuple(data["field_order"]),
        frozenset(data["double_quoted"]),
        tuple(data["capability_order"]),
        data["registry"]["uri"],
        data["registry"]["mirror"],
    )


@cache
def modalities() -> Mapping[str, Modality]:
    """`modalities.json`, in canonical order."""
    data = _load("modalities.json")
    return {key: _modality(key, data["modalities"][key]) for key in data["order"]}


def _modality(key: str, row: Mapping[str, Any]) -> Modality:
    return Modality(
        id=key,
        title=row["title"],
        rpcs=tuple(row["rpcs"]),
        optional_rpcs=tuple(row["optional_rpcs"]),
        tags=tuple(row["tags"]),
        usecases=tuple(row["usecases"]),
        chip=row["chip"],
        docs=row["docs"],
    )


@cache
def name_rules() -> NameRules:
    """`names.json`."""
    data = _load("names.json")
    return NameRules(
        pattern=data["pattern"],
        max_length=data["max_length"],
        tokens=data["tokens"],
        prefixes=tuple(data["prefixes"]),
        suffixes=data["suffixes"],
        reserved=data["reserved"],
    )

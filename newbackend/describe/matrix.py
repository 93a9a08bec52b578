"""Variants from matrix rows, and their differences from the canonical table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from newbackend.catalog import variant_table
from newbackend.describe.facts import Registered
from newbackend.registrations.matrix.place import rows_of, variant_of
from newbackend.spec import BackendSpec

Row = Mapping[str, Any]


def rows_by_variant(backend: Registered) -> dict[str, list[Row]]:
    """Variant id -> rows in file order; rows of no variant become facts of the matrix place."""
    table = variant_table()
    rows: dict[str, list[Row]] = {}
    for fact in backend.of("matrix"):
        variant = variant_of(fact)
        if variant in table.variants:
            rows.setdefault(variant, []).append(fact.value)
    return {variant: rows[variant] for variant in table.ordered(rows)}


def departures(backend: Registered, flavour: str, rows: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, Any]]:
    """`overrides.variants`: per variant the fields that differ on every row, or else the rows themselves."""
    plain = BackendSpec(backend.name, backend.lang, flavour, tuple(rows), ())
    departing = {variant: _departure(rows_of(plain, variant), real) for variant, real in rows.items()}
    return {variant: value for variant, value in departing.items() if value}


def _departure(canonical: Sequence[Row], real: Sequence[Row]) -> dict[str, Any]:
    if _same(canonical, real):
        return {}
    fields = _common(canonical, real)
    if fields is not None:
        return {"fields": fields}
    return {"rows": [dict(row) for row in real]}


def _common(canonical: Sequence[Row], real: Sequence[Row]) -> dict[str, str] | None:
    """One set of fields that turns every canonical row into a real one, or None."""
    if len(canonical) != len(real) or not canonical:
        return None
    first = next((row for row in real if _slot(row) == _slot(canonical[0])), real[0])
    fields = {key: value for key, value in first.items() if canonical[0].get(key) != value}
    return fields if _same([{**row, **fields} for row in canonical], real) else None


def _slot(row: Row) -> tuple[Any, Any]:
    return row.get("platforms"), row.get("platform-tag")


def _same(canonical: Sequence[Row], real: Sequence[Row]) -> bool:
    return len(canonical) == len(real) and all(row in real for row in canonical)

"""Variants out of matrix rows, and what in them departs from the canonical table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from newbackend.catalog import variant_table
from newbackend.describe.facts import Registered
from newbackend.registrations.matrix.place import rows_of, variant_of_row
from newbackend.spec import BackendSpec

Row = Mapping[str, Any]


def rows_by_variant(found: Registered) -> dict[str, list[Row]]:
    """Variant id -> rows in file order; rows that are like no variant are left to the matrix place's facts."""
    table = variant_table()
    rows: dict[str, list[Row]] = {}
    for fact in found.of("matrix"):
        variant = "metal" if fact.kind == "darwin" else variant_of_row(fact.value)
        if variant in table.variants:
            rows.setdefault(variant, []).append(fact.value)
    return {variant: rows[variant] for variant in table.ordered(rows)}


def departures(found: Registered, flavour: str, rows: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, Any]]:
    """`overrides.variants`: per variant the fields that differ on every row, or else the rows themselves."""
    plain = BackendSpec(found.name, found.lang, flavour, tuple(rows), ())
    said = {variant: _departure(rows_of(plain, variant), real) for variant, real in rows.items()}
    return {variant: value for variant, value in said.items() if value}


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


def _same(one: Sequence[Row], other: Sequence[Row]) -> bool:
    return len(one) == len(other) and all(row in other for row in one)

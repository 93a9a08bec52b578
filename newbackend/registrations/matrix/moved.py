"""Images and toolkits that LocalAI has moved since the catalogue was written: what siblings' rows have instead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from newbackend.answers import Answers
from newbackend.catalog import variant_table
from newbackend.checkout.tree import Checkout
from newbackend.records import dataclass
from newbackend.registrations.matrix.place import Matrix, lang_of_row, rows_of
from newbackend.spec import BackendSpec

_FIELDS = ("base-image", "cuda-minor-version", "ubuntu-version")
_ALIKE = ("build-type", "cuda-major-version", "platforms")


@dataclass(frozen=True)
class Moved:
    """A field of a variant's rows: the catalogue's value, and that of most siblings."""

    variant: str
    field: str
    ours: str
    theirs: str
    rows: int

    @property
    def note(self) -> str:
        """For the reader of the plan."""
        here = f"{self.variant}: {self.field} is {self.theirs}, as in {self.rows} rows here"
        return f"{here}; the catalogue has {self.ours}"


def moved_fields(spec: BackendSpec, checkout: Checkout) -> list[Moved]:
    """Fields whose value in the catalogue no row of the checkout has any more, and another one most of them.

    Rows alike are for the same build type, toolkit and architecture: those of the same language, else all. What the
    answers say about a variant stays.
    """
    if not Matrix().probe(checkout).usable:
        return []
    told = spec.overrides.get("variants") or {}
    known = [fact.value for fact in Matrix().observe(checkout) if fact.kind == "row" and fact.backend != spec.name]
    return [
        moved
        for variant in spec.variants
        if variant not in told and not variant_table().variants[variant].darwin
        for moved in _of_variant(spec, variant, known)
    ]


def _of_variant(spec: BackendSpec, variant: str, known: Sequence[Mapping[str, Any]]) -> Iterator[Moved]:
    rows = rows_of(spec, variant)
    alike = [other for other in known if any(_same(row, other) for row in rows)]
    own = [other for other in alike if lang_of_row(other) == spec.lang] or alike
    for field in _FIELDS:
        ours = {row.get(field, "") for row in rows}
        used = {str(other.get(field, "")) for other in known}
        if len(ours) != 1 or ours <= {""} or ours & used:
            continue
        mine = ours.pop()
        counts = Counter(value for other in own if _named(value := str(other.get(field, ""))) == _named(mine))
        for theirs, count in counts.most_common(1):
            if count * 2 > counts.total():
                yield Moved(variant, field, mine, theirs, count)


def _named(value: str) -> str:
    """An image without its tag and versions in its name: another image is another choice, not a newer one."""
    return re.sub(r"[0-9][0-9.]*", "", value.partition(":")[0])


def _same(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(str(row.get(key, "")) == str(other.get(key, "")) for key in _ALIKE)


def with_moved(answers: Answers, moved: Sequence[Moved]) -> Answers:
    """The answers with these departures from the catalogue."""
    overrides = {key: dict(value) for key, value in (answers.overrides or {}).items()}
    variants = dict(overrides.get("variants") or {})
    for one in moved:
        fields = dict((variants.get(one.variant) or {}).get("fields") or {})
        variants[one.variant] = {"fields": {**fields, one.field: one.theirs}}
    return replace(answers, overrides={**overrides, "variants": variants}) if moved else answers

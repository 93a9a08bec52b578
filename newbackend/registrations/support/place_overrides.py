"""Checks `overrides.places`: keys that no place reads are refused, not ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newbackend.errors import UsageError
from newbackend.overrides import SCAFFOLD
from newbackend.registrations.base import Place
from newbackend.spec import BackendSpec

ANY = frozenset("*")
"""`override_keys` of a place whose keys are data of the checkout; it checks them itself."""


def check_place_overrides(spec: BackendSpec, known: Sequence[Place]) -> None:
    """Raises UsageError for an unknown place, for a key that its place does not read, and for matrix rows that would
    build another backend."""
    _check_rows(spec)
    by_id = {place.id: place for place in known}
    for place_id, answers in (spec.overrides.get("places") or {}).items():
        if place_id == SCAFFOLD:
            continue
        place = by_id.get(place_id)
        if place is None:
            names = ", ".join((SCAFFOLD, *by_id))
            message = f"unknown key overrides.places.{place_id}; known: {names}"
            raise UsageError("answers-unknown-key", message, choices=(SCAFFOLD, *by_id))
        allowed = {"omit", *place.override_keys, *(("facts",) if place.takes_facts else ())}
        for key in answers:
            if key not in allowed and place.override_keys != ANY:
                names = ", ".join(sorted(allowed))
                message = f"unknown key overrides.places.{place_id}.{key}; known: {names}"
                raise UsageError("answers-unknown-key", message, choices=sorted(allowed))
        for key, value in (answers.get("facts") or {}).items():
            place.from_answers(spec, key, value)  # also where this checkout has no such place


def _check_rows(spec: BackendSpec) -> None:
    for variant, answers in (spec.overrides.get("variants") or {}).items():
        fields: Mapping[str, str] = answers.get("fields") or {}
        builds = [fields.get("backend", spec.name), *(row.get("backend", "") for row in answers.get("rows") or ())]
        for name in builds:
            if name != spec.name:
                raise UsageError(
                    "overrides-other-backend",
                    f"overrides.variants.{variant} is about the backend {name!r}, not {spec.name!r}",
                )

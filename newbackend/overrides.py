"""The shape of `overrides` in an answers file: where a real registration departs from the canonical table.

Unknown keys are refused, and so is text that would not stay on one line. docs/answers.md explains each key; a place
lists the keys that it reads (`Place.overrides`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from newbackend.catalog import variant_table
from newbackend.errors import UsageError

SECTIONS = ("variants", "capabilities", "places")
SCAFFOLD = "scaffold"
KEEP = "keep"
_VARIANT_KEYS = ("fields", "rows", "entry")
_FIELD = re.compile(r"[a-z][a-z0-9-]*\Z")
_ENTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def keeps_files(overrides: Mapping[str, Any] | None) -> bool:
    """Whether overrides have `places.scaffold: keep`: nothing is rendered, so nothing that limits a new
    name or a template applies (docs/adr/0020)."""
    return ((overrides or {}).get("places") or {}).get(SCAFFOLD) == KEEP


def check_overrides(data: Any, where: str) -> None:
    """Raises UsageError naming the key that is unknown or has a value of the wrong kind."""
    for section, value in _mapping("overrides", data, where).items():
        if section not in SECTIONS:
            raise _unknown(f"overrides.{section}", SECTIONS, where)
        if section == "variants":
            for variant, departures in _mapping("overrides.variants", value, where).items():
                _check_variant(variant, departures, where)
        elif section == "capabilities":
            for key, name in _mapping("overrides.capabilities", value, where).items():
                _matching(f"overrides.capabilities key {key!r}", key, _FIELD, where)
                if name != "":
                    _matching(f"overrides.capabilities.{key}", name, _ENTRY, where)
        else:
            for place, departures in _mapping("overrides.places", value, where).items():
                _check_place(place, departures, where)


def _check_variant(variant: str, departures: Any, where: str) -> None:
    path = f"overrides.variants.{variant}"
    if variant not in variant_table().variants:
        raise _unknown(path, variant_table().variants, where)
    for key, value in _mapping(path, departures, where).items():
        if key not in _VARIANT_KEYS:
            raise _unknown(f"{path}.{key}", _VARIANT_KEYS, where)
        if key == "entry":
            _matching(f"{path}.entry", value, _ENTRY, where)
        elif key == "fields":
            check_row(f"{path}.fields", value, where)
        else:
            if not isinstance(value, list) or not value:
                raise _kind(f"{path}.rows", "a list of matrix rows", where)
            for row in value:
                check_row(f"{path}.rows", row, where)
                if not row.get("tag-suffix"):
                    raise _kind(f"{path}.rows", "a list of rows that each have a tag-suffix", where)


def check_row(path: str, row: Any, where: str) -> None:
    """Raises UsageError unless `row` is a mapping of field names to one line of text each."""
    for field, value in _mapping(path, row, where).items():
        _matching(f"{path} field {field!r}", field, _FIELD, where)
        if not isinstance(value, str) or not one_line(value):
            raise _kind(f"{path}.{field}", "one line of text (quote it)", where)


def _check_place(place: str, departures: Any, where: str) -> None:
    path = f"overrides.places.{place}"
    if place == SCAFFOLD:
        if departures != KEEP:
            raise _kind(path, f"{KEEP!r}", where)
        return
    rows = _mapping(path, departures, where)
    omit = rows.get("omit", [])
    if omit is not True and not (isinstance(omit, list) and all(isinstance(word, str) for word in omit)):
        raise _kind(f"{path}.omit", "true, or a list of kinds or keys", where)
    for key, value in _mapping(f"{path}.facts", rows.get("facts", {}), where).items():
        if not one_line(key) or not _is_value(value):
            raise _kind(f"{path}.facts", "a mapping of keys to text, lists or mappings of text", where)


def _is_value(value: Any, depth: int = 0) -> bool:
    if isinstance(value, str):
        return True
    if depth > 2:
        return False
    if isinstance(value, list):
        return all(isinstance(item, str) and one_line(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(k, str) and one_line(k) and _is_value(v, depth + 1) for k, v in value.items())
    return False


def one_line(text: str) -> bool:
    """Whether a text fits on one line: no line breaks and no control characters."""
    return text.isprintable()


def _mapping(path: str, value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _kind(path, "a mapping", where)
    return value


def _matching(what: str, value: Any, pattern: re.Pattern[str], where: str) -> None:
    if not isinstance(value, str) or not pattern.match(value):
        raise UsageError("overrides-invalid", f"{what}: {value!r} is not a plain name", where=where)


def _unknown(path: str, known: Iterable[str], where: str) -> UsageError:
    message = f"unknown key {path}; known: {', '.join(known)}"
    return UsageError("answers-unknown-key", message, where=where, choices=known)


def _kind(path: str, what: str, where: str) -> UsageError:
    return UsageError("answers-wrong-type", f"{path} must be {what}", where=where)

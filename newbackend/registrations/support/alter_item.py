"""Alters one item of a YAML list: the fields in which two expectations differ, merged with what the file has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from newbackend.registrations.base import Altered
from newbackend.splice.operation import Operation
from newbackend.splice.outcome import AlreadyPresent, Drifted
from newbackend.splice.three_way import Differs, changed_keys, merged
from newbackend.splice.yaml_fields import NewField, set_fields
from newbackend.splice.yaml_list import Item, YamlList

Lines = Callable[[Mapping[str, Any]], Sequence[str]]
_NO_FIELDS = ("&", "<<")


def new_values(fact: Altered) -> dict[str, Any]:
    """Field -> its new value, None for a field that goes. Raises Differs for one that somebody set otherwise."""
    old, new, there = fact.old.value, fact.new.value, fact.there.value
    keys = [key for key in changed_keys(old, new) if key not in _NO_FIELDS]
    values = {key: merged(old.get(key), new.get(key), there.get(key)) for key in keys}
    return {key: value for key, value in values.items() if value != there.get(key)}


def merged_fields(fact: Altered, *, prose: frozenset[str]) -> dict[str, Any]:
    """As `new_values`, for fields that are always there; prose that somebody wrote otherwise is left alone."""
    old, new, there = fact.old.value, fact.new.value, fact.there.value
    values = {}
    for key in changed_keys(old, new):
        try:
            values[key] = merged(old.get(key), new.get(key), there.get(key))
        except Differs:
            if key not in prose:
                raise
    return {key: value for key, value in values.items() if value != there.get(key)}


def alter_item(target: YamlList, item: Item, fact: Altered, lines: Lines) -> Operation:
    """The operation; `lines` renders an item with some fields, as the place writes new ones."""
    try:
        values = new_values(fact)
    except Differs as error:
        return Operation(Drifted(f"{fact.there.key} has {error.there!r}, which nobody expected", fact.there.line))
    if not values:
        return Operation(AlreadyPresent(fact.there.line))
    return set_fields(target, item, {key: _field(item, key, value, lines) for key, value in values.items()})


def _field(item: Item, key: str, value: Any, lines: Lines) -> NewField:
    """A field as its own lines: an item of this field alone, without the dash."""
    if value is None:
        return NewField(None, ())
    rows = list(lines({key: value}))
    pad = " " * (item.indent + 2)
    offset = len(rows[0]) - len(rows[0].lstrip("- "))
    return NewField(value, tuple(pad + row[offset:] for row in rows))

"""Three-way merge of one value: what was expected, what is expected now, and what the file has.

Only the difference between the two expectations is made. What somebody wrote by hand beside it stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Differs(Exception):
    """The file has neither the old nor the new value; `there` is what it has."""

    def __init__(self, there: Any) -> None:
        super().__init__(there)
        self.there = there


def merged(old: Any, new: Any, there: Any) -> Any:
    """The value to write; None for none. Raises Differs.

    Texts are compared without the blanks around them, lists as sets in their order, mappings key by key. What was
    expected and is not there was left out on purpose, and stays out.
    """
    if _same(old, new) or _same(there, new) or (there is None and old is not None):
        return there
    if isinstance(there, Mapping) and isinstance(old or {}, Mapping) and isinstance(new or {}, Mapping):
        return _mapping(old or {}, new or {}, there)
    if _same(there, old):
        return new
    if _is_list(there) and _is_list(old or []) and _is_list(new or []):
        return _list(old or [], new or [], there)
    raise Differs(there)


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Keys whose values differ, those of the new value first."""
    return [key for key in dict.fromkeys((*new, *old)) if not _same(old.get(key), new.get(key))]


def _mapping(old: Mapping[str, Any], new: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(there)
    order = list(new)
    for key in changed_keys(old, new):
        if key not in new:
            if key in result and _same(result[key], old[key]):
                del result[key]
        elif key in result:
            result[key] = merged(old.get(key), new[key], result[key])
        elif key not in old:
            before = [known for known in order[: order.index(key)] if known in result]
            result = _put(result, before[-1] if before else "", key, new[key])
    return result


def _put(mapping: Mapping[str, Any], after: str, key: str, value: Any) -> dict[str, Any]:
    """A key right behind another one; in front when there is none."""
    rows = list(mapping.items())
    at = next((number + 1 for number, (name, _) in enumerate(rows) if name == after), 0)
    return dict([*rows[:at], (key, value), *rows[at:]])


def _list(old: Sequence[Any], new: Sequence[Any], there: Sequence[Any]) -> list[Any]:
    kept = [value for value in there if value in new or value not in old]
    return [*kept, *(value for value in new if value not in old and value not in kept)]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.strip() == other.strip()
    if _is_list(one) and _is_list(other):
        return list(one) == list(other)
    return bool(one == other)

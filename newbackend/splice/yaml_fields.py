"""Changes fields of one item of a YAML list in place: only lines whose text differs are replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import yaml

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.operation import Operation
from newbackend.splice.outcome import Inserted, Splice
from newbackend.splice.prove import MapEdit, ValueEdit
from newbackend.splice.yaml_list import Item, YamlList


@dataclass(frozen=True)
class NewField:
    """A field's new value, and its lines as a new item would have them. No lines: the field goes."""

    value: Any
    rows: tuple[str, ...]


def set_fields(target: YamlList, item: Item, fields: Mapping[str, NewField]) -> Operation:
    """Sets, adds or takes away fields of an item. The proof covers the items that merge this one's anchor too.

    A new field goes behind the item's last line.
    """
    lines = target.lines
    first_line = item.first + 1
    splices: list[Splice] = []
    for key, field in fields.items():
        if key in item.fields:
            first_line = item.fields[key].line
            first, last = first_line - 1, _last_line(item, key, lines)
            splices += replace_lines(lines, first, last, _rows(lines, first, last, key, field))
        elif field.rows:
            at, text = lines.after(item.last, list(field.rows))
            splices.append(Splice(at, at, text))
    proofs = tuple(edit for key, field in fields.items() for edit in _proofs(target, item, key, field))
    return Operation(Inserted(tuple(splices), first_line), proofs)


def replace_lines(lines: Lines, first: int, last: int, rows: Sequence[str]) -> list[Splice]:
    """Splices that turn the lines first..last into other ones; equal lines are not touched."""
    old = [lines[number] for number in range(first, last + 1)]
    splices = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, list(rows), autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        fresh = list(rows[new_start:new_end])
        if start < end and fresh:
            begin = lines.starts[first + start]
            stop = lines.starts[first + end - 1] + len(lines[first + end - 1])
            splices.append(Splice(begin, stop, lines.newline.join(fresh)))
        elif start < end:
            splices.append(Splice(*lines.span(first + start, first + end - 1), ""))
        else:
            at, text = lines.after(first + start - 1, fresh)
            splices.append(Splice(at, at, text))
    return splices


def _last_line(item: Item, key: str, lines: Lines) -> int:
    """The last line of a field: in front of the next field, without the blank lines and comments there."""
    following = sorted(field.line - 1 for field in item.fields.values())
    start = item.fields[key].line - 1
    end = next((line - 1 for line in following if line > start), item.last)
    while end > start and (not lines[end].strip() or lines[end].lstrip().startswith("#")):
        end -= 1
    return end


def _rows(lines: Lines, first: int, last: int, key: str, field: NewField) -> list[str]:
    """The new lines of a field, with those lines of the old ones that say the same."""
    if not field.rows:
        return []
    old_head = lines[first]
    prefix = old_head[: old_head.index(key)]
    rows = [prefix + field.rows[0].lstrip(), *field.rows[1:]]
    body = [lines[number] for number in range(first + 1, last + 1)]
    if not body or len(rows) < 2:
        return rows
    known = _by_value(body)
    fresh = _by_value(rows[1:])
    if known is None or fresh is None:
        return rows
    pad = body[0][: len(body[0]) - len(body[0].lstrip())]
    texts = {_frozen(value): text for value, text in known}
    new = [texts.get(_frozen(value), pad + text.lstrip()) for value, text in fresh]
    return [old_head if old_head.rstrip().endswith(":") else rows[0], *new]


def _by_value(body: Iterable[str]) -> list[tuple[Any, str]] | None:
    """Each line with its value when every line is one item of a list or one pair of a mapping, else None."""
    pairs = []
    for line in body:
        try:
            value = yaml.safe_load(line.strip())
        except yaml.YAMLError:
            return None
        if not isinstance(value, list | dict) or len(value) != 1:
            return None
        pairs.append((value, line))
    return pairs


def _frozen(value: Any) -> str:
    return repr(value)


def _proofs(target: YamlList, item: Item, key: str, field: NewField) -> Iterable[ValueEdit | MapEdit]:
    for index in (item.index, *_inheriting(target, item, key)):
        if field.rows:
            yield ValueEdit((*target.path, index, key), field.value)
        else:
            yield MapEdit((*target.path, index), removed=frozenset({key}))


def _inheriting(target: YamlList, item: Item, key: str) -> list[int]:
    """The items that get this field by a merge key: directly or through another one's anchor."""
    if not item.anchor:
        return []
    found = []
    for other in target.items:
        if other is not item and item.anchor in other.merges and key not in other.fields:
            found += [other.index, *_inheriting(target, other, key)]
    return found

"""Block sequences of mappings in YAML: where each item is, and text to put beside it.

Nothing here re-emits a document (docs/adr/0002).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Splice
from newbackend.splice.yaml_nodes import MERGE_TAG, STR_TAG, compose, last_line, node_at, plain_value, scalar_value

_DASH = re.compile(r"^( *)-(?= |$)")


class Field(NamedTuple):
    """One `key: value` of a mapping as written: value, quoting style, 1-based line."""

    value: Any
    style: str | None
    line: int


@dataclass(frozen=True)
class Item:
    """One mapping of a block sequence. Lines are 0-based; `last` is its last line of content."""

    index: int
    fields: Mapping[str, Field]
    anchor: str
    merges: tuple[str, ...]
    first: int
    last: int
    indent: int

    @property
    def line(self) -> int:
        """The 1-based line of the item's dash."""
        return self.first + 1

    def get(self, key: str) -> Any:
        """The item's own value of a key (merged keys do not count), or None."""
        field = self.fields.get(key)
        return None if field is None else field.value

    def own(self) -> dict[str, Any]:
        """Own keys and values, in file order, without the merge key."""
        return {key: field.value for key, field in self.fields.items()}


@dataclass(frozen=True)
class YamlList:
    """A block sequence of mappings inside a document; `path` are the keys that lead to it."""

    lines: Lines
    items: tuple[Item, ...]
    path: tuple[str, ...]
    line: int


def read_list(text: str, path: Sequence[str] = (), root: yaml.Node | None = None) -> YamlList | None:
    """The block sequence at `path`, or None when there is none there.

    Raises YamlBroken. Items that are not mappings are left out (their index is still counted).
    """
    root = compose(text) if root is None else root
    node = node_at(root, path)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        return None
    lines = Lines(text)
    items: list[Item] = []
    for index, child in enumerate(node.value):
        if isinstance(child, yaml.MappingNode):
            items.append(_item(child, index, lines))
    return YamlList(lines, tuple(items), tuple(path), node.start_mark.line + 1)


_ITEM_ANCHOR = re.compile(r"^ *- +(?:!\S+ +)?&(\S+)")
_MERGE_ALIAS = re.compile(r"<<\s*:\s*(?:\*(\S+)|\[([^\]]*)\])")


def _item(node: yaml.MappingNode, index: int, lines: Lines) -> Item:
    first = node.start_mark.line
    while first > 0 and not _DASH.match(lines[first]):
        first -= 1
    dash = _DASH.match(lines[first])
    indent = len(dash[1]) if dash else 0
    anchor_match = _ITEM_ANCHOR.match(lines[first])
    fields: dict[str, Field] = {}
    merges: list[str] = []
    for key, value in node.value:
        if key.tag == MERGE_TAG:
            merges += _merge_names(lines[key.start_mark.line][key.start_mark.column :])
        else:
            fields[str(key.value)] = _field(value, key.start_mark.line + 1)
    anchor = anchor_match[1] if anchor_match else ""
    last = last_line(node, lines)
    return Item(index, fields, anchor, tuple(merges), first, last, indent)


def _merge_names(text: str) -> list[str]:
    match = _MERGE_ALIAS.search(text)
    if not match:
        return []
    if match[1]:
        return [match[1]]
    return [name.strip().lstrip("*") for name in match[2].split(",")]


def _field(node: yaml.Node, line: int) -> Field:
    if node.__class__ is yaml.ScalarNode:
        return Field(node.value if node.tag == STR_TAG else scalar_value(node), node.style, line)
    return Field(plain_value(node), None, line)


def insert_after(target: YamlList, item: Item, new_items: Iterable[Sequence[str]]) -> Splice:
    """A splice that puts whole items (their lines) right after an item, before any comment there."""
    rows = [row for lines in new_items for row in lines]
    at, text = target.lines.after(item.last, rows)
    return Splice(at, at, text)

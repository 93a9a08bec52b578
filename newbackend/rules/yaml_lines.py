"""Line numbers inside a YAML fact: of a field, a capability, a repeated key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from newbackend.checkout.layout import BUMP, INDEX, MATRIX
from newbackend.checkout.tree import Checkout
from newbackend.registrations.base import Fact
from newbackend.registrations.bump_bot.place import KEYS
from newbackend.registrations.support.yaml_files import document, sequence
from newbackend.splice.yaml_list import Item
from newbackend.splice.yaml_nodes import node_at, repeated_keys

_LISTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    MATRIX: (("include",), ("includeDarwin",)),
    INDEX: ((),),
    BUMP: (KEYS,),
}
"""Where the facts of a YAML file are: the keys that lead to its lists."""


class YamlLines:
    """Line numbers in the YAML files of one checkout."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self._by_line: dict[str, Mapping[int, Item]] = {}
        self._texts: dict[str, list[str]] = {}

    def field(self, fact: Fact, key: str) -> int:
        """The line of one field of a YAML fact; the entry's first line when it does not have the field."""
        item = self._items(fact.path).get(fact.line)
        field = item.fields.get(key) if item else None
        return field.line if field else fact.line

    def capability(self, meta: Fact, key: str) -> int:
        """The line of one key of a meta's capability map."""
        if meta.path not in self._texts:
            self._texts[meta.path] = self.checkout.need(meta.path).split("\n")
        lines = self._texts[meta.path]
        start = self.field(meta, "capabilities")
        indent = len(lines[start - 1]) - len(lines[start - 1].lstrip(" -"))
        for number in range(start, len(lines)):
            row = lines[number]
            if row.strip() and not row.lstrip().startswith("#") and len(row) - len(row.lstrip()) <= indent:
                break
            if row.strip().startswith((f"{key}:", f'"{key}":', f"'{key}':")):
                return number + 1
        return start

    def repeated_keys(self, path: str, facts: Sequence[Fact]) -> Iterator[tuple[Fact, str, int]]:
        """Facts of a YAML file whose entry, or a mapping in it, has a key twice: with the key and its line."""
        root = document(self.checkout, path)
        by_line = {fact.line: fact for fact in facts}
        for keys in _LISTS[path]:
            node = node_at(root, keys) if isinstance(root, yaml.Node) else None
            for child in node.value if isinstance(node, yaml.SequenceNode) else ():
                line = child.start_mark.line + 1
                for key, at in _repeated(child):
                    fact = by_line.get(line) or by_line.get(line - 1)
                    if fact:
                        yield fact, key, at

    def _items(self, path: str) -> Mapping[int, Item]:
        """List items of a file by the line of their dash."""
        if path not in self._by_line:
            lists = [sequence(self.checkout, path, keys) for keys in _LISTS.get(path, ())]
            self._by_line[path] = {item.line: item for rows in lists if rows for item in rows.items}
        return self._by_line[path]


def _repeated(node: Any) -> Iterator[tuple[str, int]]:
    """Keys that a mapping node, or a mapping right inside it, has more than once."""
    if not isinstance(node, yaml.MappingNode):
        return
    yield from repeated_keys(node)
    for _, value in node.value:
        if value.__class__ is yaml.MappingNode and value.start_mark.line >= node.start_mark.line:
            yield from _repeated(value)

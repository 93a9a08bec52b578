"""Block mappings in YAML: where each entry is, and text to put beside it. Positions by libyaml."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.yaml_nodes import compose, last_line, node_at


@dataclass(frozen=True)
class Entry:
    """One `key: value` of a block mapping. Lines are 0-based; `last` is its last line of content."""

    key: str
    node: yaml.Node
    first: int
    last: int
    indent: int


@dataclass(frozen=True)
class YamlMap:
    """A block mapping; `path` are the keys that lead to it."""

    lines: Lines
    entries: tuple[Entry, ...]
    path: tuple[str, ...]
    line: int

    def get(self, key: str) -> Entry | None:
        """The entry of a key, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)


def read_map(text: str, path: Sequence[str] = (), root: yaml.Node | None = None) -> YamlMap | None:
    """The block mapping at `path`, or None when there is none there. Raises YamlBroken."""
    root = compose(text) if root is None else root
    node = node_at(root, path)
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        return None
    lines = Lines(text)
    entries = [
        Entry(str(key.value), value, int(key.start_mark.line), _end(key, value, lines), int(key.start_mark.column))
        for key, value in node.value
    ]
    return YamlMap(lines, tuple(entries), tuple(path), int(node.start_mark.line) + 1)


def _end(key: yaml.Node, value: yaml.Node, lines: Lines) -> int:
    if value.start_mark.index < key.end_mark.index:  # an alias: the node is elsewhere
        return int(key.end_mark.line)
    return max(int(key.end_mark.line), last_line(value, lines))

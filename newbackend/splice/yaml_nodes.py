"""YAML documents as node graphs: their positions and their values.

By libyaml (PyYAML's C composer: 0.02 s for LocalAI's 280 KiB index).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

import yaml

from newbackend.splice.lines import Lines

MERGE_TAG = "tag:yaml.org,2002:merge"
_INT_TAG = "tag:yaml.org,2002:int"
_BOOL_TAG = "tag:yaml.org,2002:bool"
STR_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"
_COLLECTION_TAGS = {yaml.MappingNode: "tag:yaml.org,2002:map", yaml.SequenceNode: "tag:yaml.org,2002:seq"}

EXPANSION_LIMIT = 20_000
"""Values of one list entry, aliases followed; upstream's largest has fewer than a hundred."""


class YamlBroken(Exception):
    """The text is not a YAML document that can be read; `line` is 1-based."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class _Loader(yaml.CSafeLoader):
    """The C loader without path resolvers, and with tags remembered: most scalars of a list repeat."""

    _tags: ClassVar[dict[str, str]] = {}

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """There are no path resolvers."""

    def ascend_resolver(self) -> None:
        """There are no path resolvers."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node; a quoted scalar is a string."""
        if kind is not yaml.ScalarNode:
            return _COLLECTION_TAGS[kind]
        if not implicit[0]:
            return STR_TAG
        tag = self._tags.get(value)
        if tag is None:
            tag = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
            if len(self._tags) < 4096:
                self._tags[value] = tag
        return tag


def compose(text: str) -> yaml.Node:
    """The node graph of a one-document text. Raises YamlBroken (syntax, duplicate anchor, empty)."""
    body = text[1:] if text.startswith("\ufeff") else text
    try:
        node = yaml.compose(body, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise YamlBroken(problem or "not YAML", mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlBroken(str(error).split("\n", 1)[0] or "not YAML", 1) from error
    if node is None:
        raise YamlBroken("the document is empty", 1)
    return node


def node_at(root: yaml.Node, path: Sequence[str]) -> yaml.Node | None:
    """The node that a path of mapping keys leads to."""
    node: yaml.Node | None = root
    for key in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node


def last_line(node: yaml.Node, lines: Lines) -> int:
    """The last line that holds content of a node: comments and blank lines behind it are not its own."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        key, value = node.value[-1]
        if value.start_mark.index < key.end_mark.index:  # an alias: the node is elsewhere
            return int(key.end_mark.line)
        return max(int(key.end_mark.line), last_line(value, lines))
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        value = node.value[-1]
        if value.start_mark.index >= node.start_mark.index:
            return last_line(value, lines)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        line = int(node.end_mark.line)
        if node.end_mark.column == 0:
            line -= 1
        while line > node.start_mark.line and not lines[line].strip():
            line -= 1
        return line
    return int(node.end_mark.line)


def plain_value(node: yaml.Node) -> Any:
    """The Python value of a node: str, int, bool, None, list or dict. A cycle reads as None.

    Raises YamlBroken when aliases multiply it beyond all bounds.
    """
    if node.__class__ is yaml.ScalarNode and node.tag == STR_TAG:  # nearly every one
        return node.value
    return _Expansion(node).value(node)


class _Expansion:
    """One reading of a node: counts what aliases expand to, and knows the nodes that it is inside of."""

    def __init__(self, top: yaml.Node) -> None:
        self._top = top
        self._left = EXPANSION_LIMIT
        self._open: set[int] = set()

    def value(self, node: yaml.Node) -> Any:
        """As `plain_value`."""
        if isinstance(node, yaml.ScalarNode):
            return scalar_value(node)
        if id(node) in self._open or len(self._open) > 64:
            return None
        self._left -= len(node.value) + 1
        if self._left < 0:
            problem = f"an entry expands to more than {EXPANSION_LIMIT} values"
            raise YamlBroken(problem, self._top.start_mark.line + 1)
        self._open.add(id(node))
        result: Any
        if isinstance(node, yaml.SequenceNode):
            result = [self.value(child) for child in node.value]
        else:
            result = {str(key.value): self.value(value) for key, value in node.value}
        self._open.discard(id(node))
        return result


def scalar_value(node: yaml.ScalarNode) -> Any:
    """The Python value of a scalar node."""
    text = str(node.value)
    if node.tag == _NULL_TAG:
        return None
    if node.tag == _BOOL_TAG:
        return text.lower() in ("true", "yes", "on")
    if node.tag == _INT_TAG and re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    return text

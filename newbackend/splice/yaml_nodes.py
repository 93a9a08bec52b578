"""YAML documents as node graphs: their positions and their values.

By libyaml (PyYAML's C composer: 0.02 s for LocalAI's 280 KiB index).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import yaml

from newbackend.splice.lines import Lines

MERGE_TAG = "tag:yaml.org,2002:merge"
_INT_TAG = "tag:yaml.org,2002:int"
_BOOL_TAG = "tag:yaml.org,2002:bool"
STR_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"
_SCALAR = yaml.ScalarNode
_RESOLVED = frozenset(yaml.CSafeLoader.yaml_implicit_resolvers)
"""First characters of scalars that may be no strings; "" for the empty one."""
_COLLECTION_TAGS = {yaml.MappingNode: "tag:yaml.org,2002:map", yaml.SequenceNode: "tag:yaml.org,2002:seq"}

EXPANSION_LIMIT = 20_000
"""Values of one list entry, aliases followed; upstream's largest has fewer than a hundred."""


TEXT_LIMIT = 4 * 1024 * 1024
"""Characters of a YAML text. Upstream's largest has 2.4 million (`gallery/index.yaml`, 53,417 lines)."""
NODE_LIMIT = 200_000
"""Nodes of its graph, 600 bytes each; a text of four million characters can have two million. Upstream's largest has
82,007."""
VALUE_LIMIT = 500_000
"""Values of a document, aliases followed; upstream's largest has 90,127."""
CHARACTER_LIMIT = 16 * 1024 * 1024
"""Characters of these values; upstream's largest has 2.2 million."""
DEPTH_LIMIT = 60
"""Values inside of one another: rapidyaml writes no more than 64."""


class YamlBroken(Exception):
    """The text is not a YAML document that can be read; `line` is 1-based."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class _Loader(yaml.CSafeLoader):
    """The C loader without path resolvers, and with tags remembered: many scalars of a list repeat.

    The composer calls the three methods for each node, 80,000 times for the model gallery, so two of them are not
    written in Python.
    """

    _tags: ClassVar[dict[str, str]] = {}

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.ascend_resolver = iter(range(NODE_LIMIT)).__next__  # type: ignore[method-assign, assignment]
        """Counts the nodes: raises StopIteration behind the last one that is allowed."""

    descend_resolver = slice  # type: ignore[assignment]
    """Takes the two arguments and does nothing with them: there are no path resolvers."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """The tag of a node; a quoted scalar is a string, and one that starts as nothing else does."""
        if kind is not _SCALAR:
            return _COLLECTION_TAGS[kind]
        if not implicit[0] or value[:1] not in _RESOLVED:
            return STR_TAG
        tag = self._tags.get(value)
        if tag is None:
            tag = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
            if len(self._tags) < 4096:
                self._tags[value] = tag
        return tag


def compose(text: str) -> yaml.Node:
    """The node graph of a one-document text; lines are those of `Lines`.

    Raises YamlBroken (syntax, duplicate anchor, empty, an alias inside of its own value, beyond a limit).
    """
    body = text[1:] if text.startswith("\ufeff") else text
    if len(body) > TEXT_LIMIT:
        raise YamlBroken(f"it has more than {TEXT_LIMIT // 1024 // 1024} MiB", 1)
    try:
        node = yaml.compose(body, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise YamlBroken(problem or "not YAML", mark.line + 1 if mark else 1) from error
    except StopIteration as error:
        raise YamlBroken(f"it has more than {NODE_LIMIT} values", 1) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlBroken(str(error).split("\n", 1)[0] or "not YAML", 1) from error
    if node is None:
        raise YamlBroken("the document is empty", 1)
    if any(mark in body for mark in "\x85\u2028\u2029") or "\r" in body:
        _Recount(body).node(node)
    _Size().of(node)
    return node


class _Size:
    """Bounds what a graph means when every alias is a copy, so that other parsers can be given the text."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def of(self, node: yaml.Node) -> tuple[int, int]:
        """Values and characters of a node. Raises YamlBroken."""
        key = id(node)
        if key in self._known:
            return self._known[key]
        line = int(node.start_mark.line) + 1
        if key in self._open:
            raise YamlBroken("an alias refers to the value that it is inside of", line)
        if len(self._open) >= DEPTH_LIMIT:
            raise YamlBroken(f"values are nested more than {DEPTH_LIMIT} deep", line)
        self._open.add(key)
        values, characters = 1, 0
        children = node.value
        if node.__class__ is yaml.MappingNode:
            children = [child for pair in children for child in pair]
        elif node.__class__ is yaml.ScalarNode:
            children, characters = (), len(node.value)
        for child in children:
            if child.__class__ is yaml.ScalarNode:
                values += 1
                characters += len(child.value)
            else:
                more = self.of(child)
                values += more[0]
                characters += more[1]
        if values > VALUE_LIMIT or characters > CHARACTER_LIMIT:
            raise YamlBroken(f"it expands to more than {VALUE_LIMIT} values or {CHARACTER_LIMIT} characters", line)
        self._open.discard(key)
        self._known[key] = (values, characters)
        return values, characters


class _Recount:
    """Gives the nodes of a text their lines anew, cut at LF: to libyaml a line ends at a lone CR, NEL, LS or PS too.

    Inside a scalar these do no harm. Where one divides two values or ends a comment, two things would share a
    line and could not be edited apart, so that is refused.
    """

    def __init__(self, body: str) -> None:
        self._body = body
        self._lines = Lines(body)
        self._odd = [match.start() for match in re.finditer("\r(?!\n)|[\x85\u2028\u2029]", body)]
        self._inside: set[int] = set()
        self._done: set[int] = set()

    def node(self, top: yaml.Node) -> None:
        """Recounts a graph in place. Raises YamlBroken for a line end outside of all scalars."""
        if not self._odd:
            return
        self._recount(top)
        loose = next((at for at in self._odd if at not in self._inside), None)
        if loose is not None:
            name = f"U+{ord(self._body[loose]):04X}"
            raise YamlBroken(f"a line ends with {name}, not with LF or CRLF", self._lines.line_at(loose) + 1)

    def _recount(self, top: yaml.Node) -> None:
        left = [top]
        while left:
            node = left.pop()
            if id(node) in self._done:
                continue
            self._done.add(id(node))
            start, end = node.start_mark.index, node.end_mark.index
            node.start_mark, node.end_mark = self._mark(start), self._mark(end)
            if isinstance(node, yaml.ScalarNode):
                self._inside.update(self._odd[bisect_left(self._odd, start) : bisect_left(self._odd, end)])
            elif isinstance(node, yaml.MappingNode):
                left += [child for pair in node.value for child in pair]
            else:
                left += node.value

    def _mark(self, index: int) -> yaml.Mark:
        line = min(self._lines.line_at(index), len(self._lines) - 1)
        at_end = index == len(self._body) and self._body.endswith("\n")
        line, column = (line + 1, 0) if at_end else (line, index - self._lines.starts[line])
        return yaml.Mark("", index, line, column, None, 0)


def node_at(root: yaml.Node, path: Sequence[str]) -> yaml.Node | None:
    """The node that a path of mapping keys leads to."""
    node: yaml.Node | None = root
    for key in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for name, value in node.value if name.value == key), None)
    return node


def repeated_keys(node: yaml.MappingNode) -> Iterator[tuple[str, int]]:
    """Keys that a mapping has more than once, with their 1-based lines; `<<` may be there more than once."""
    if len({key.value for key, _ in node.value}) == len(node.value):
        return
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen and key.value != "<<":
            yield str(key.value), key.start_mark.line + 1
        seen.add(key.value)


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

"""Data in LocalAI's path filter: sets of names and lists of rules, through the JavaScript grammar.

`javascript.py` reads functions; this module reads `const NAME = new Set([…])` and `const NAME = [{…}, …]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from newbackend.records import dataclass
from newbackend.splice.javascript import _parsed, _text
from newbackend.splice.lines import Lines

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True)
class Entry:
    """One element of an array. `word` is a string element's value; `equals` are the strings that the
    element's code compares something to with `===`. Lines are 0-based; `comment` is the first line of the
    comments directly above inside the array, or `first`. `end` is the offset behind the element."""

    word: str
    equals: tuple[str, ...]
    first: int
    last: int
    comment: int
    end: int


@dataclass(frozen=True)
class Array:
    """An array literal: elements, 0-based lines of its brackets, and where the opening bracket ends."""

    entries: tuple[Entry, ...]
    opening: int
    closing: int
    start: int

    @property
    def spread(self) -> bool:
        """Whether each element has lines of its own."""
        rows = [self.opening, *(line for e in self.entries for line in (e.first, e.last)), self.closing]
        return all(a < b for a, b in zip(rows[::2], rows[1::2], strict=True)) and rows == sorted(rows)

    @property
    def one_line(self) -> bool:
        """Whether it is all on one line."""
        return self.opening == self.closing


def constant_array(text: str, name: str) -> Array | None:
    """The array that the only top-level constant `name` holds, alone or in `new Set([…])`; else None."""
    root = _parsed(text).root_node
    declared = [node for node in _declarators(root) if _text(node.child_by_field_name("name")) == name]
    value = declared[0].child_by_field_name("value") if len(declared) == 1 else None
    if value is not None and value.type == "new_expression":
        arguments = value.child_by_field_name("arguments")
        inner = arguments.named_children if arguments is not None else []
        is_set = _text(value.child_by_field_name("constructor")) == "Set"
        value = inner[0] if is_set and len(inner) == 1 else None
    return _array(value, Lines(text)) if value is not None and value.type == "array" else None


def _declarators(root: Node) -> Iterator[Node]:
    for node in root.named_children:
        declaration = node.child_by_field_name("declaration") if node.type == "export_statement" else node
        if declaration is not None and declaration.type in ("lexical_declaration", "variable_declaration"):
            yield from (child for child in declaration.named_children if child.type == "variable_declarator")


def _array(node: Node, lines: Lines) -> Array:
    comments = {int(c.start_point[0]) for c in node.named_children if c.type == "comment"}
    entries = []
    for child in (child for child in node.named_children if child.type != "comment"):
        first, last = int(child.start_point[0]), int(child.end_point[0])
        comment = first
        while comment - 1 in comments and lines[comment - 1].lstrip().startswith("//"):
            comment -= 1
        word = _text(child)[1:-1] if child.type == "string" else ""
        end = _offset(lines, child.end_point)
        entries.append(Entry(word, tuple(_compared(child)), first, last, comment, end))
    opening = _offset(lines, node.children[0].end_point)
    return Array(tuple(entries), int(node.start_point[0]), int(node.end_point[0]), opening)


def _compared(node: Node) -> Iterator[str]:
    stack = [node]
    while stack:
        below = stack.pop()
        stack += reversed(below.children)
        if below.type == "binary_expression" and _text(below.child_by_field_name("operator")) in ("===", "=="):
            right = below.child_by_field_name("right")
            if right is not None and right.type == "string":
                yield _text(right)[1:-1]


def _offset(lines: Lines, point: tuple[int, int]) -> int:
    row, column = int(point[0]), int(point[1])
    return lines.starts[row] + len(lines[row].encode()[:column].decode(errors="ignore"))

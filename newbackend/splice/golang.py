"""Go source parsed by tree-sitter: reads and extends lists, maps, methods and constants.

Only text is edited: a new element is inserted as whole lines next to another element, so comments keep their lines and
gofmt changes nothing. If a line itself must grow (a `case`, a list on one line), the place declares it with a
`GrownLine`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from newbackend.records import dataclass
from newbackend.splice.lines import Lines
from newbackend.splice.syntax import syntax_tree

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


@dataclass(frozen=True)
class Element:
    """One element of a composite literal.

    `key` is a map element's string key; `type_name` the type of an element such as `&WhisperImporter{}`;
    `fields` the values by field name: a string's value, or the source text of anything else; `items`
    the values without names, the same way. Lines are 0-based; `comment` is the first line of the comment
    block directly above, or `first` when there is none.
    """

    index: int
    key: str
    type_name: str
    fields: Mapping[str, str | tuple[str, ...]]
    items: tuple[str | tuple[str, ...], ...]
    first: int
    last: int
    comment: int


@dataclass(frozen=True)
class Composite:
    """A composite literal: its elements and the 0-based lines of its braces."""

    elements: tuple[Element, ...]
    opening: int
    closing: int

    @property
    def spread(self) -> bool:
        """Whether each element has lines of its own, so that whole lines can be added."""
        rows = [self.opening, *(line for e in self.elements for line in (e.first, e.last)), self.closing]
        return all(a < b for a, b in zip(rows[::2], rows[1::2], strict=True)) and rows == sorted(rows)


@dataclass(frozen=True)
class Constant:
    """`Name [Type] = "value"` with its 0-based line, and where its `=` is in that line."""

    name: str
    type_name: str
    value: str
    line: int
    equals: int


class GoFile:
    """One parsed Go file. All results use lines and offsets in `lines.text`."""

    def __init__(self, text: str) -> None:
        self.lines = Lines(text)
        self.root = syntax_tree(_parser(), text.encode()).root_node

    @property
    def broken_line(self) -> int | None:
        """1-based line of the first syntax error, or None."""
        if not self.root.has_error:
            return None
        bad = next((node for node in walk(self.root) if node.is_error or node.is_missing), self.root)
        return int(bad.start_point[0]) + 1

    def variable(self, name: str) -> Composite | None:
        """The composite literal that the only top-level variable of that name is set to."""
        specs = [spec for spec in self._specs("var") if text_of(spec.child_by_field_name("name")) == name]
        values = [value for spec in specs for value in _values(spec)]
        return self._composite(values[0]) if len(values) == 1 else None

    def returned(self, method: str, receiver: str) -> Composite | None:
        """The composite literal that a method's only return statement gives back."""
        body = self.method(method, receiver)
        returns = [node for node in walk(body) if node.type == "return_statement"] if body else []
        if len(returns) != 1 or len(returns[0].named_children) != 1:
            return None
        values = returns[0].named_children[0].named_children
        return self._composite(values[0]) if len(values) == 1 else None

    def constants(self) -> tuple[Constant, ...]:
        """Every constant that is set to one string literal, in file order."""
        result = []
        for spec in self._specs("const"):
            values = _values(spec)
            name = spec.child_by_field_name("name")
            if name is None or len(values) != 1 or values[0].type != "interpreted_string_literal":
                continue
            line = int(spec.start_point[0])
            equals = self.lines[line].find("=")
            type_name = text_of(spec.child_by_field_name("type"))
            result.append(Constant(text_of(name), type_name, value_of(values[0]), line, equals))
        return tuple(result)

    def list_end(self, element: Element, word: str) -> int | None:
        """Offset right behind the positional word of a one-line element, e.g. behind `engineVLLM` in
        `{Nvidia, []string{engineVLLM, engineLlamaCpp}},`; None when it is not there exactly once."""
        line = self.lines[element.first]
        code = line.split("//", 1)[0]
        hits = list(re.finditer(rf"(?<![\w\"]){re.escape(word)}(?![\w\"])", code))
        if element.first != element.last or len(hits) != 1:
            return None
        return self.lines.starts[element.first] + hits[0].end()

    def _specs(self, kind: str) -> Iterator[Node]:
        """The specs of top-level `var` or `const` declarations, alone or in brackets."""
        for node in self.root.named_children:
            if node.type == f"{kind}_declaration":
                for child in node.named_children:
                    yield from child.named_children if child.type == f"{kind}_spec_list" else (child,)

    def _methods(self, name: str) -> Iterator[Node]:
        for node in self.root.named_children:
            if node.type == "method_declaration" and text_of(node.child_by_field_name("name")) == name:
                yield node

    def method(self, name: str, receiver: str) -> Node | None:
        """The body of the only method of that name on a type."""
        methods = [node for node in self._methods(name) if _receiver(node) == receiver]
        return methods[0].child_by_field_name("body") if len(methods) == 1 else None

    def _composite(self, node: Node) -> Composite | None:
        body = node.child_by_field_name("body") if node.type == "composite_literal" else None
        if body is None:
            return None
        comments = {int(c.start_point[0]): int(c.end_point[0]) for c in body.named_children if c.type == "comment"}
        elements: list[Element] = []
        for child in (child for child in body.named_children if child.type != "comment"):
            elements.append(self._element(child, len(elements), comments))
        return Composite(tuple(elements), int(body.start_point[0]), int(body.end_point[0]))

    def _element(self, node: Node, index: int, comments: Mapping[int, int]) -> Element:
        first, last = int(node.start_point[0]), int(node.end_point[0])
        comment = first
        while comment - 1 in comments and not self.lines[comment - 1].split("//", 1)[0].strip():
            comment -= 1
        key, value = "", node
        if node.type == "keyed_element":
            sides = [child for child in node.named_children if child.type != "comment"]
            key, value = value_of(sides[0].named_children[0]), sides[-1]
        inner = value.named_children[0] if value.type == "literal_element" else value
        if inner.type == "unary_expression":
            inner = inner.named_children[-1]
        type_name = text_of(inner.child_by_field_name("type")) if inner.type == "composite_literal" else ""
        body = inner.child_by_field_name("body") if inner.type == "composite_literal" else inner
        fields: dict[str, str | tuple[str, ...]] = {}
        items: list[str | tuple[str, ...]] = []
        for part in body.named_children if body is not None and body.type == "literal_value" else ():
            if part.type == "keyed_element":
                sides = [child for child in part.named_children if child.type != "comment"]
                fields[text_of(sides[0])] = _content(sides[-1])
            elif part.type == "literal_element":
                items.append(_content(part))
        return Element(index, key, type_name, fields, tuple(items), first, last, comment)

    def end(self, node: Node) -> tuple[int, int]:
        """Line and character offset of a node's end; the grammar counts in bytes."""
        row, column = int(node.end_point[0]), int(node.end_point[1])
        characters = len(self.lines[row].encode()[:column].decode(errors="ignore"))
        return row, self.lines.starts[row] + characters


def go_string(text: str) -> str:
    """A double-quoted Go literal; hidden characters are escaped."""
    plain = json.dumps(text, ensure_ascii=False)
    return "".join(
        ch if ch.isprintable() else f"\\u{ord(ch):04x}" if ord(ch) < 0x10000 else f"\\U{ord(ch):08x}" for ch in plain
    )


def aligned(pairs: Sequence[tuple[str, str]], indent: str) -> list[str]:
    """`Key: value,` lines with gofmt's alignment of the values; keys are short and values on one line."""
    width = max(len(key) for key, _ in pairs) + 1
    return [f"{indent}{(key + ':').ljust(width)} {value}," for key, value in pairs]


@cache
def _parser() -> Parser:
    import tree_sitter_go
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_go.language()))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the text."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack += reversed(current.children)


def _values(spec: Node) -> list[Node]:
    value = spec.child_by_field_name("value")
    return [child for child in value.named_children if child.type != "comment"] if value is not None else []


def _receiver(method: Node) -> str:
    receiver = method.child_by_field_name("receiver")
    names = [node for node in walk(receiver) if node.type == "type_identifier"] if receiver else []
    return text_of(names[0]) if names else ""


def _content(node: Node) -> str | tuple[str, ...]:
    """A value: a string's text, the items of a list, or the source of anything else."""
    inner = node.named_children[0] if node.type == "literal_element" and node.named_children else node
    if inner.type == "composite_literal":
        body = inner.child_by_field_name("body")
        parts = [child for child in body.named_children if child.type == "literal_element"] if body else []
        return tuple(value_of(part.named_children[0]) if part.named_children else text_of(part) for part in parts)
    return value_of(inner)


def value_of(node: Node) -> str:
    """A string literal's text, or the source of anything else."""
    text = text_of(node)
    if node.type == "interpreted_string_literal":
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text


def text_of(node: Node | None) -> str:
    """The source of a node; "" for none."""
    return node.text.decode() if node is not None and node.text is not None else ""

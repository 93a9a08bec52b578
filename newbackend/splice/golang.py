"""Go source through a real grammar (tree-sitter): lists, maps, methods and constants, read and grown.

Only text is edited: a new element is whole lines put beside another element, so comments keep their lines
and gofmt has nothing to move. Where a line itself must grow (a `case`, a list on one line), the place
that asks for it declares so with a `GrownLine`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from newbackend.splice.lines import Lines

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
    """`Name [Type] = "value"` with its 0-based line, and where its `=` stands in that line."""

    name: str
    type_name: str
    value: str
    line: int
    equals: int


@dataclass(frozen=True)
class Spot:
    """A place inside a line where a list of strings can grow: 0-based line, offset, the strings there.

    `kind` is "case" (`case "a", "b":`), "or" (`b == "a" || b == "b"`) or "call" (`ConsistOf("a", "b")`);
    `subject` is what an "or" compares, or the name that a "call" calls.
    """

    kind: str
    line: int
    offset: int
    words: tuple[str, ...]
    subject: str


class GoFile:
    """One parsed Go file. Everything it returns speaks of lines and offsets in `lines.text`."""

    def __init__(self, text: str) -> None:
        self.lines = Lines(text)
        self._root = _parser().parse(text.encode()).root_node

    @property
    def broken_line(self) -> int | None:
        """1-based line of the first syntax error, or None."""
        if not self._root.has_error:
            return None
        bad = next((node for node in _walk(self._root) if node.is_error or node.is_missing), self._root)
        return int(bad.start_point[0]) + 1

    def variable(self, name: str) -> Composite | None:
        """The composite literal that the only top-level variable of that name is set to."""
        specs = [spec for spec in self._specs("var") if _text(spec.child_by_field_name("name")) == name]
        found = [value for spec in specs for value in _values(spec)]
        return self._composite(found[0]) if len(found) == 1 else None

    def returned(self, method: str, receiver: str) -> Composite | None:
        """The composite literal that a method's only return statement gives back."""
        body = self._method(method, receiver)
        returns = [node for node in _walk(body) if node.type == "return_statement"] if body else []
        if len(returns) != 1 or len(returns[0].named_children) != 1:
            return None
        values = returns[0].named_children[0].named_children
        return self._composite(values[0]) if len(values) == 1 else None

    def returned_string(self, method: str) -> dict[str, str]:
        """Receiver type -> string, for every method of that name that only returns a string literal."""
        found: dict[str, str] = {}
        for node in self._methods(method):
            strings = [child for child in _walk(node) if child.type == "interpreted_string_literal"]
            if len(strings) == 1:
                found[_receiver(node)] = _value(strings[0])
        return found

    def constants(self) -> tuple[Constant, ...]:
        """Every constant that is set to one string literal, in file order."""
        found = []
        for spec in self._specs("const"):
            values = _values(spec)
            name = spec.child_by_field_name("name")
            if name is None or len(values) != 1 or values[0].type != "interpreted_string_literal":
                continue
            line = int(spec.start_point[0])
            equals = self.lines[line].find("=")
            type_name = _text(spec.child_by_field_name("type"))
            found.append(Constant(_text(name), type_name, _value(values[0]), line, equals))
        return tuple(found)

    def spots(self, method: str, receiver: str) -> tuple[Spot, ...]:
        """Where lists of strings stand inside a method: `case` clauses and chains of `x == "a" || …`."""
        body = self._method(method, receiver)
        return tuple(self._spots(body)) if body else ()

    def calls(self, function: str) -> tuple[Spot, ...]:
        """Calls of `function` whose arguments are all string literals, anywhere in the file."""
        found = []
        for node in _walk(self._root):
            if node.type != "call_expression" or _text(node.child_by_field_name("function")) != function:
                continue
            arguments = node.child_by_field_name("arguments")
            inner = arguments.named_children if arguments else []
            if inner and all(child.type == "interpreted_string_literal" for child in inner):
                found.append(self._spot("call", inner, function))
        return tuple(found)

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
        for node in self._root.named_children:
            if node.type == f"{kind}_declaration":
                for child in node.named_children:
                    yield from child.named_children if child.type == f"{kind}_spec_list" else (child,)

    def _methods(self, name: str) -> Iterator[Node]:
        for node in self._root.named_children:
            if node.type == "method_declaration" and _text(node.child_by_field_name("name")) == name:
                yield node

    def _method(self, name: str, receiver: str) -> Node | None:
        found = [node for node in self._methods(name) if _receiver(node) == receiver]
        return found[0].child_by_field_name("body") if len(found) == 1 else None

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
            key, value = _value(sides[0].named_children[0]), sides[-1]
        inner = value.named_children[0] if value.type == "literal_element" else value
        if inner.type == "unary_expression":
            inner = inner.named_children[-1]
        type_name = _text(inner.child_by_field_name("type")) if inner.type == "composite_literal" else ""
        body = inner.child_by_field_name("body") if inner.type == "composite_literal" else inner
        fields: dict[str, str | tuple[str, ...]] = {}
        items: list[str | tuple[str, ...]] = []
        for part in body.named_children if body is not None and body.type == "literal_value" else ():
            if part.type == "keyed_element":
                sides = [child for child in part.named_children if child.type != "comment"]
                fields[_text(sides[0])] = _content(sides[-1])
            elif part.type == "literal_element":
                items.append(_content(part))
        return Element(index, key, type_name, fields, tuple(items), first, last, comment)

    def _spots(self, body: Node) -> Iterator[Spot]:
        for node in _walk(body):
            if node.type == "expression_case":
                value = node.child_by_field_name("value")
                words = value.named_children if value else []
                if words and all(child.type == "interpreted_string_literal" for child in words):
                    yield self._spot("case", words, "")
            elif _is_or(node) and not (node.parent is not None and _is_or(node.parent)):
                yield from self._or_spot(node)

    def _or_spot(self, node: Node) -> Iterator[Spot]:
        """A chain `x == a || x == b`, read from its leaves; only one subject, at least one literal."""
        leaves = list(_leaves(node))
        subjects = {_text(leaf.child_by_field_name("left")) for leaf in leaves}
        right = [leaf.child_by_field_name("right") for leaf in leaves]
        literals = [value for value in right if value is not None and value.type == "interpreted_string_literal"]
        same = all(_text(leaf.child_by_field_name("operator")) == "==" for leaf in leaves)
        if same and len(subjects) == 1 and literals:
            line, offset = self._end(node)
            yield Spot("or", line, offset, tuple(_value(value) for value in literals), subjects.pop())

    def _spot(self, kind: str, words: Sequence[Node], subject: str) -> Spot:
        line, offset = self._end(words[-1])
        return Spot(kind, line, offset, tuple(_value(word) for word in words), subject)

    def _end(self, node: Node) -> tuple[int, int]:
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


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack += reversed(one.children)


def _values(spec: Node) -> list[Node]:
    value = spec.child_by_field_name("value")
    return [child for child in value.named_children if child.type != "comment"] if value is not None else []


def _receiver(method: Node) -> str:
    receiver = method.child_by_field_name("receiver")
    names = [node for node in _walk(receiver) if node.type == "type_identifier"] if receiver else []
    return _text(names[0]) if names else ""


def _is_or(node: Node) -> bool:
    return node.type == "binary_expression" and _text(node.child_by_field_name("operator")) == "||"


def _leaves(node: Node) -> Iterator[Node]:
    if not _is_or(node):
        yield node
        return
    for side in ("left", "right"):
        child = node.child_by_field_name(side)
        if child is not None:
            yield from _leaves(child)


def _content(node: Node) -> str | tuple[str, ...]:
    """A value: a string's text, the items of a list, or the source of anything else."""
    inner = node.named_children[0] if node.type == "literal_element" and node.named_children else node
    if inner.type == "composite_literal":
        body = inner.child_by_field_name("body")
        parts = [child for child in body.named_children if child.type == "literal_element"] if body else []
        return tuple(_value(part.named_children[0]) if part.named_children else _text(part) for part in parts)
    return _value(inner)


def _value(node: Node) -> str:
    text = _text(node)
    if node.type == "interpreted_string_literal":
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text


def _text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""

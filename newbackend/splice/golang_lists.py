"""Lists of strings inside lines of Go code that can be extended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from newbackend.records import dataclass
from newbackend.splice.golang import GoFile, text_of, value_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node


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


def spots(file: GoFile, method: str, receiver: str) -> tuple[Spot, ...]:
    """The lists of strings inside a method: `case` clauses and chains of `x == "a" || …`."""
    body = file.method(method, receiver)
    return tuple(_spots(file, body)) if body else ()


def calls(file: GoFile, function: str) -> tuple[Spot, ...]:
    """Calls of `function` whose arguments are all string literals, anywhere in the file."""
    lists = []
    for node in walk(file.root):
        if node.type != "call_expression" or text_of(node.child_by_field_name("function")) != function:
            continue
        arguments = node.child_by_field_name("arguments")
        inner = arguments.named_children if arguments else []
        if inner and all(child.type == "interpreted_string_literal" for child in inner):
            lists.append(_spot(file, "call", inner, function))
    return tuple(lists)


def _spots(file: GoFile, body: Node) -> Iterator[Spot]:
    for node in walk(body):
        if node.type == "expression_case":
            value = node.child_by_field_name("value")
            words = value.named_children if value else []
            if words and all(child.type == "interpreted_string_literal" for child in words):
                yield _spot(file, "case", words, "")
        elif _is_or(node) and not (node.parent is not None and _is_or(node.parent)):
            yield from _or_spot(file, node)


def _or_spot(file: GoFile, node: Node) -> Iterator[Spot]:
    """A chain `x == a || x == b`, read from its leaves; only one subject, at least one literal."""
    leaves = list(_leaves(node))
    subjects = {text_of(leaf.child_by_field_name("left")) for leaf in leaves}
    right = [leaf.child_by_field_name("right") for leaf in leaves]
    literals = [value for value in right if value is not None and value.type == "interpreted_string_literal"]
    same = all(text_of(leaf.child_by_field_name("operator")) == "==" for leaf in leaves)
    if same and len(subjects) == 1 and literals:
        line, offset = file.end(node)
        yield Spot("or", line, offset, tuple(value_of(value) for value in literals), subjects.pop())


def _spot(file: GoFile, kind: str, words: Sequence[Node], subject: str) -> Spot:
    line, offset = file.end(words[-1])
    return Spot(kind, line, offset, tuple(value_of(word) for word in words), subject)


def _is_or(node: Node) -> bool:
    return node.type == "binary_expression" and text_of(node.child_by_field_name("operator")) == "||"


def _leaves(node: Node) -> Iterator[Node]:
    if not _is_or(node):
        yield node
        return
    for side in ("left", "right"):
        child = node.child_by_field_name(side)
        if child is not None:
            yield from _leaves(child)

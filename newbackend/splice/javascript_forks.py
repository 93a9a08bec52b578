"""Statements of LocalAI's path filter about backends that are also built from another one's directory.

Three shapes, each a statement that compares `backend` with names and looks for changed
files below one directory:

    return (backend === "a" || backend === "b") && files.some(file => file.startsWith("DIR"));
    if (backend === "a" && files.some(file => file.startsWith("DIR"))) return true;
    if (backend === "a" && !changed) { changed = files.some(file => file.startsWith("DIR")); }
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from newbackend.records import dataclass
from newbackend.splice.javascript import _parsed, _string, _text

if TYPE_CHECKING:
    from tree_sitter import Node

PARAMETER = "backend"


@dataclass(frozen=True)
class Term:
    """One `backend === "name"`: its offsets in the text and its 1-based line."""

    name: str
    start: int
    end: int
    line: int


@dataclass(frozen=True)
class Retrigger:
    """One such statement. Lines are 0-based; `first` includes comments directly above it; `value` are the
    offsets of a returned expression. `plain` when it says nothing else: its names are one chain of `||`, it has
    no `else` and is in none, and nothing else is on its lines; only then can a name be taken out."""

    terms: tuple[Term, ...]
    directory: str
    first: int
    line: int
    last: int
    value: tuple[int, int] | None
    plain: bool

    @property
    def returned(self) -> bool:
        """Whether it is the statement that ends the function."""
        return self.value is not None


def retriggers(text: str) -> tuple[Retrigger, ...]:
    """Every such statement of a script, in order; of nested ones the innermost."""
    return tuple(_found(text, _parsed(text).root_node))


def last_return(text: str, function: str) -> tuple[int, str] | None:
    """The 0-based first line of the statement (comments included) that ends a top-level function, and the
    parameter that holds the changed files; None when there is no such function."""
    for node in _parsed(text).root_node.named_children:
        declared = node.child_by_field_name("declaration") if node.type == "export_statement" else node
        if declared is None or _text(declared.child_by_field_name("name")) != function:
            continue
        body, parameters = declared.child_by_field_name("body"), declared.child_by_field_name("parameters")
        names = (
            [_text(_plain_name(parameter)) for parameter in parameters.named_children] if parameters is not None else []
        )
        ends = [pair for pair in _run(body) if pair[0].type == "return_statement"] if body is not None else []
        if ends and names[:1] == [PARAMETER] and _own_lines(text, ends[-1][0]):
            return ends[-1][1], names[-1]
    return None


def flag(text: str) -> tuple[int, str] | None:
    """The 0-based last line of the only `let changed = files.some(…)`, and the name of the changed files there:
    behind it the older script corrects the flag. None when there is none, or more than one."""
    flags = []
    for node in _below(_parsed(text).root_node):
        if node.type != "variable_declarator" or _text(node.child_by_field_name("name")) != "changed":
            continue
        value = node.child_by_field_name("value")
        callee = _text(value.child_by_field_name("function")) if value is not None else ""
        if callee.endswith(".some"):
            flags.append((int(node.end_point[0]), callee.removesuffix(".some")))
    return flags[0] if len(flags) == 1 else None


def _found(text: str, node: Node) -> Iterator[Retrigger]:
    for child, first in _run(node):
        inside = list(_found(text, child)) if child.type != "return_statement" else []
        own = None
        if not inside and child.type in ("if_statement", "return_statement"):
            own = _retrigger(text, child, first)
        yield from inside
        if own is not None:
            yield own


def _run(node: Node) -> Iterator[tuple[Node, int]]:
    """The children of a node, each with the line where the comments directly above it begin."""
    comment_from, end = None, -2
    for child in node.named_children:
        start = int(child.start_point[0])
        if child.type == "comment":
            comment_from = comment_from if comment_from is not None and start == end + 1 else start
        else:
            yield child, comment_from if comment_from is not None and start == end + 1 else start
            comment_from = None
        end = int(child.end_point[0])


def _retrigger(text: str, node: Node, first: int) -> Retrigger | None:
    inner = list(_below(node))
    compared = [(each, term) for each in inner if (term := _term(text, each))]
    terms = tuple(term for _, term in compared)
    folders = [string for each in inner if (string := _starts_with(each)) is not None]
    if not terms or len(folders) != 1:
        return None
    value = node.named_children[0] if node.type == "return_statement" and node.named_children else None
    return Retrigger(
        terms,
        _string(folders[0]),
        first,
        int(node.start_point[0]),
        int(node.end_point[0]),
        _span(text, value) if value is not None else None,
        _own_lines(text, node) and _alone(node) and all(_chained(text, each, node) for each, _ in compared),
    )


def _own_lines(text: str, node: Node) -> bool:
    """Whether a statement begins and ends with its lines."""
    start, end = _span(text, node)
    before, behind = text[:start].rpartition("\n")[2], text[end:].partition("\n")[0].strip()
    return not before.strip() and (not behind or behind.startswith("//"))


def _alone(node: Node) -> bool:
    """Whether an `if` is the only branch there is."""
    inside = node.parent is not None and node.parent.type == "else_clause"
    return not inside and node.child_by_field_name("alternative") is None


def _chained(text: str, node: Node, statement: Node) -> bool:
    """Whether a name's comparison decides the statement: above it are only `&&`, and `||` of such comparisons."""
    at = node.parent
    while at is not None and at.id != statement.id:
        operator = _text(at.child_by_field_name("operator"))
        if at.type == "binary_expression" and operator != "&&" and not _only_terms(text, at):
            return False
        if at.type not in ("binary_expression", "parenthesized_expression"):
            return False
        at = at.parent
    return True


def _only_terms(text: str, node: Node) -> bool:
    if node.type == "parenthesized_expression" and len(node.named_children) == 1:
        return _only_terms(text, node.named_children[0])
    if node.type == "binary_expression" and _text(node.child_by_field_name("operator")) == "||":
        return all(_only_terms(text, child) for child in node.named_children)
    return _term(text, node) is not None


def _plain_name(parameter: Node) -> Node | None:
    """The name of a parameter that may have a default."""
    return parameter.child_by_field_name("left") if parameter.type == "assignment_pattern" else parameter


def _below(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        yield child
        yield from _below(child)


def _term(text: str, node: Node) -> Term | None:
    if node.type != "binary_expression" or _text(node.child_by_field_name("operator")) not in ("===", "=="):
        return None
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if _text(left) != PARAMETER or right is None or right.type != "string":
        return None
    return Term(_string(right), *_span(text, node), int(node.start_point[0]) + 1)


def _starts_with(node: Node) -> Node | None:
    """The string of a `….startsWith("DIR")`."""
    callee = node.child_by_field_name("function") if node.type == "call_expression" else None
    arguments = node.child_by_field_name("arguments")
    if not _text(callee).endswith(".startsWith") or arguments is None:
        return None
    strings = [child for child in arguments.named_children if child.type == "string"]
    return strings[0] if len(strings) == 1 == len(arguments.named_children) else None


def _span(text: str, node: Node) -> tuple[int, int]:
    """Character offsets: the grammar counts bytes."""
    data = text.encode()
    return len(data[: node.start_byte].decode()), len(data[: node.end_byte].decode())

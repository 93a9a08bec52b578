"""Edits of LocalAI's path filter, parsed as JavaScript by tree-sitter.

A filter function is a run of `if (...) { return ...; }` branches and a final return. Branches are read as data: their
test and position. A new branch is text inserted before one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from newbackend.records import dataclass
from newbackend.splice.syntax import syntax_tree

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree


@dataclass(frozen=True)
class Branch:
    """One `if` of a filter function. `kind` is "suffix" (`x.dockerfile.endsWith("s")`), "backend"
    (`x.backend === "b"`), "other" for any further test, or "return" for the final statement.
    `word` is the string tested; `result` the returned template or string, "" when it is neither.
    Lines are 0-based; `first` includes comments directly above the statement."""

    kind: str
    word: str
    result: str
    first: int
    last: int
    line: int


@dataclass(frozen=True)
class FilterFunction:
    """A function of the path filter: its parameter's name, its branches in order, its indentation."""

    name: str
    parameter: str
    branches: tuple[Branch, ...]
    line: int


@cache
def _parser() -> Parser:
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_javascript.language()))


@lru_cache(maxsize=4)
def _parsed(text: str) -> Tree:
    """A syntax tree; the few filter scripts of a run are asked about several times."""
    return syntax_tree(_parser(), text.encode())


def filter_function(text: str, name: str) -> FilterFunction | None:
    """The top-level function `name` (exported or not), or None when there is none or several."""
    tree = _parsed(text)
    functions = [node for node in _functions(tree.root_node) if _text(node.child_by_field_name("name")) == name]
    if len(functions) != 1:
        return None
    node = functions[0]
    body, parameters = node.child_by_field_name("body"), node.child_by_field_name("parameters")
    if body is None or parameters is None or not parameters.named_children:
        return None
    parameter = _text(parameters.named_children[0])
    branches = tuple(_branches(body, parameter))
    return FilterFunction(name, parameter, branches, node.start_point[0])


def broken_line(text: str) -> int | None:
    """1-based line of the first syntax error, or None."""
    root = _parsed(text).root_node
    if not root.has_error:
        return None
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0]) + 1
        stack += reversed(node.children)
    return 1


def _functions(root: Node) -> Iterator[Node]:
    for node in root.named_children:
        if node.type == "export_statement":
            declaration = node.child_by_field_name("declaration")
            if declaration is not None and declaration.type == "function_declaration":
                yield declaration
        elif node.type == "function_declaration":
            yield node


def _branches(body: Node, parameter: str) -> Iterator[Branch]:
    comment_from: int | None = None
    previous_end = body.start_point[0]
    for node in body.named_children:
        start, end = int(node.start_point[0]), int(node.end_point[0])
        if node.type == "comment":
            if comment_from is None or start > previous_end + 1:
                comment_from = start
            previous_end = end
            continue
        first = comment_from if comment_from is not None and start == previous_end + 1 else start
        comment_from, previous_end = None, end
        if node.type == "if_statement":
            kind, word = _test(node.child_by_field_name("condition"), parameter)
            yield Branch(kind, word, _result(node.child_by_field_name("consequence")), first, end, start + 1)
        elif node.type == "return_statement":
            yield Branch("return", "", _returned(node), first, end, start + 1)
        else:
            yield Branch("other", "", "", first, end, start + 1)


def _test(condition: Node | None, parameter: str) -> tuple[str, str]:
    inner = condition.named_children[0] if condition is not None and condition.named_children else None
    if inner is None:
        return "other", ""
    if inner.type == "call_expression":
        callee, arguments = inner.child_by_field_name("function"), inner.child_by_field_name("arguments")
        if _text(callee) == f"{parameter}.dockerfile.endsWith" and arguments is not None:
            strings = [child for child in arguments.named_children if child.type == "string"]
            if len(strings) == 1 == len(arguments.named_children):
                return "suffix", _string(strings[0])
    if inner.type == "binary_expression" and _text(inner.child_by_field_name("operator")) in ("===", "=="):
        left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
        if _text(left) == f"{parameter}.backend" and right is not None and right.type == "string":
            return "backend", _string(right)
    return "other", ""


def _result(consequence: Node | None) -> str:
    if consequence is None:
        return ""
    returns = (
        [consequence]
        if consequence.type == "return_statement"
        else [child for child in consequence.named_children if child.type == "return_statement"]
    )
    return _returned(returns[0]) if len(returns) == 1 else ""


def _returned(node: Node) -> str:
    value = node.named_children[0] if node.named_children else None
    if value is None or value.type not in ("template_string", "string"):
        return ""
    return _text(value)[1:-1]


def _string(node: Node) -> str:
    return _text(node)[1:-1]


def _text(node: Node | None) -> str:
    if node is None or node.text is None:
        return ""
    return node.text.decode()

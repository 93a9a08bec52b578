"""A Makefile by tree-sitter-make, the second reader of every edited Makefile.

The grammar marks some valid lines as errors (ten of the root Makefile's 1,600, such as quotes in `$(shell ...)`), so an
error is not a verdict: it is an item like any other, and must be the same before and after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from newbackend.splice.make_items import PlainItem
from newbackend.splice.make_reader import one_space
from newbackend.splice.syntax import syntax_tree

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_INNER = frozenset({"rule", "conditional", "recipe", "recipe_line", "else_directive", "elsif_directive"})
_INTO_NOTHING = re.compile(r"(?<!\\)((?:\\\\)*)(?:\\\n[ \t]*)+(?=\n)")
"""Escaped line breaks in front of a blank line, which the grammar does not take."""

_COLONS = (":", "::", "&:", "&::")


def items(text: str) -> list[PlainItem]:
    """What the grammar finds in a Makefile, in its order: targets, words, recipe lines, other lines; no comments."""
    body = text.replace("\r\n", "\n").removeprefix("\ufeff")
    body = _INTO_NOTHING.sub(r"\1", body if body.endswith("\n") else body + "\n")
    tree = syntax_tree(_parser(), body.encode())
    return list(_items(tree.root_node, ""))


@cache
def _parser() -> Parser:
    import tree_sitter_make
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_make.language()))


def _items(node: Node, targets: str) -> Iterator[PlainItem]:
    for child in node.children:
        if child.type == "rule":
            yield from _rule(child)
        elif child.type == "recipe_line":
            yield "recipe", targets, _text(child)
        elif child.type in _INNER or any(inner.type in _INNER for inner in child.children):
            yield from _items(child, targets)
        elif child.type != "comment" and (text := _text(child)):
            yield "line", targets, text


def _rule(node: Node) -> Iterator[PlainItem]:
    heads = [child for child in node.children if child.type == "targets"]
    targets = _text(heads[0]) if heads else ""
    colons = [_text(child) for child in node.children if child.type in _COLONS]
    yield "rule", targets, "".join(colons)
    for child in node.children:
        if child.type in ("prerequisites", "order_only_prerequisites"):
            yield from (("word", targets, word) for word in _text(child).split())
        elif child.type == "recipe":
            yield from _items(child, targets)
        elif child.type not in ("targets", "comment", *_COLONS) and (text := _text(child)):
            yield "line", targets, text


def _text(node: Node) -> str:
    """A node's text with continuations and runs of white space as one space."""
    return one_space((node.text or b"").decode())

"""Shell text as a syntax tree, by tree-sitter's grammar of bash."""

from __future__ import annotations

from functools import cache, lru_cache

from tree_sitter import Language, Node, Parser, Tree

from newbackend.errors import UsageError
from newbackend.splice.syntax import syntax_tree
from newbackend.trace.machine import TooMuch


@cache
def _parser() -> Parser:
    import tree_sitter_bash

    return Parser(Language(tree_sitter_bash.language()))


@lru_cache(maxsize=1024)
def _tree(text: str) -> tuple[Tree, bytes] | str:
    """The tree and its bytes, or why there is none: both are remembered."""
    data = text.encode("utf-8", "surrogateescape")
    try:
        return syntax_tree(_parser(), data), data
    except UsageError as error:
        return f"a script {error.message}"


def parse(text: str) -> tuple[Node, bytes]:
    """The root node and the bytes that its positions count. Raises TooMuch for a text that is too hard to parse."""
    found = _tree(text)
    if isinstance(found, str):
        raise TooMuch(found)
    tree, data = found
    return tree.root_node, data


def text_of(node: Node, data: bytes) -> str:
    """The source text of a node."""
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")

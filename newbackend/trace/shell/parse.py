"""Shell text as a syntax tree, by tree-sitter's grammar of bash."""

from __future__ import annotations

from functools import cache, lru_cache

from tree_sitter import Language, Node, Parser, Tree


@cache
def _parser() -> Parser:
    import tree_sitter_bash

    return Parser(Language(tree_sitter_bash.language()))


@lru_cache(maxsize=1024)
def _tree(text: str) -> tuple[Tree, bytes]:
    data = text.encode("utf-8", "surrogateescape")
    return _parser().parse(data), data


def parse(text: str) -> tuple[Node, bytes]:
    """The root node and the bytes that its positions count."""
    tree, data = _tree(text)
    return tree.root_node, data


def text_of(node: Node, data: bytes) -> str:
    """The source text of a node."""
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")

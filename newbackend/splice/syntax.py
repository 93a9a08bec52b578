"""Syntax trees of texts that strangers wrote.

What does not follow a grammar is guessed at by tree-sitter, and the guesses can cost the square of the text's length: a
minute for 150 KB of `<` as a shell script. LocalAI's longest file takes 0.01 s.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from newbackend.errors import UsageError

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree

SECONDS = 3.0
"""Processor time for one text."""
_PIECE = 1 << 9
"""Bytes that are handed over at a time: when they are parsed, and again for the text of each node."""


def syntax_tree(parser: Parser, data: bytes) -> Tree:
    """The tree of a text. Raises UsageError when it takes too long; whoever knows the file adds its name."""
    end = time.process_time() + SECONDS
    try:
        # Only a text that is read in pieces has a callback in between.
        return parser.parse(
            lambda offset, _: data[offset : offset + _PIECE],
            progress_callback=lambda _, __: time.process_time() > end,
        )
    except ValueError as error:
        parser.reset()
        raise UsageError("syntax-too-hard", f"could not be parsed within {SECONDS:g} s") from error

"""Escapes untrusted text for Markdown: it cannot become a table cell, a tag or a mention."""

from __future__ import annotations

import re

from newbackend.sanitize import one_line, printable

_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
_FENCE = re.compile(r"`+")
_SPAN = re.compile(r"(`[^`]+`)")


def inline(text: str) -> str:
    """`text` as Markdown on one line: `code` between single backticks stays code, all else is literal.

    `@` is separated from the next word, so that a message cannot notify anybody on GitHub.
    """
    parts = _SPAN.split(one_line(text))
    return "".join(code(part[1:-1]) if number % 2 else _literal(part) for number, part in enumerate(parts))


def code(text: str) -> str:
    """`text` as a code span inside a table or a paragraph; empty for empty text."""
    flat = one_line(text)
    if not flat:
        return ""
    ticks = "`" * (_longest_run(flat) + 1)
    space = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{space}{flat}{space}{ticks}".replace("|", "\\|")


def block(text: str) -> str:
    """`text` as a fenced block whose fence is longer than any inside."""
    body = printable(text.rstrip("\n"))
    fence = "`" * max(3, _longest_run(body) + 1)
    return f"{fence}\n{body}\n{fence}"


def _literal(text: str) -> str:
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", plain).replace("@", "@<!-- -->")


def _longest_run(text: str) -> int:
    return max((len(run) for run in _FENCE.findall(text)), default=0)

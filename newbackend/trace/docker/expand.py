"""Variables in a Dockerfile: `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\\(.)|\$(?:(\w+)|\{(\w+)(?:(:?[-+?])((?:[^{}]|\$\{[^{}]*\})*))?\})", re.S)


def expanded(text: str, values: Mapping[str, str]) -> str:
    """The text with every variable replaced; one that is not set is empty."""

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return match[1] if match[1] in "$\\\"'" else match[0]
        name = match[2] or match[3]
        known = values.get(name, "")
        sign, word = match[4], match[5] or ""
        if not sign:
            return known
        empty = not known if sign.startswith(":") else name not in values
        if sign.endswith("+"):
            return "" if empty else expanded(word, values)
        return expanded(word, values) if empty and sign.endswith("-") else known

    return _REFERENCE.sub(value, text)


def unquoted(text: str) -> str:
    """A value without the quotes around it or its parts."""
    return re.sub(
        r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'", lambda match: match[1] if match[1] is not None else match[2], text
    )


def assignments(text: str) -> list[tuple[str, str]]:
    """The pairs of `ENV a=b c="d e"` or of the old form `ENV a b`, unexpanded and without quotes."""
    text = re.sub(r"\\\n", " ", text).strip()
    pairs = re.findall(r"(\w[\w.-]*)=((?:\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|\$\{[^}]*\}|[^\s\"'\\])*)", text)
    if pairs:
        return [(name, unquoted(value)) for name, value in pairs]
    name, _, value = text.partition(" ")
    return [(name, unquoted(value.strip()))] if name else []

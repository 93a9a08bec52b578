"""The prose of a README: no headings, lists, tables, HTML, badges or code."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LENGTH = 200
_LINE = 4000
"""Characters of a line that are looked at: markup that is never closed costs their square."""
_MARKUP = re.compile(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|\[!\[[^\]]*\]\([^)]*\)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_NO_PROSE = ("#", "|", ">", "```", "* ", "- ", "+ ", "1.", "..", "![")


def paragraphs(readme: str) -> Iterator[tuple[int, str]]:
    """Each paragraph of prose on one line, without markup, with the number of its first row."""
    first, lines, fenced = 0, [], False
    for number, raw in enumerate([*readme.splitlines(), ""], 1):
        fenced ^= raw.lstrip().startswith("```")
        line = plain(raw)
        underline = bool(raw.strip()) and set(raw.strip()) <= set("=-~*#")
        if not fenced and line[:1].isalnum() and not underline and not raw.lstrip().startswith(_NO_PROSE):
            first = first or number
            lines.append(line)
            continue
        # What is underlined was a heading.
        if lines and not (underline and len(lines) == 1):
            yield first, " ".join(lines)
        first, lines = 0, []


def first_paragraph(readme: str) -> str:
    """The first prose of a README, shortened to a line; "" when there is none."""
    text = next((text for _, text in paragraphs(readme)), "")
    if len(text) <= _LENGTH:
        return text
    return text[:_LENGTH].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def plain(line: str) -> str:
    """One line without HTML, images, link targets, emphasis and control characters."""
    text = _LINK.sub(r"\1", _MARKUP.sub("", line[:_LINE])).replace("**", "").replace("`", "")
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())

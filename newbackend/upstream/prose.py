"""The prose of a README: no headings, lists, tables, HTML, badges or code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_LENGTH = 200
_LINE = 4000
"""Characters of a line that are looked at: markup that is never closed costs their square."""
_MARKUP = re.compile(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|\[!\[[^\]]*\]\([^)]*\)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_NO_PROSE = ("#", "|", ">", "```", "* ", "- ", "+ ", "1.", "..", "![")
_NOT_ABOUT_IT = re.compile(
    r"brought to you|if you|looking for|check out|checkout|join |follow |star |news|updates?\b|sponsor|note\b|warning"
    r"|important|install|for more|see |please|visit|read the|try |demo|paper|download|click|supported by|made with"
    r"|welcome|copyright|development has moved|table of contents|requirements|usage|quick ?start|\[?\d{4}[-/.]\d"
    r"|20\d\d\b",
    re.IGNORECASE,
)
"""How paragraphs begin that are no description of the project."""
_IS = re.compile(r"(?:the )?([\w.+-]+(?: [\w.+-]+){0,2}),? (?:is|provides|implements) ", re.IGNORECASE)


def is_about_it(paragraph: str) -> bool:
    """Whether a paragraph may say what a project is: no news, no advertisement, no bar of links."""
    bars = sum(paragraph.count(mark) for mark in (" | ", " · ", " • "))
    return bars < 2 and not _NOT_ABOUT_IT.match(paragraph)


def says_what_it_is(sentence: str, names: Sequence[str]) -> bool:
    """`NAME is ...`, with one of these names."""
    match = _IS.match(sentence)
    called = _letters(match[1]) if match else ""
    return any(called and (called == _letters(name) or _letters(name).startswith(called)) for name in names)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def sentence(paragraph: str) -> str:
    """The first sentence of a paragraph, without its full stop; one that is too long ends at a word."""
    match = re.match(r".{10,200}?[.!?](?=\s|$)", paragraph)
    return match[0].rstrip(" .:") if match else _shortened(paragraph).rstrip(" .:")


def _shortened(text: str) -> str:
    return text if len(text) <= _LENGTH else text[:_LENGTH].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def paragraphs(readme: str) -> Iterator[tuple[int, str]]:
    """Each paragraph of prose on one line, without markup, with the number of its first row."""
    first, lines, fenced, said = 0, [], False, False
    rows = [*readme.splitlines(), ""]
    front = rows.index("---", 1) + 1 if rows[0].strip() == "---" and "---" in rows[1:] else 0
    for number, raw in enumerate(rows, 1):
        if number <= front:
            continue
        fenced ^= raw.lstrip().startswith("```")
        line = plain(raw)
        underline = bool(raw.strip()) and set(raw.strip()) <= set("=-~*#")
        if not fenced and line[:1].isalnum() and not underline and not raw.lstrip().startswith(_NO_PROSE):
            first = first or number
            lines.append(line)
            said = said or any(ch.isalpha() for ch in _LINK.sub("", _MARKUP.sub("", raw[:_LINE])))
            continue
        # What is underlined was a heading; links alone are a bar of them.
        if said and not (underline and len(lines) == 1):
            yield first, " ".join(lines)
        first, lines, said = 0, [], False


def first_paragraph(readme: str) -> str:
    """The first prose of a README, shortened to a line; "" when there is none."""
    return _shortened(next((text for _, text in paragraphs(readme) if is_about_it(text)), ""))


def plain(line: str) -> str:
    """One line without HTML, images, link targets, emphasis and control characters."""
    text = _LINK.sub(r"\1", _MARKUP.sub("", line[:_LINE])).replace("**", "").replace("`", "")
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())

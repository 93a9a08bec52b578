"""Text with open parts: what only the build machine knows, as `$(shell nproc)`.

An open part is its source text between two private characters. So it survives make's and the shell's string functions,
and whoever compares texts can see that one is not known.
"""

from __future__ import annotations

import re

_START, _END = "\ue000", "\ue001"
_MARKS = re.compile(f"[{_START}{_END}]")
_WORD = re.compile(rf"(?:{_START}[^{_END}]*{_END}|[^\s{_START}{_END}])+")
_PART = re.compile(f"{_START}([^{_END}]*){_END}")


def open_part(source: str) -> str:
    """An open part that is shown as `source`."""
    return f"{_START}{shown(source)}{_END}"


def is_open(text: str) -> bool:
    """Whether some of a text is not known."""
    return _START in text


def shown(text: str) -> str:
    """The text for people, open parts by their source."""
    return _MARKS.sub("", text) if _START in text or _END in text else text


def cleaned(text: str) -> str:
    """Text of a file, in which the two private characters mean nothing."""
    return _MARKS.sub("?", text) if _START in text or _END in text else text


def parts_of(text: str) -> list[str]:
    """The sources of all open parts."""
    return _PART.findall(text) if _START in text else []


def words(text: str) -> list[str]:
    """Words separated by white space; an open part is never cut."""
    return _WORD.findall(text) if _START in text else text.split()

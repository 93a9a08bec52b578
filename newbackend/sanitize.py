"""Makes text from an untrusted checkout or package safe to print.

Names, messages and source lines come from files that newbackend does not control. A terminal escape, a bidirectional
override, an invisible character or a lone surrogate (an undecodable byte) must neither steer the terminal nor deceive
its reader nor break an encoder. Everything that is printed goes through `printable` once more in `console.py`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# Controls except tab and newline, surrogates, the two code points that XML 1.0 forbids, bidirectional marks
# ("Trojan Source", CVE-2021-42574), and what shows nothing at all: format characters (Unicode's category Cf), line and
# paragraph separators, fillers, and the variation selectors and tags that can hide a text. Not U+FE00 to U+FE0F,
# which follow an emoji.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    """`text` with every hidden character spelled out as `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`; tabs and newlines stay."""
    return _HIDDEN.sub(_spell, text)


@lru_cache(maxsize=1024)
def one_line(text: str) -> str:
    """`text` on one line: runs of white space become one space, hidden characters are spelled out."""
    return printable(" ".join(text.split()))


def printable_name(text: str) -> str:
    """`text` with tabs and newlines spelled out too: for names of files, and messages that quote them."""
    return printable(text).replace("\t", r"\x09").replace("\n", r"\x0a")


def has_hidden(text: str) -> bool:
    """Whether `printable` would change a text."""
    return _HIDDEN.search(text) is not None


def json_text(value: Any) -> str:
    """Indented JSON of plain values, exact and printable: hidden characters are escaped, other ones stay."""
    import json  # not every run prints JSON

    return _HIDDEN.sub(_json_escape, json.dumps(value, indent=2, ensure_ascii=False))


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))

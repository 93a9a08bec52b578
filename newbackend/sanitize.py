"""Makes text from an untrusted checkout or package safe to print.

Names, messages and source lines come from files that newbackend does not control. A terminal escape, a bidirectional
override or a lone surrogate (an undecodable byte) must neither steer the terminal nor break an encoder.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Controls except tab and newline, bidirectional marks ("Trojan Source", CVE-2021-42574), surrogates,
# and the two code points that XML 1.0 forbids.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: str) -> str:
    """`text` with every hidden character spelled out as `\\xNN` or `\\uNNNN`; tabs and newlines stay."""
    return _HIDDEN.sub(_spell, text)


@lru_cache(maxsize=1024)
def one_line(text: str) -> str:
    """`text` on one line: runs of white space become one space, hidden characters are spelled out."""
    return printable(" ".join(text.split()))


def printable_name(text: str) -> str:
    """`text` with tabs and newlines spelled out too: for names of files, and messages that quote them."""
    return printable(text).replace("\t", r"\x09").replace("\n", r"\x0a")


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

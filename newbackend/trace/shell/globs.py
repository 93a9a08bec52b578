"""The shell's patterns for texts, as in `case` and `${name%.so}`."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache


@lru_cache(maxsize=512)
def _compiled(pattern: str, greedy: bool) -> re.Pattern[str]:
    source = fnmatch.translate(pattern)
    if not greedy:
        source = source.replace(".*", ".*?").replace("(?>", "(?:")
    return re.compile(source)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches a whole text."""
    return _compiled(pattern, True).match(text) is not None


def without_head(text: str, pattern: str, *, longest: bool) -> str:
    """`${text#pattern}` and `${text##pattern}`."""
    ends = range(len(text), -1, -1) if longest else range(len(text) + 1)
    return next((text[end:] for end in ends if matches(pattern, text[:end])), text)


def without_tail(text: str, pattern: str, *, longest: bool) -> str:
    """`${text%pattern}` and `${text%%pattern}`."""
    starts = range(len(text) + 1) if longest else range(len(text), -1, -1)
    return next((text[:start] for start in starts if matches(pattern, text[start:])), text)


def substituted(text: str, pattern: str, new: str, *, every: bool) -> str:
    """`${text/pattern/new}` and `${text//pattern/new}`: the longest match at each place."""
    out, at = [], 0
    while at < len(text):
        end = next((end for end in range(len(text), at, -1) if matches(pattern, text[at:end])), 0)
        if not end:
            out.append(text[at])
            at += 1
            continue
        out.append(new)
        at = end
        if not every:
            break
    return "".join(out) + text[at:]

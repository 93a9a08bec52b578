"""Merge-conflict markers, as git leaves them in a file."""

from __future__ import annotations

import re

_MARKER = re.compile(r"^(?:<{7}|>{7}) [^\r\n]*\r?$|^\|{7}(?: [^\r\n]*)?\r?$", re.M)
SIDES = ("<<<<<<< ", ">>>>>>> ")
"""What a file with a conflict has, one or both."""


def conflict_line(text: str) -> int | None:
    """The 1-based line of the first conflict marker; None when there is none.

    The `=======` between the two sides is no sign by itself: headings are underlined that way.
    """
    if not any(word in text for word in SIDES):
        return None
    match = _MARKER.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else None

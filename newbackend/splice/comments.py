"""Which comment lines belong to the code below them."""

from __future__ import annotations

import re
from collections.abc import Collection

from newbackend.splice.lines import Lines


def own_comment(lines: Lines, first: int, marker: str, words: Collection[str]) -> int:
    """The first line of the comments directly above line `first` (0-based) that belong to it.

    A comment is its own from the topmost line on that starts with one of `words` (`// ds4: …`, `# ds4 is …`);
    a heading above that, or a comment that starts otherwise, belongs to more than this thing. Returns
    `first` when there is no such line.
    """
    starts = re.compile(rf"\s*{re.escape(marker)}\s*(?:{'|'.join(map(re.escape, words))})(?![\w-])")
    top = number = first
    while number > 0 and lines[number - 1].lstrip().startswith(marker):
        number -= 1
        if starts.match(lines[number]):
            top = number
    return top

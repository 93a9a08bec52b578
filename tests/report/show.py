"""Print the sample report for reading by eye: `python -m report.show FORMAT [WIDTH] [colour] [verbose]`
from the `tests` directory."""

from __future__ import annotations

import sys

from newbackend.report import render

from .sample import FULL, context

if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    width = next((int(word) for word in rest if word.isdigit()), 80)
    shown = context(colour="colour" in rest, width=width, verbose="verbose" in rest)
    sys.stdout.write(render(FULL, name, shown))

"""The wizard's front end of a terminal, which shows hunks for a review."""

from __future__ import annotations

import sys

from newbackend.cli.common import print_err
from newbackend.cli.output.hunk_text import hunk
from newbackend.cli.output.pager import page
from newbackend.style import style_for
from newbackend.wizard.tty import Tty


def terminal() -> Tty:
    """Asks on standard error; a whole hunk goes to the pager."""
    paint = style_for(sys.stderr)
    return Tty(
        show=lambda turn: print_err("\n" + hunk(turn, paint, full=False)),
        show_all=lambda turn: page(hunk(turn, paint, full=True) + "\n", sys.stderr),
    )

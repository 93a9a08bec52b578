"""The process: `newbackend` and `python -m newbackend`.

A run is short and nearly all it builds lives to its end, so nothing is gained by looking for garbage on the way,
nor by taking every value apart before leaving: together a sixth of a run.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """Runs the command line, then ends the process with its status.

    With NEWBACKEND_DEBUG the interpreter shuts down in full, as a profiler or a coverage tool needs it to.
    """
    gc.disable()
    _open_closed_streams()
    from newbackend.cli.main import DEBUG
    from newbackend.cli.main import main as run

    try:
        run()
    except SystemExit as end:
        if DEBUG in os.environ or not isinstance(end.code, int):
            raise
        _leave(end.code)


def _open_closed_streams() -> None:
    """A stream that the caller closed (`>&-`) leads nowhere; the status is told all the same."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _leave(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        # What matters is written already: `run` flushes, and says so when that fails.
        with suppress(OSError, AttributeError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()

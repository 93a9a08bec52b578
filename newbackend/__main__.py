"""The entry point of the process: `newbackend` and `python -m newbackend`.

A run is short and most objects live until its end, so garbage collection is off and the process exits without
interpreter shutdown. Together they took a sixth of a run (docs/adr/0024).

"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def main() -> None:
    """Runs the command line, then ends the process with its status.

    With NEWBACKEND_DEBUG set, the interpreter shuts down normally. Profilers and coverage tools need that.
    """
    gc.disable()
    _open_closed_streams()
    from newbackend.cli.failure import DEBUG
    from newbackend.cli.main import main as run

    try:
        run()
    except SystemExit as end:
        if DEBUG in os.environ or not isinstance(end.code, int):
            raise
        _leave(end.code)


def _open_closed_streams() -> None:
    """Opens /dev/null for standard streams that the caller closed (`>&-`), so that writing to them does not fail."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _leave(status: int) -> None:
    if child := sys.modules.get("newbackend.child"):
        child.end_children()
    for stream in (sys.stdout, sys.stderr):
        # `run` has flushed the output already and has reported a failure.
        with suppress(OSError, AttributeError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()

"""Long text through the user's pager, as git does it: PAGER, else `less -FRX`, else plain."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from typing import TextIO

from newbackend.console import shown, write

_LESS = "FRX"


def pages(stream: TextIO | None = None) -> bool:
    """Whether `page` would start a pager on this stream (default: standard output)."""
    return _command(stream or sys.stdout) is not None


def page(text: str, stream: TextIO | None = None) -> None:
    """Writes text to a stream; a terminal gets the pager, which shows short text without stopping."""
    stream = stream or sys.stdout
    command = _command(stream)
    if command is None:
        write(stream, text)
        stream.flush()
        return
    stream.flush()
    env = {"LESS": _LESS, "LV": "-c", **os.environ}
    # Ctrl-C belongs to the pager while it runs.
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=stream, env=env, encoding="utf-8", errors="replace"
        )
        process.communicate(shown(stream, text))  # quitting the pager early is no error
    except OSError:
        write(stream, text)
        stream.flush()
    finally:
        signal.signal(signal.SIGINT, previous)


def _command(stream: TextIO) -> list[str] | None:
    """The pager's command; None for no pager: no terminal, TERM=dumb, PAGER empty or `cat`."""
    if not stream.isatty() or not sys.stdin.isatty() or os.environ.get("TERM", "") in ("", "dumb"):
        return None
    named = os.environ.get("PAGER")
    if named is None:
        return ["less"] if shutil.which("less") else None
    try:
        words = shlex.split(named)
    except ValueError:
        return None
    if not words or words == ["cat"] or shutil.which(words[0]) is None:
        return None
    return words

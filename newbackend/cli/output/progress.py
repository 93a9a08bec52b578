"""Progress for work that takes longer than half a second; shorter work shows nothing."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE = 0.5
_STEP = 0.12
_BAR = 20
_FRAMES = "|/-\\"


@contextmanager
def progress(label: str) -> Iterator[None]:
    """Shows `label` on standard error while the body runs, if that is a terminal and the body is slow.

    A terminal that cannot move its cursor gets one plain line.
    """
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    worker = threading.Thread(target=_show, args=(label, done), daemon=True)
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join()


@contextmanager
def counted(label: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that draws a bar for (done, total) on standard error, if that is a terminal."""
    shown = sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
    start = time.monotonic()

    def step(done: int, total: int) -> None:
        if shown and time.monotonic() - start > PATIENCE:
            filled = _BAR * done // max(total, 1)
            bar = "#" * filled + "-" * (_BAR - filled)
            sys.stderr.write(f"\r{_fitting(f'[{bar}] {done}/{total} {label}')}\x1b[K")
            sys.stderr.flush()

    try:
        yield step
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _show(label: str, done: threading.Event) -> None:
    if done.wait(PATIENCE):
        return
    with suppress(OSError):
        if os.environ.get("TERM", "") in ("", "dumb"):
            sys.stderr.write(f"{label} ...\n")
            sys.stderr.flush()
            return
        _spin(_fitting(label), done)


def _fitting(label: str) -> str:
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        columns = 80
    return label[: max(8, columns - 4)]


def _spin(label: str, done: threading.Event) -> None:
    turn = 0
    while True:
        sys.stderr.write(f"\r{_FRAMES[turn % len(_FRAMES)]} {label}")
        sys.stderr.flush()
        turn += 1
        if done.wait(_STEP):
            break
    sys.stderr.write("\r\x1b[K")
    sys.stderr.flush()

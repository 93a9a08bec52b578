"""A sign of life for slow work in a terminal, silence for quick work and for pipes."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import pytest

from newbackend.cli.output import progress as module
from newbackend.cli.output.progress import progress


class FakeTerminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def terminal(monkeypatch: pytest.MonkeyPatch, term: str = "xterm") -> FakeTerminal:
    """Replaces standard error; to be called in the test itself, because capturing swaps it before."""
    stream = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    return stream


def test_quick_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress("planning"):
        pass
    assert stream.getvalue() == ""


def test_slow_work_is_named_and_the_line_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    with progress("planning"):
        until(lambda: "planning" in stream.getvalue())
    assert "| planning" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_dumb_terminal_gets_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch, "dumb")
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    with progress("planning"):
        until(lambda: "planning" in stream.getvalue())
    assert stream.getvalue() == "planning ...\n"


def test_a_pipe_gets_nothing_and_an_error_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    with pytest.raises(ValueError, match="inside"), progress("planning"):
        raise ValueError("inside")
    assert stream.getvalue() == ""

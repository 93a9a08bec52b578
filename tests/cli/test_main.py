"""What reaches the user when something goes wrong that nobody foresaw."""

from __future__ import annotations

import pytest

from newbackend.cli import failure
from newbackend.cli import main as cli
from newbackend.errors import Exit


def _broken(_: list[str]) -> None:
    raise ZeroDivisionError("division by zero\nand more")


def test_a_bug_is_one_sentence_and_status_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(failure.DEBUG, raising=False)
    monkeypatch.setattr(cli, "run", _broken)
    with pytest.raises(SystemExit) as stopped:
        cli.main([])
    assert stopped.value.code == Exit.USAGE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "internal error: ZeroDivisionError: division by zero" in said


def test_with_the_debug_variable_the_traceback_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failure.DEBUG, "1")
    monkeypatch.setattr(cli, "run", _broken)
    with pytest.raises(ZeroDivisionError):
        cli.main([])

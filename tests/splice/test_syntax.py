"""A text that a grammar only guesses at ends after a limit of time, wherever it is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from newbackend.errors import UsageError
from newbackend.splice import make_grammar
from newbackend.splice.golang import GoFile
from newbackend.splice.javascript import broken_line
from newbackend.trace.machine import TooMuch
from newbackend.trace.shell.parse import parse
from newbackend.upstream.header import read_header


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may take longer than it took until now."""
    monkeypatch.setattr("newbackend.splice.syntax.SECONDS", -1.0)


@pytest.mark.usefixtures("no_time")
@pytest.mark.parametrize("read", [make_grammar.items, GoFile, broken_line])
def test_every_reader_refuses_it_in_a_sentence(read: Callable[[str], object]) -> None:
    with pytest.raises(UsageError) as caught:
        read("a,b;" * 4000)
    assert caught.value.code == "syntax-too-hard"


@pytest.mark.usefixtures("no_time")
def test_a_header_of_that_kind_is_a_gap() -> None:
    api = read_header("int f(int);\n" * 4000, "a.h")
    assert [gap.text for gap in api.gaps if "could not be parsed" in gap.text]
    assert api.functions == []


def test_a_script_of_that_kind_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(parser: object, data: bytes) -> None:
        tried.append(data)
        raise UsageError("syntax-too-hard", "could not be parsed within 3 s")

    monkeypatch.setattr("newbackend.trace.shell.parse.syntax_tree", refuse)
    for _ in range(2):
        with pytest.raises(TooMuch, match="a script could not be parsed"):
            parse("# never parsed before\n")
    assert len(tried) == 1


def test_after_it_the_same_parser_reads_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("newbackend.splice.syntax.SECONDS", -1.0)
        with pytest.raises(UsageError):
            broken_line("let a = [" * 4000)
    assert broken_line("export const a = 1;\n") is None

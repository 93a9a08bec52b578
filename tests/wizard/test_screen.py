"""The screen that the terminal tests look at."""

from __future__ import annotations

import pytest

from wizard.screen import Screen


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        ("a\r\nb", ["a", "b"]),
        ("abc\rx", ["xbc"]),
        ("abc\x1b[2DX", ["aXc"]),
        ("a\x1b[3Cb", ["a   b"]),
        ("one\r\ntwo\x1b[1A\r\x1b[Jnew", ["new", ""]),
        ("one\r\x1b[K2", ["2"]),
        ("\x1b[1;31mred\x1b[0m", ["red"]),
        ("12345678901", ["1234567890", "1"]),
        ("\x1b[?7l123456789012", ["1234567892"]),
    ],
)
def test_control_sequences_move_and_erase(output: str, lines: list[str]) -> None:
    screen = Screen(10, 5)
    for character in output:
        screen.feed(character)
    assert screen.lines == lines

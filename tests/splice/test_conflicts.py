"""Merge-conflict markers."""

from __future__ import annotations

import pytest

from newbackend.splice.conflicts import conflict_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n", 2),
        ("a\r\n<<<<<<< HEAD\r\nb\r\n", 2),
        ("a\n||||||| base\nb\n>>>>>>> topic\n", 2),
        ("a\n>>>>>>> topic", 2),
        ("Title\n=======\n\ntext\n", None),
        ("cat <<<<<<< HEAD\n", None),
        ("# <<<<<<< HEAD is what git writes\n", None),
        ("<<<<<<<<< HEAD\n", None),
        ("", None),
    ],
)
def test_markers(text: str, line: int | None) -> None:
    assert conflict_line(text) == line

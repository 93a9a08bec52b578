"""Splices compose without shifting one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newbackend.splice.lines import Lines
from newbackend.splice.outcome import Splice, apply_splices


def test_insertions_at_one_offset_keep_their_order() -> None:
    assert apply_splices("ab", [Splice(1, 1, "1"), Splice(1, 1, "2")]) == "a12b"


def test_overlapping_replacements_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="overlapping"):
        apply_splices("abcd", [Splice(0, 3, "x"), Splice(2, 4, "y")])


@given(
    st.lists(st.sampled_from(["a", "", "b c", "\t$(MAKE)"])), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data()
)
def test_lines_put_after_a_line_and_taken_out_again_give_back_the_text(
    rows: list[str], newline: str, final: bool, data: st.DataObject
) -> None:
    text = newline.join(rows) + (newline if final and rows else "")
    lines = Lines(text)
    if not text:
        return
    line = data.draw(st.integers(0, len(lines) - 1))
    at, new = lines.after(line, ["one", "two"])
    edited = apply_splices(text, [Splice(at, at, new)])
    again = Lines(edited)
    assert again[line + 1] == "one"
    assert again[line + 2] == "two"
    assert apply_splices(edited, [Splice(*again.span(line + 1, line + 2), "")]) == text

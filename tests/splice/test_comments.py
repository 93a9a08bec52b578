"""A comment belongs to the thing below it from the line that names it on."""

from __future__ import annotations

import pytest

from newbackend.splice.comments import own_comment
from newbackend.splice.lines import Lines


@pytest.mark.parametrize(
    ("above", "own"),
    [
        (["// TTS", "// ds4: an engine", "// of its own"], 1),
        (["// ds4 is one", "// ds4: twice"], 0),
        (["// TTS"], 1),
        (["// ds4-next is another"], 1),
        (["// ds4: apart", ""], 2),
        (["code() // ds4 here"], 1),
    ],
)
def test_own_comment(above: list[str], own: int) -> None:
    text = "\n".join([*above, "{ds4},", ""])
    assert own_comment(Lines(text), len(above), "//", ["ds4"]) == own

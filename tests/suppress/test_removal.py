"""The fix of an unused suppression takes that one out and nothing else."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newbackend.suppress.comments import parse_comments
from newbackend.suppress.config import parse_config
from newbackend.suppress.removal import without_comment, without_entry

MARK = "newbackend: ignore[REG401] why"
WORD = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.yml", f"a: 1\n  # {MARK}\nb: 2\n", "a: 1\nb: 2\n"),
        ("a.yml", f"a: 1  # {MARK}\nb: 2\n", "a: 1\nb: 2\n"),
        ("a.yml", f"a: 1\r\nb: 2 # {MARK}\r\nc: 3\r\n", "a: 1\r\nb: 2\r\nc: 3\r\n"),
        ("a.yml", f"a: 1\r\n# {MARK}\r\nc: 3\r\n", "a: 1\r\nc: 3\r\n"),
        ("a.yml", f"a: 1\nb: 2 # {MARK}", "a: 1\nb: 2"),
        ("a.md", f"| a | <!-- {MARK} --> b |\n", "| a | b |\n"),
        ("a.cpp", f"int /* {MARK} */ x;\n", "int x;\n"),
    ],
)
def test_a_comment_goes_and_the_rest_of_the_line_stays(path: str, before: str, after: str) -> None:
    (found,) = parse_comments(path, before)
    assert without_comment(path, before, found.where.line) == after


@pytest.mark.parametrize("line", [0, 1, 3, 99])
def test_a_line_without_a_suppression_is_refused(line: int) -> None:
    with pytest.raises(ValueError, match="no suppression comment"):
        without_comment("a.yml", f"a: 1\nb: 2 # {MARK}\n", line)


@given(st.lists(WORD, min_size=1, max_size=5), st.integers(0, 4))
def test_taking_out_what_was_put_in_gives_the_same_bytes(words: list[str], place: int) -> None:
    lines = [f"{word}: 1" for word in words]
    place = min(place, len(lines))
    text = "\n".join([*lines[:place], f"  # {MARK}", *lines[place:], ""])
    assert without_comment("a.yml", text, place + 1) == "\n".join([*lines, ""])


def entries(*names: str) -> str:
    """A config with an entry for each name, with comments and blank lines as people write them."""
    blocks = (
        f"# about {name}\n[[allow]]\nrule = 'REG401'\nbackend = '{name}'  # the one\n\nreason = '''\n[x] {name}\n'''\n"
        for name in names
    )
    return "\n".join(blocks)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_goes_and_the_others_stay(place: int) -> None:
    names = ["a", "b", "c"]
    text = entries(*names)
    start = parse_config(text).entries[place].where.line
    after = without_entry(text, start)
    del names[place]
    assert [entry.backend for entry in parse_config(after).entries] == names
    assert all(f"# about {name}" in after for name in names)


def test_the_only_entry_goes_and_an_empty_config_is_left() -> None:
    text = "[[allow]]\nrule = 'REG401'\nbackend = 'a'\nreason = 'r'\n"
    assert tomllib.loads(without_entry(text, 1)) == {}


def test_a_line_that_opens_no_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="no \\[\\[allow\\]\\] at line 2"):
        without_entry("[[allow]]\nrule = 'x'\n", 2)


def test_an_entry_that_cannot_be_taken_out_by_itself_is_refused() -> None:
    text = "[[allow]]\nrule = 'REG401'\n[[allow]]\nreason = '''\n[[allow]]\nrule = '''\n"
    with pytest.raises(ValueError, match="cannot be taken out"):
        without_entry(text, 3)

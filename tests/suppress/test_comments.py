"""Suppression comments: where they may stand, what they cover, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newbackend.findings import Location
from newbackend.suppress.comments import parse_comments
from newbackend.suppress.model import IgnoreComment, Malformed


def only(text: str, path: str = "f.yml") -> IgnoreComment:
    """The one good comment in `text`."""
    (found,) = parse_comments(path, text)
    assert isinstance(found, IgnoreComment)
    return found


def problem(text: str, path: str = "f.yml") -> str:
    """What is wrong with the one malformed comment in `text`."""
    (found,) = parse_comments(path, text)
    assert isinstance(found, Malformed)
    return found.problem


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.yml", "# newbackend: ignore[REG412] why not"),
        ("Makefile", "## newbackend: ignore[REG412] why not"),
        ("a.js", "// newbackend: ignore[REG412] why not"),
        ("a.go", "x := 1 //newbackend:ignore[REG412] why not"),
        ("a.cpp", "/* newbackend: ignore[REG412] why not */"),
        ("a.md", "<!-- newbackend: ignore[REG412] why not -->"),
        ("a.md", "| a | <!-- newbackend: ignore[REG412] why not --> | b |"),
        ("a.yml", "key: value  # newbackend: ignore[REG412]: why not"),
        ("a.yml", "# newbackend: ignore[REG412] - why not"),
        ("a.yml", "# Newbackend: Ignore[ REG412 ]   why not   "),
        ("a.yml", "\t# newbackend: ignore[REG412] why not\r"),
    ],
)
def test_every_comment_style_is_read(path: str, line: str) -> None:
    found = only(f"first\n{line}\nlast\n", path)
    assert (found.rule, found.subject, found.reason) == ("REG412", "", "why not")
    assert found.where == Location(path, 2)


def test_a_subject_may_hold_colons() -> None:
    found = only("# newbackend: ignore[REG201:quay.io/a/b:latest-cpu-x] built elsewhere")
    assert (found.rule, found.subject) == ("REG201", "quay.io/a/b:latest-cpu-x")


def test_a_comment_after_something_covers_its_own_line_only() -> None:
    assert only("a: 1  # newbackend: ignore[REG412] why\nb: 2\n").covers == (1,)


def test_a_comment_by_itself_covers_the_next_line_too() -> None:
    assert only("# newbackend: ignore[REG412] why\nb: 2\nc: 3\n").covers == (1, 2)


def test_more_comment_lines_may_stand_between() -> None:
    text = "  # newbackend: ignore[REG412] why\n  # and more words\n  b: 2\n  c: 3\n"
    assert only(text).covers == (1, 2, 3)


def test_two_comments_above_one_thing_both_cover_it() -> None:
    text = "# newbackend: ignore[REG412] one\n# newbackend: ignore[REG413] two\nthing\n"
    first, second = parse_comments("f.yml", text)
    assert isinstance(first, IgnoreComment)
    assert isinstance(second, IgnoreComment)
    assert 3 in first.covers
    assert 3 in second.covers


def test_an_include_is_no_comment_after_slashes() -> None:
    assert only('// newbackend: ignore[REG412] why\n#include "x.h"\nint y;\n', "a.cpp").covers == (1, 2)


def test_a_comment_on_the_last_line_is_read() -> None:
    assert only("# newbackend: ignore[REG412] why").covers[0] == 1


def test_lines_are_counted_by_line_feeds_only() -> None:
    assert only("a\x0bb\u2028c\n# newbackend: ignore[REG412] why\n").where.line == 2


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ("# newbackend: ignore", "names no rule"),
        ("# newbackend: ignore everything here", "names no rule"),
        ("# newbackend: ignore[]", "names no rule"),
        ("# newbackend: ignore[*] because", "names no rule"),
        ("# newbackend: ignore[REG4xx] because", "is not a rule id"),
        ("# newbackend: ignore[route-missing] because", "is not a rule id"),
        ("# newbackend: ignore[REG401, REG402] because", "several rules"),
        ("# newbackend: ignore[REG401]", "gives no reason"),
        ("# newbackend: ignore[REG401:demo]", "gives no reason; write ignore[REG401:demo]"),
        ("# newbackend: ignore[REG401] --", "gives no reason"),
        ("<!-- newbackend: ignore[REG401] -->", "gives no reason"),
        ("# newbackend: ignore[REG401 because", "names no rule"),
    ],
)
def test_what_is_refused_says_why(comment: str, says: str) -> None:
    assert says in problem(comment)


@pytest.mark.parametrize(
    "text",
    [
        "newbackend: ignore[REG401] not in a comment",
        "# see newbackend: ignore[REG401] in the manual",
        "# newbackend: generated from a template",
        "# newbackend: ignored[REG401] long ago",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert parse_comments("f.yml", text) == ()


def test_a_code_sample_in_markdown_is_no_suppression() -> None:
    text = "```\n# newbackend: ignore[REG401] sample\n// newbackend: ignore[REG401] sample\n```\n"
    assert parse_comments("guide.MD", text) == ()


@given(st.text(), st.text())
def test_any_text_is_read_without_an_error(before: str, after: str) -> None:
    for found in parse_comments("f.yml", f"{before}# newbackend: ignore[{after}"):
        assert found.where.line >= 1

"""Makefile edits: words of one-line lists and lines of recipes."""

from __future__ import annotations

import re

import pytest

from newbackend.splice.lines import Lines
from newbackend.splice.make import add_recipe_line, add_word, drop_word
from newbackend.splice.outcome import AlreadyPresent, Ambiguous, AnchorMissing, Inserted, apply_splices

MAKEFILE = """\
.NOTPARALLEL: backends/whisper backends/faster-whisper

all: a \\
     b
\techo all

test-extra: prepare
\t$(MAKE) -C backend/python/x test
# a comment inside

\t$(MAKE) -C backend/go/y test

other:
\techo
"""


def added(text: str, outcome: object) -> str:
    assert isinstance(outcome, Inserted)
    return apply_splices(text, outcome.splices)


def test_a_word_goes_to_the_end_of_the_list() -> None:
    result = added(MAKEFILE, add_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/ds4"))
    assert result.startswith(".NOTPARALLEL: backends/whisper backends/faster-whisper backends/ds4\n")


def test_a_word_goes_to_the_last_line_of_a_continued_list() -> None:
    assert "     b c\n" in added(MAKEFILE, add_word(Lines(MAKEFILE), "all", "c"))


def test_identity_is_the_word_not_a_substring() -> None:
    assert isinstance(add_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/faster"), Inserted)
    assert isinstance(add_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/whisper"), AlreadyPresent)


@pytest.mark.parametrize("word", ["backends/ds4", "backends/x"])
def test_dropping_an_added_word_gives_back_the_text(word: str) -> None:
    result = added(MAKEFILE, add_word(Lines(MAKEFILE), ".NOTPARALLEL", word))
    assert apply_splices(result, drop_word(Lines(result), ".NOTPARALLEL", word)) == MAKEFILE


def test_dropping_whisper_leaves_faster_whisper() -> None:
    result = apply_splices(MAKEFILE, drop_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/whisper"))
    assert result.startswith(".NOTPARALLEL: backends/faster-whisper\n")


def test_a_recipe_line_goes_behind_its_kind() -> None:
    line = "$(MAKE) -C backend/python/ds4 test"
    result = added(MAKEFILE, add_recipe_line(Lines(MAKEFILE), "test-extra", line, re.compile("-C backend/python/")))
    assert f"\t$(MAKE) -C backend/python/x test\n\t{line}\n# a comment" in result


def test_a_recipe_line_without_kin_goes_last() -> None:
    line = "$(MAKE) -C backend/cpp/ds4 test"
    result = added(MAKEFILE, add_recipe_line(Lines(MAKEFILE), "test-extra", line, re.compile("-C backend/cpp/")))
    assert f"\t$(MAKE) -C backend/go/y test\n\t{line}\n\nother:" in result


def test_a_missing_target_and_a_repeated_one_are_outcomes() -> None:
    assert isinstance(add_word(Lines(MAKEFILE), "nowhere", "x"), AnchorMissing)
    assert isinstance(add_word(Lines(MAKEFILE + "other: x\n"), "other", "y"), Ambiguous)


def test_a_continued_line_that_looks_like_a_rule_is_no_second_one() -> None:
    text = "x: a \\\nall: b\nall: c\n"
    out = add_word(Lines(text), "x", "d")
    assert isinstance(out, Inserted)
    assert apply_splices(text, out.splices) == "x: a \\\nall: b d\nall: c\n"
    continued = "all: a \\\nall: b\n"
    grown = add_word(Lines(continued), "all", "c")
    assert isinstance(grown, Inserted)
    assert apply_splices(continued, grown.splices) == "all: a \\\nall: b c\n"

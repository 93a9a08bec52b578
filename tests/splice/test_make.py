"""Makefile edits: words of one-line lists and lines of recipes."""

from __future__ import annotations

import re

import pytest

from newbackend.splice.lines import Lines
from newbackend.splice.make import add_recipe_line, add_word, drop_word
from newbackend.splice.operation import Operation
from newbackend.splice.outcome import AlreadyPresent, Ambiguous, AnchorMissing, Inserted, apply_splices
from newbackend.splice.prove import GrownLine, prove_grown

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


def added(text: str, operation: Operation) -> str:
    """The text with the operation made, after the proof that only a declared list grew."""
    assert isinstance(operation.outcome, Inserted)
    grown = [proof for proof in operation.proofs if isinstance(proof, GrownLine)]
    prove_grown(text, operation.outcome.splices if grown else (), grown)
    return apply_splices(text, operation.outcome.splices)


def test_a_word_goes_to_the_end_of_the_list() -> None:
    result = added(MAKEFILE, add_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/ds4"))
    assert result.startswith(".NOTPARALLEL: backends/whisper backends/faster-whisper backends/ds4\n")


def test_a_word_goes_to_the_last_line_of_a_continued_list() -> None:
    assert "     b c\n" in added(MAKEFILE, add_word(Lines(MAKEFILE), "all", "c"))


def test_identity_is_the_word_not_a_substring() -> None:
    assert isinstance(add_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/faster").outcome, Inserted)
    assert isinstance(add_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/whisper").outcome, AlreadyPresent)


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
    assert isinstance(add_word(Lines(MAKEFILE), "nowhere", "x").outcome, AnchorMissing)
    assert isinstance(add_word(Lines(MAKEFILE + "other: x\n"), "other", "y").outcome, Ambiguous)


def test_a_continued_line_that_looks_like_a_rule_is_no_second_one() -> None:
    text = "x: a \\\nall: b\nall: c\n"
    assert added(text, add_word(Lines(text), "x", "d")) == "x: a \\\nall: b d\nall: c\n"
    continued = "all: a \\\nall: b\n"
    assert added(continued, add_word(Lines(continued), "all", "c")) == "all: a \\\nall: b c\n"

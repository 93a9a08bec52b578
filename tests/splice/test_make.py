"""Makefile edits: words of one-line lists and lines of recipes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from newbackend.splice.lines import Lines
from newbackend.splice.make import add_lines, add_recipe_line, add_word, drop_statements, drop_word, rules_of
from newbackend.splice.make_items import MakeEdit
from newbackend.splice.operation import Operation
from newbackend.splice.outcome import AlreadyPresent, Ambiguous, AnchorMissing, Inserted, apply_splices
from newbackend.splice.prove import GrownLine, prove_grown
from newbackend.splice.prove_make import prove_makefile

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
    """The text with the operation made, after its proofs."""
    assert isinstance(operation.outcome, Inserted)
    grown = [proof for proof in operation.proofs if isinstance(proof, GrownLine)]
    prove_grown(text, operation.outcome.splices if grown else (), grown)
    result = apply_splices(text, operation.outcome.splices)
    prove_makefile(text, result, [proof for proof in operation.proofs if isinstance(proof, MakeEdit)])
    return result


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
    assert added(result, drop_word(Lines(result), ".NOTPARALLEL", word)) == MAKEFILE


def test_dropping_whisper_leaves_faster_whisper() -> None:
    result = added(MAKEFILE, drop_word(Lines(MAKEFILE), ".NOTPARALLEL", "backends/whisper"))
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
    text = "X = a \\\nall: b\nall: c\n"
    assert added(text, add_word(Lines(text), "all", "d")) == "X = a \\\nall: b\nall: c d\n"


LINE = "$(RUN) -C backend/python/new test"
KIN = re.compile("-C backend/python/")
OLD = "$(RUN) -C backend/python/x test"


def commands(text: str, folder: Path, target: str) -> list[str]:
    """What GNU make would run for a target."""
    (folder / "case.mk").write_text(text, newline="")
    command = ["make", "-n", "--no-print-directory", "-f", "case.mk", "RUN=run", target]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.split("\n") if not line.startswith("make: Nothing")]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    "recipe",
    [
        f"\t{OLD}\n",
        f"\t{OLD}",
        f"\t{OLD} \\\n    A=1\n",
        f"\t{OLD} \\\n\t  A=1 \\\n        B=2\n",
        f"\t{OLD} \\\n    A=1",
        f"\t@set -e; \\\n    {OLD}; \\\n    echo done\n",
        f"\t{OLD} # a comment \\\n    that goes on\n",
        f"\t{OLD}\n# a make comment \\\n  that goes on\n\techo later\n",
        f"ifeq (a,b)\n\t{OLD}\nendif\n",
        f"\techo first\nifeq (a,b)\n\t{OLD}\nelse\n\techo other\nendif\n",
        f"\techo first\nifeq (a,b)\n\techo 1\nelse ifeq (a,a)\n\t{OLD}\nendif\n\techo last \\\n  of all\n",
        f"\t{OLD} \\\\\n\techo not continued\n",
        f"\t{OLD}\n\t\n\n\techo behind a blank\n",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_make_runs_the_old_lines_and_the_new_one(recipe: str, newline: str, tmp_path: Path) -> None:
    tail = "\nnext: ; @echo next\n" if recipe.endswith("\n") else ""
    text = ("prepare:\n\ntest: prepare\n" + recipe + tail).replace("\n", newline)
    result = added(text, add_recipe_line(Lines(text), "test", LINE, KIN))
    before, after = commands(text, tmp_path, "test"), commands(result, tmp_path, "test")
    assert sorted([*before, LINE.replace("$(RUN)", "run")]) == sorted(after)
    assert [line for line in after if line in before] == before
    assert added(result, drop_recipe(result)) == text


def drop_recipe(text: str) -> Operation:
    """Takes the new line out again, by its statement."""
    lines = Lines(text)
    row = next(row for rule in rules_of(lines, "test") for row in rule.recipe if row.text == LINE)
    return drop_statements(lines, row.first, row.last)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    "head",
    [
        "all: a b\n",
        "all: a \\\n  b\n",
        "all: a \\\n  b \\\n\n",
        "all: a b # a comment\n",
        "all: a b # a comment \\\n  that goes on c\n",
        "all: a \\\n  b \\\n  # a comment\n",
        "all:: a b\n",
        "all: a b | c\n",
        "all: a b",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_make_sees_the_old_words_and_the_new_one(head: str, newline: str, tmp_path: Path) -> None:
    text = ("a b c new: ; @echo $@\n" + head).replace("\n", newline)
    result = added(text, add_word(Lines(text), "all", "new"))
    assert commands(result, tmp_path, "all") == [*commands(text, tmp_path, "all")[:-1], "echo new", ""]
    assert added(result, drop_word(Lines(result), "all", "new")) == text


@pytest.mark.parametrize("text", ["all: a ; echo a\n", "all: a b; \\\n  echo\n"])
def test_a_word_is_not_put_into_a_recipe_on_the_same_line(text: str) -> None:
    assert isinstance(add_word(Lines(text), "all", "c").outcome, AnchorMissing)


def test_a_hash_in_a_reference_and_an_escaped_one_begin_no_comment() -> None:
    text = "all: $(subst #,,a) b\\#c\n"
    assert added(text, add_word(Lines(text), "all", "d")) == "all: $(subst #,,a) b\\#c d\n"


def test_new_lines_go_behind_the_whole_statement() -> None:
    text = "A = 1 \\\n  2\nB = 3\n"
    assert added(text, add_lines(Lines(text), 0, ["C = 4"])) == "A = 1 \\\n  2\nC = 4\nB = 3\n"


def test_a_rule_ends_with_the_conditions_inside_it() -> None:
    text = "ifdef A\nx:\n\techo\nifdef B\n\techo b\nelse\n\techo c\nendif\nelse\ny:\nendif\n"
    rule = rules_of(Lines(text), "x")[0]
    assert (rule.first, rule.end, rule.under) == (1, 7, ("ifdef A",))

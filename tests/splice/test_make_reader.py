"""The reader of Makefiles, judged by GNU make: the same statements, and the same texts refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newbackend.splice.lines import Lines
from newbackend.splice.make_reader import Kind, read

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
_LINES = (
    "x: a",
    "a b c: ; @echo inline",
    "y:: a \\",
    "\techo 1",
    "\techo 2 \\",
    "    && echo 3",
    "\t# for the shell",
    "# a comment \\",
    "V := $(A) # and why",
    "V += a:b",
    "x: W = 1",
    "$(eval E := 1)",
    "$(info a b)",
    "ifeq ($(V),1)",
    "ifdef V",
    "else ifneq (,$(V))",
    "else",
    "endif # done",
    "define D",
    "endef",
    "export V",
    ".PHONY: x y",
    "<<<<<<< HEAD",
    "=======",
    "    echo spaces",
    "word",
    "",
    "\t",
)


def make_refuses(text: str, folder: Path) -> bool:
    """Whether GNU make stops while it reads the text."""
    file = folder / "case.mk"
    file.write_text(text)
    command = ["make", "-n", "-p", "-f", str(file), "no-such-target", "A=1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    errors = [line for line in done.stderr.splitlines() if "***" in line and "No rule to make target" not in line]
    return any(f"{file}:" in line or "case.mk:" in line for line in errors)


@needs_make
@settings(max_examples=150)
@given(st.lists(st.sampled_from(_LINES), max_size=9), st.sampled_from(["\n", "\r\n"]), st.booleans())
@example(["x: a", "\techo 1 \\", "    && echo 3", "\techo 2 \\"], "\n", False)
def test_what_the_reader_takes_make_takes_too(rows: list[str], newline: str, final: bool) -> None:
    """Not the other way round: make does not look into the branch of a conditional that is false."""
    import tempfile

    text = newline.join(rows) + (newline if final else "")
    problems = [problem for problem in read(Lines(text)).problems if problem.defect]
    with tempfile.TemporaryDirectory() as folder:
        if not problems:
            assert not make_refuses(text, Path(folder))
        elif not any(row.startswith(("if", "else")) for row in rows):
            assert make_refuses(text, Path(folder))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a:\n\techo\n<<<<<<< HEAD\n\tx\n=======\n>>>>>>> y\n", 3, "conflict marker"),
        ("ifeq (a,b)\nX = 1\n", 1, "without its endif"),
        ("X = 1\nendif\n", 2, "without its if"),
        ("a:\n    echo\n", 2, "begins with spaces"),
        ("a:\n    $(MAKE) -C b\n", 2, "begins with spaces"),
        ("define X\na\n", 1, "without its endef"),
        ("X = 1\n\techo\n", 2, "before any target"),
        ("a: b\0\n", 1, "NUL"),
        ("just words\n", 1, "neither a rule"),
        (": a\n", 1, "neither a rule"),
    ],
)
def test_a_broken_text_is_named_with_its_line(text: str, line: int, why: str) -> None:
    problem = read(Lines(text)).problems[0]
    assert (problem.line, problem.defect) == (line, True)
    assert why in problem.why


@pytest.mark.parametrize("text", ["a: b \\", ".RECIPEPREFIX = >\na:\n>echo\n"])
def test_what_only_an_edit_cannot_take_is_no_defect(text: str) -> None:
    assert read(Lines(text)).problems[0].defect is False


def test_statements_have_their_lines_parts_and_conditions() -> None:
    text = (
        "\ufeffA ?= $(B) # why\n"
        "ifeq ($(A),1)\n"
        "a.o b.o &: c \\\n"
        "  d | e # f\n"
        "\techo \\\n"
        "    more\n"
        "\n"
        "# between\n"
        "\tlast\n"
        "else\n"
        "x: override C := 2\n"
        "endif\n"
        "define D\n"
        "not: a rule\n"
        "endef\n"
        "-include f.mk\n"
        "$(call D,1)\n"
    )
    rows = read(Lines(text)).statements
    kinds = [row.kind for row in rows]
    assert kinds == [
        Kind.VARIABLE,
        Kind.CONDITION,
        Kind.RULE,
        Kind.RECIPE,
        Kind.RECIPE,
        Kind.CONDITION,
        Kind.VARIABLE,
        Kind.CONDITION,
        Kind.DEFINE,
        Kind.DIRECTIVE,
        Kind.CALL,
    ]
    first, rule, recipe, last, own = rows[0], rows[2], rows[3], rows[4], rows[6]
    assert (first.name, first.operator, first.value) == ("A", "?=", "$(B)")
    assert (rule.targets, rule.operator, rule.words) == (("a.o", "b.o"), "&:", ("c", "d", "|", "e"))
    assert (rule.first, rule.last, rule.under) == (2, 3, ("ifeq ($(A),1)",))
    assert (recipe.first, recipe.last, recipe.text) == (4, 5, "echo \\\n    more")
    assert (last.first, last.under) == (8, ("ifeq ($(A),1)",))
    assert (own.targets, own.name, own.value, own.under) == (("x",), "C", "2", ("ifeq ($(A),1) else",))
    assert rows[7].opens == 1
    assert rows[8].text.endswith("not: a rule\nendef")

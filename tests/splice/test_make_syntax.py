"""What the reader of makefiles refuses, with GNU make as the judge."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from newbackend.sample import materialise
from newbackend.splice.lines import Lines
from newbackend.splice.make_reader import Problem, read

make = pytest.mark.skipif(shutil.which("make") is None, reason="GNU make is not installed")

SOUND = {
    "rules": "all: a b\n\techo done\na b:\n\ttouch $@\n",
    "conditional in a recipe": "all:\nifeq ($(X),1)\n\techo 1\nelse ifneq ($(X),2)\n\techo 2\nelse\n\techo\nendif\n",
    "quotes in a condition": "ifeq \"$(X)\" '1'\nY=1\nendif\nall:\n",
    "nested brackets": "ifneq (,$(filter a b,$(subst x,(y),$(X))))\nY=1\nendif\nall:\n",
    "define with anything inside": "define text\nfoo bar\n  endif\n\tcp a b\nendef\nall:\n",
    "nested define": "define a\ndefine b\nx y\nendef\nendef\nall:\n",
    "a call alone on its line": "define t\n$(1):\n\techo\nendef\n$(eval $(call t,all))\n",
    "indented assignment": "ifdef X\n    CFLAGS += -O2 # why\nendif\nall:\n",
    "indented rule": "ifndef X\n  all: b\nendif\nb:\n",
    "continued lines": "A = a \\\n    b \\\n    c d\nall: $(A)\na b c d:\n",
    "target-specific variable": "all: CFLAGS = -O2 -g\nall:\n",
    "a variable called endif_x": "endif_x = 1\nelse-thing := 2\nall:\n",
    "CRLF": "all: a\r\n\techo\r\na:\r\n",
    "export and include": "export A B\nunexport C\n-include none.mk\nall:\n",
    "a heading underlined": "# Title\n# =======\nall:\n",
    "comment with a bracket": "all: # $(x\n\techo\n",
}
BROKEN = {
    "spaces in place of the tab": ("all:\n    echo done\n", 2),
    "spaces before $(MAKE)": ("all:\n    $(MAKE) -C x\n", 2),
    "missing endif": ("ifeq ($(X),1)\nall:\n\techo\n", 1),
    "extra endif": ("all:\nendif\n", 2),
    "else alone": ("all:\nelse\n", 2),
    "two else": ("ifdef X\nelse\nelse\nendif\nall:\n", 3),
    "missing endef": ("define x\ntext\n", 1),
    "conflict": ("<<<<<<< HEAD\nall: a\n=======\nall: b\n>>>>>>> topic\na b:\n", 1),
    "no separator": ("all\n\techo\n", 1),
    "open bracket": ("A := $(shell echo\nall:\n", 1),
    "condition without a comma": ("ifeq ($(X) 1)\nendif\nall:\n", 1),
    "condition without its bracket": ("ifeq ($(X),1\nendif\nall:\n", 1),
    "condition with one quotation": ('ifeq "$(X)"\nendif\nall:\n', 1),
    "recipe without a rule": ("\techo\nall:\n", 1),
    "word before the first rule": ("foo bar\nall:\n", 1),
}


def syntax_fault(text: str) -> Problem | None:
    """The first thing that make would refuse."""
    return next((problem for problem in read(Lines(text)).problems if problem.defect), None)


def complaints(text: str, folder: Path) -> str:
    """What GNU make says about a makefile, but for its missing target."""
    (folder / "Makefile").write_bytes(text.encode())
    done = subprocess.run(
        ["make", "-n", "-r", "-f", "Makefile", "no-such-target"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return "\n".join(re.findall(r".*(?:\*\*\*|extraneous).*", done.stderr.replace("No rule to make target", "") or ""))


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND.keys())
def test_sound(text: str) -> None:
    assert syntax_fault(text) is None


@make
@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND.keys())
def test_make_takes_it_too(text: str, tmp_path: Path) -> None:
    said = complaints(text, tmp_path)
    assert "separator" not in said
    assert "conditional" not in said


@pytest.mark.parametrize(("text", "line"), BROKEN.values(), ids=BROKEN.keys())
def test_broken(text: str, line: int) -> None:
    fault = syntax_fault(text)
    assert fault is not None
    assert fault.line == line


@make
@pytest.mark.parametrize(("text", "line"), BROKEN.values(), ids=BROKEN.keys())
def test_make_refuses_it_too(text: str, line: int, tmp_path: Path) -> None:
    assert re.search(r"Makefile:\d+: ", complaints(text, tmp_path))


def test_a_nul_byte_hides_the_rest_of_its_line() -> None:
    fault = syntax_fault("all:\n\techo a\0b\n")
    assert fault is not None
    assert fault.line == 2


def test_a_recipe_with_a_colon_is_a_rule_for_make_and_not_meant() -> None:
    fault = syntax_fault("all:\n    docker run -v a:b image\n")
    assert fault is not None
    assert "tab" in fault.why


def test_another_recipe_prefix_is_left_alone() -> None:
    assert syntax_fault(".RECIPEPREFIX = >\nall:\n> echo\n") is None


@make
def test_single_mistakes_in_real_makefiles_are_seen_when_make_sees_them(tmp_path: Path) -> None:
    """One line deleted, moved off its tab or put in, in each makefile of the sample, over and over."""
    dice = random.Random(7)
    sources = [path.read_text() for path in materialise(tmp_path / "sample").rglob("Makefile")]
    refused = missed = 0
    for _ in range(150):
        lines = dice.choice(sources).split("\n")
        at = dice.randrange(len(lines))
        change = dice.randrange(3)
        if change == 0:
            del lines[at]
        elif change == 1:
            lines[at] = lines[at].replace("\t", "    ", 1)
        else:
            lines.insert(at, dice.choice(["endif", "else", "endef", "foo bar", "ifeq (a)"]))
        text = "\n".join(lines)
        if re.search(r"separator|conditional|endif|extraneous|first target", complaints(text, tmp_path)):
            refused += 1
            missed += syntax_fault(text) is None
    assert refused > 30
    assert missed == 0

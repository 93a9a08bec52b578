"""A question without a non-interactive answer cannot exist: the questions, the front ends, and the keyboard."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from specs import DS4, answers

import newbackend
from newbackend.answers import key_at
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.wizard.headless import Headless
from newbackend.wizard.protocol import Frontend
from newbackend.wizard.question import PartialAnswers, Question
from newbackend.wizard.questions import KEYS, QUESTIONS
from newbackend.wizard.tty import Tty
from wizard.scripted import Scripted

# mypy proves that each is a whole front end; the tests below prove that nothing asks past them.
FRONT_ENDS: tuple[type[Frontend], ...] = (Headless, Scripted, Tty)

# Modules that may read the keyboard: the terminal's prompts, the plain yes or no of verbs without questions.
KEYBOARD = {
    "wizard/line_prompts.py", "wizard/menu_prompts.py", "wizard/menu_keys.py", "wizard/menu_layout.py", "cli/common.py"
}  # fmt: skip
SOURCES = sorted(Path(newbackend.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("question", QUESTIONS, ids=KEYS)
def test_every_question_has_an_answer_without_asking_or_names_its_flag(question: Question, checkout: Checkout) -> None:
    partial = PartialAnswers(answers(**DS4), checkout)
    if question.key in ("name", "lang"):
        with pytest.raises(UsageError, match="is missing") as refusal:
            Headless().one(question, partial)
        assert refusal.value.hint.startswith("pass ")
    else:
        assert isinstance(question.unasked(partial), str | tuple)


def test_every_question_is_for_one_answer() -> None:
    assert len(set(KEYS)) == len(QUESTIONS)
    assert all(key_at(key) for key in KEYS)
    assert all(key in KEYS for question in QUESTIONS for key in question.depends_on)


def reads_keyboard(source: str) -> bool:
    """Whether a module's code asks a person anything."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            if any(name.split(".")[0] in ("questionary", "prompt_toolkit", "getpass", "termios") for name in names):
                return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input":
            return True
        if isinstance(node, ast.Attribute) and node.attr in ("readline", "confirm", "prompt", "buffer", "read"):
            inner = node.value
            if isinstance(inner, ast.Name) and inner.id in ("typer", "click"):
                return True
            if isinstance(inner, ast.Attribute) and inner.attr == "stdin":
                return True
    return False


def test_only_the_prompts_read_the_keyboard() -> None:
    root = Path(newbackend.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in SOURCES
        if "sample" not in path.relative_to(root).parts and reads_keyboard(path.read_text(encoding="utf-8"))
    }
    assert found == KEYBOARD


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ("x = input('name? ')", True),
        ("import questionary", True),
        ("from prompt_toolkit.shortcuts import prompt", True),
        ("import sys\nsys.stdin.readline()", True),
        ("typer.confirm('sure?')", True),
        ("import sys\nsys.stdin.isatty()", False),
        ("handle.read()", False),
    ],
)
def test_the_check_for_the_keyboard_can_see_one(code: str, asks: bool) -> None:
    assert reads_keyboard(code) is asks

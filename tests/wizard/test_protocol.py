"""A question without a non-interactive answer cannot exist: the protocol, its front ends, and the keyboard."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import newbackend
from newbackend.wizard.headless import Headless
from newbackend.wizard.protocol import Frontend
from newbackend.wizard.replay import Replay
from newbackend.wizard.steps import KEYS, STEPS
from newbackend.wizard.tty import Tty

# mypy proves that each is a whole front end; the tests below prove that nothing asks past them.
HEADLESS: Frontend = Headless()
REPLAY: Frontend = Replay([])
FRONT_ENDS: tuple[type[Frontend], ...] = (Headless, Replay, Tty)
QUESTIONS = {name for name, value in vars(Frontend).items() if inspect.isfunction(value) and not name.startswith("_")}

# Modules that may read the keyboard: the terminal's prompts, the plain yes or no of verbs without questions.
KEYBOARD = {"wizard/line_prompts.py", "wizard/menu_prompts.py", "cli/common.py"}
SOURCES = sorted(Path(newbackend.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_every_front_end_answers_every_question_itself(front_end: type[Frontend]) -> None:
    own = {name for name, value in vars(front_end).items() if inspect.isfunction(value)}
    assert own >= QUESTIONS


def test_every_step_has_its_method_and_every_question_its_step() -> None:
    methods = {key.replace(".", "_") for key in KEYS}
    assert methods | {"resume", "summary", "hunk", "apply", "refused"} == QUESTIONS
    assert len(KEYS) == len(STEPS) == len(set(KEYS))


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

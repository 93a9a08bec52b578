"""Back to earlier questions, and back after an interruption, in a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import tree
from specs import SHA

from newbackend.answers_file import load_answers
from wizard.terminal import BACK, CTRL_C, DOWN, ENTER, Terminal

PIN = f"antirez/ds4@{SHA}"


@pytest.mark.parametrize("key", [BACK, "<"], ids=["Ctrl-B", "<"])
def test_back_from_a_menu_and_from_a_text(sample: Path, key: str) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.answers("Upstream project:", PIN, ENTER)
    terminal.answers("Name of the backend: ds4", ENTER)
    terminal.sees("backend/python/ds4/")
    terminal.answers("Language:", key)
    terminal.answers("Name of the backend: ds4", key)
    terminal.answers(f"Upstream project: {PIN}", ENTER)
    terminal.answers("Name of the backend: ds4", "x", ENTER)
    terminal.sees("backend/python/ds4x/")


def test_back_from_the_first_question_stays_there(sample: Path) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.sees("Upstream project:")
    terminal.types(BACK)
    terminal.sees("! this is the first question")
    terminal.answers("Upstream project:", PIN, ENTER)
    terminal.sees("Name of the backend:")


def test_an_interrupted_run_is_offered_again_and_goes_on(sample: Path) -> None:
    before = tree(sample)
    first = Terminal("create", cwd=sample)
    first.answers("Upstream project:", PIN, ENTER)
    first.answers("Name of the backend:", ENTER)
    first.answers("Language:", DOWN, DOWN, ENTER)
    first.answers("What does it serve?", CTRL_C)
    first.sees("stopped; nothing was changed; your answers are kept: `newbackend create ds4` offers them again")
    assert first.ends() == 2
    assert tree(sample) == before
    saved = load_answers(sample / ".git/newbackend/wizard-ds4.yml")
    assert (saved.name, saved.lang, saved.pin and saved.pin.sha) == ("ds4", "cpp", SHA)
    second = Terminal("create", cwd=sample)
    second.sees(
        "There are answers of an interrupted run: Upstream project: antirez/ds4@ae302c2fa18c; "
        "Name of the backend: ds4; Language: cpp"
    )
    second.answers("Go on with them? [Y/n]", ENTER)
    seen = second.answers("What does it serve?", BACK)
    assert "Name of the backend" not in seen, "what was answered is not asked again"
    second.sees("» C++")  # and back goes into what was answered


def test_saved_answers_of_another_backend_are_not_offered(sample: Path) -> None:
    first = Terminal("create", "ds4", cwd=sample)
    first.answers("Upstream project:", PIN, ENTER)
    first.answers("Language:", CTRL_C)
    assert first.ends() == 2
    assert "interrupted run" not in Terminal("create", "other", cwd=sample).sees("Upstream project:")
    assert "interrupted run" in Terminal("create", "ds4", cwd=sample).sees("Go on with them?")
    # Nor are those about another upstream than the one that is given.
    other = Terminal("create", "--pin", f"acme/tone@{SHA}", cwd=sample)
    assert "interrupted run" not in other.sees("Name of the backend:")


def test_saved_answers_that_are_not_wanted_are_forgotten(sample: Path) -> None:
    first = Terminal("create", "ds4", cwd=sample)
    first.answers("Upstream project:", PIN, ENTER)
    first.answers("Language:", CTRL_C)
    assert first.ends() == 2
    second = Terminal("create", "ds4", cwd=sample)
    second.answers("Go on with them?", "perhaps", ENTER)
    second.sees("! y or n, please")
    second.answers("Go on with them?", "n", ENTER)
    second.sees("Upstream project:")
    assert not list((sample / ".git/newbackend").glob("wizard*"))


def test_damaged_saved_answers_are_passed_over(sample: Path) -> None:
    state = sample / ".git/newbackend"
    state.mkdir()
    (state / "wizard-ds4.yml").write_text("name: [\n")
    (state / "wizard.yml").write_text("colour: red\n")
    assert "interrupted run" not in Terminal("create", cwd=sample).sees("Upstream project:")

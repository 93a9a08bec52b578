"""Wrong answers are said while they are typed, and never end the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from specs import SHA

from wizard.terminal import DOWN, ENTER, ERASE, SPACE, Terminal

PIN = f"antirez/ds4@{SHA}"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Cuda", "may only have lower-case letters"),
        ("my-cuda-engine", "which LocalAI reads as hardware"),
        ("cppreed", "there is a backend 'cppreed' already"),
        ("llama-cpp-x--y", "may only have lower-case"),
    ],
)
def test_a_name_is_checked_while_it_is_typed(sample: Path, typed: str, says: str) -> None:
    terminal = Terminal("create", "--pin", PIN, "--lang", "cpp", cwd=sample, columns=160)
    terminal.answers("Name of the backend: ds4", ERASE, typed)
    terminal.sees(says)
    terminal.types(ENTER, ERASE, "fine", ENTER)
    terminal.sees("What does it serve?")


def test_a_pin_is_checked_while_it_is_typed_and_asked_of_the_network_after(sample: Path) -> None:
    terminal = Terminal("create", cwd=sample, columns=160)
    terminal.answers("Upstream project:", "nonsense")
    terminal.sees("Not OWNER/REPO, OWNER/REPO@BRANCH or OWNER/REPO@<40 hex digits>")
    terminal.types(ERASE, "antirez/ds4", ENTER)
    terminal.sees("! antirez/ds4 cannot be reached")
    terminal.answers("Upstream project: antirez/ds4", f"@{SHA}", ENTER)
    terminal.sees("Name of the backend: ds4")


def test_a_menu_wants_at_least_one_mark(sample: Path) -> None:
    terminal = Terminal("create", "new", "--pin", PIN, "--lang", "python", cwd=sample)
    terminal.answers("What does it serve?", SPACE, ENTER)
    terminal.sees("Mark at least one with the space bar.")
    terminal.types(DOWN, SPACE, ENTER)
    terminal.answers("The other questions:")
    assert "What does it serve? Embeddings" in terminal.screen


def test_a_licence_that_is_none_is_refused(sample: Path) -> None:
    words = ["create", "new", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--variants", "cpu"]
    answers = ("like=", "description=d", "tags=a", "import.kind=preference", "models=[]", "docs.page=false")
    words += [word for answer in answers for word in ("--set", answer)]
    terminal = Terminal(*words, cwd=sample, columns=160)
    terminal.answers("Licence:", "do what you want")
    terminal.sees("is not an SPDX licence expression")
    terminal.types(ERASE, "WTFPL", ENTER)
    terminal.sees("Your answers:")


def test_a_wrong_flag_is_exit_2_before_any_question(sample: Path) -> None:
    terminal = Terminal("create", "new", "--lang", "perl", cwd=sample)
    terminal.sees("language 'perl' is not one of python, go, cpp, rust")
    assert terminal.ends() == 2
    assert "Upstream" not in terminal.screen

"""Terminals that can do little: 40 columns, no cursor, no colour, none at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import git
from specs import SHA

from wizard.terminal import ENTER, Terminal

PIN = f"antirez/ds4@{SHA}"


def test_forty_columns_are_enough(sample: Path) -> None:
    terminal = Terminal("create", "--pin", PIN, cwd=sample, columns=40, rows=30)
    terminal.answers("Name of the backend: ds4", ENTER)
    terminal.answers("Language:", ENTER)
    terminal.answers("What does it serve?", ENTER)
    terminal.answers("The other questions:", ENTER)
    terminal.answers("Most like which backend?", ENTER)
    terminal.answers("Which platforms?", ENTER)
    terminal.answers("Description: ds4", ENTER)
    terminal.answers("Licence:", ENTER)
    terminal.answers("Tags:", ENTER)
    terminal.answers("Models to try it with:", ENTER)
    terminal.answers("A page in the documentation", ENTER)
    terminal.answers("How does the import form find it?", ENTER)
    terminal.sees("Description ds4: a LocalAI b…")
    terminal.answers("Your answers:", ENTER)
    written = terminal.sees("Write these")
    prose = [line for line in written.splitlines() if re.match(r"  +\S", line) and "/" not in line]
    assert prose
    assert max(map(len, prose)) <= 40


def test_a_dumb_terminal_gets_plain_numbered_lines(sample: Path) -> None:
    terminal = Terminal("create", cwd=sample, env={"TERM": "dumb"})
    terminal.answers("Upstream project:", PIN, ENTER)
    terminal.answers("Name of the backend [ds4]:", "<", ENTER)
    terminal.answers("Upstream project", ENTER)
    terminal.answers("Name of the backend [ds4]:", "Cuda", ENTER)
    terminal.sees("! backend name 'Cuda' may only have lower-case")
    terminal.answers("Name of the backend [ds4]:", ENTER)
    assert "4. Rust: backend/rust/ds4/" in terminal.answers("Language:", "9", ENTER)
    terminal.answers("! one number from 1 to 4, please Language:", "rust", ENTER)
    terminal.answers("What does it serve? (numbers, commas between) [1]:", "1,x", ENTER)
    terminal.answers("! at least one number from 1 to", "2 1", ENTER)
    terminal.answers("The other questions [1]:", ENTER)
    terminal.answers("Most like which backend? [1]:", ENTER)
    terminal.answers("Which platforms?", ENTER)
    terminal.answers("Description [ds4: a LocalAI backend on antirez/ds4]:", "An engine", ENTER)
    terminal.answers("Licence:", "MIT", ENTER)
    terminal.answers("Tags [text-to-text, LLM, embeddings]:", ENTER)
    terminal.answers("Models to try it with:", ENTER)
    terminal.answers("A page in the documentation", ENTER)
    assert "2. With another backend's importer:" in terminal.answers("How does the import form find it? [1]:", ENTER)
    seen = terminal.answers("Your answers [1]:", ENTER)
    assert re.search(r"\d+\. Name of the backend +ds4", seen)
    terminal.answers("files? [y/N]", "y", ENTER)
    assert terminal.ends() == 0
    assert "\x1b" not in terminal.raw, "nothing moves the cursor or paints"
    assert "backend/rust/ds4/" in git(sample, "status", "--porcelain")


@pytest.mark.parametrize("colour", ["1", ""])
def test_no_color_is_honoured_by_questions_and_diff(sample: Path, colour: str) -> None:
    words = ["create", "--pin", PIN, "--lang", "rust", "--modality", "llm", "--variants", "cpu"]
    for key in (
        "like=",
        "description=d",
        "tags=a",
        "license=MIT",
        "import.kind=preference",
        "models=[]",
        "docs.page=false",
    ):
        words += ["--set", key]
    terminal = Terminal(*words, cwd=sample, env={"NO_COLOR": colour})
    terminal.answers("Name of the backend: ds4", ENTER)
    terminal.answers("Your answers:", ENTER)
    terminal.sees("files? [y/N]")
    painted = re.search(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|38|9[0-7])[;m]", terminal.raw)
    assert bool(painted) is (colour == "")


def test_without_a_terminal_nothing_is_asked(sample: Path) -> None:
    result = newbackend("create", cwd=sample)
    assert result.status == 2
    assert "newbackend create NAME" in result.error()
    assert not (sample / ".git/newbackend").exists()


@pytest.mark.parametrize("name", ["CI", "--no-input"])
def test_ci_and_no_input_ask_nothing_even_in_a_terminal(sample: Path, name: str) -> None:
    words = ["--no-input"] if name.startswith("-") else []
    terminal = Terminal("create", *words, cwd=sample, env={} if words else {"CI": "true"})
    terminal.sees("the backend's name is missing; pass it: newbackend create NAME")
    assert terminal.ends() == 2
    assert "Upstream project" not in terminal.screen

"""The path of somebody new, in a real terminal: from no answer at all to a written backend."""

from __future__ import annotations

from pathlib import Path

from conftest import git
from wizard.terminal import DOWN, ENTER, SPACE, UP, Terminal

from newbackend.answers import load_answers


def test_from_nothing_to_a_backend(sample: Path, upstream: str) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.sees("nothing is written before you agree")
    terminal.answers("Upstream project:", "acme/Fast-TTS.cpp", ENTER)
    seen = terminal.answers("Name of the backend: fast-tts-cpp", ENTER)
    assert "What users install it by" in seen
    seen = terminal.answers("the path filter", ENTER)
    assert "» C++" in seen, "the upstream has a CMakeLists.txt"
    terminal.answers("can ship cpu, cuda12", ENTER)
    terminal.answers("implements Predict, PredictStream", SPACE, *[DOWN] * 4, SPACE)
    terminal.answers("» Text to speech", ENTER)
    terminal.answers("Most like which backend?", ENTER)
    seen = terminal.answers("2 rows in .github/backend-matrix.yml, 2 entries", DOWN, DOWN, SPACE, ENTER)
    assert "Text to speech" in seen, "a menu leaves what was chosen"
    terminal.answers("Description: Fast-TTS is a small text-to-speech engine in plain C++", ENTER)
    terminal.answers("Licence: MIT", ENTER)
    terminal.answers("Tags: text-to-speech, TTS", ENTER)
    summary = terminal.answers("nothing is written yet", ENTER)
    assert "name         fast-tts-cpp" in summary
    shown = terminal.sees("the nightly bump of FAST_TTS_CPP_VERSION [REG501]")
    assert "New files" in shown
    terminal.answers("files? [y/N]", "y", ENTER)
    terminal.sees("`newbackend undo` takes them back")
    assert terminal.ends() == 0
    answers = load_answers(sample / "backend/cpp/fast-tts-cpp/.newbackend.yml")
    assert answers["pin"] == {
        "repo": "acme/Fast-TTS.cpp", "sha": upstream, "branch": "trunk", "variable": "FAST_TTS_CPP_VERSION",
    }  # fmt: skip
    assert (answers["variants"], answers["modalities"], answers["license"]) == (["cpu", "cuda13"], ["tts"], "MIT")
    assert "?? backend/cpp/fast-tts-cpp/" in git(sample, "status", "--porcelain")
    assert not list((sample / ".git/newbackend").glob("wizard*")), "written answers are not kept a second time"


def test_no_is_the_answer_of_an_impatient_enter(sample: Path) -> None:
    terminal = Terminal("create", "--lang", "rust", "--modality", "llm", "--variants", "cpu", cwd=sample)
    terminal.answers("Upstream project:", ENTER)
    terminal.answers("Name of the backend:", "rusty", ENTER)
    terminal.answers("Most like which backend?", ENTER)
    terminal.answers("Description: rusty: a LocalAI backend", ENTER)
    terminal.answers("Licence:", ENTER)
    terminal.answers("Tags:", ENTER)
    terminal.answers("Your answers:", ENTER)
    terminal.answers("files? [y/N]", ENTER)
    terminal.sees("nothing was written; your answers are kept: `newbackend create rusty` offers them again")
    assert terminal.ends() == 0
    assert git(sample, "status", "--porcelain") == ""


def test_the_summary_changes_any_answer(sample: Path) -> None:
    words = ["create", "--lang", "rust", "--modality", "llm", "--variants", "cpu", "--set", "like="]
    terminal = Terminal(*words, "--set", "license=MIT", "--set", "tags=a", "--set", "description=d", cwd=sample)
    terminal.answers("Upstream project:", ENTER)
    terminal.answers("Name of the backend:", "rusty", ENTER)
    terminal.answers("Your answers:", *[DOWN] * 2, ENTER)
    terminal.answers("Name of the backend: rusty", "er", ENTER)
    seen = terminal.answers("Your answers:", UP)
    seen = terminal.answers("answer it again", DOWN, ENTER)
    assert "rustyer" in seen
    terminal.sees("files? [y/N]")
    assert terminal.screen.count("rustyer") > 3

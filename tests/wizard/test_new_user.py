"""The path of somebody new, in a real terminal: from no answer at all to a written backend."""

from __future__ import annotations

from pathlib import Path

from conftest import git

from newbackend.answers import PinAnswers
from newbackend.answers_file import load_answers
from wizard.terminal import DOWN, ENTER, SPACE, Terminal


def test_from_nothing_to_a_backend(sample: Path, upstream: str) -> None:
    terminal = Terminal("create", cwd=sample)
    terminal.sees("nothing is written before you agree")
    terminal.answers("Upstream project:", "acme/Fast-TTS.cpp", ENTER)
    assert "What users install it by" in terminal.answers("Name of the backend: fast-tts-cpp", ENTER)
    terminal.sees("» C++")  # the upstream has a CMakeLists.txt
    terminal.sees("backend/cpp/fast-tts-cpp/, its own backend/Dockerfile.fast-tts-cpp, the path filter")
    terminal.answers("Language:", ENTER)
    terminal.sees("acme/Fast-TTS.cpp speaks of 'tts'")
    terminal.answers("What does it serve?", *[DOWN] * 4)
    terminal.sees("● Text to speech")
    terminal.sees("implements TTS, TTSStream; gallery tags text-to-speech, TTS")
    terminal.types(ENTER)
    terminal.answers("The other questions:", ENTER)
    terminal.sees("can ship cpu, cuda12, cuda13, vulkan, l4t-cuda13, metal")
    terminal.answers("Kind of backend:", ENTER)
    terminal.answers("Most like which backend?", ENTER)
    terminal.sees("2 rows in .github/backend-matrix.yml, 2 entries in backend/index.yaml, capability default")
    terminal.answers("Which platforms?", DOWN, DOWN, SPACE, ENTER)
    terminal.answers("Description: Fast-TTS is a small text-to-speech engine in plain C++", ENTER)
    terminal.answers("Licence: MIT", ENTER)
    terminal.answers("Tags: text-to-speech, TTS", ENTER)
    terminal.sees("Models of the gallery that users install")
    terminal.answers("Models to try it with:", ENTER)
    terminal.answers("A page in the documentation", ENTER)
    terminal.sees("one line in core/http/endpoints/localai/backend.go")
    terminal.answers("How does the import form find it?", ENTER)
    terminal.sees("Name of the backend                fast-tts-cpp")
    assert "? Which platforms? CPU, NVIDIA CUDA 13" in terminal.screen, "a menu leaves its answer"
    terminal.answers("Your answers:", ENTER)
    terminal.sees("the nightly bump of FAST_TTS_CPP_VERSION [REG501]")
    terminal.answers("files? [y/N]", "y", ENTER)
    terminal.sees("`newbackend undo` takes them back")
    assert terminal.ends() == 0
    answers = load_answers(sample / "backend/cpp/fast-tts-cpp/.newbackend.yml")
    assert answers.pin == PinAnswers("acme/Fast-TTS.cpp", upstream, "trunk", "FAST_TTS_CPP_VERSION")
    assert (answers.variants, answers.modalities, answers.license) == (("cpu", "cuda13"), ("tts",), "MIT")
    assert "?? backend/cpp/fast-tts-cpp/" in git(sample, "status", "--porcelain")
    assert not list((sample / ".git/newbackend").glob("wizard*")), "written answers are not kept a second time"


def test_no_is_the_answer_of_an_impatient_enter(sample: Path) -> None:
    terminal = Terminal("create", "--lang", "rust", "--modality", "llm", "--variants", "cpu", cwd=sample)
    terminal.answers("Upstream project:", ENTER)
    terminal.answers("Name of the backend:", "rusty", ENTER)
    terminal.answers("The other questions:", ENTER)
    terminal.answers("Most like which backend?", ENTER)
    terminal.answers("Description: rusty: a LocalAI backend", ENTER)
    terminal.answers("Licence:", ENTER)
    terminal.answers("Tags:", ENTER)
    terminal.answers("Models to try it with:", ENTER)
    terminal.answers("A page in the documentation", ENTER)
    terminal.answers("How does the import form find it?", ENTER)
    terminal.answers("Your answers:", ENTER)
    terminal.answers("files? [y/N]", ENTER)
    terminal.sees("nothing was written; your answers are kept: `newbackend create rusty` offers them again")
    assert terminal.ends() == 0
    assert git(sample, "status", "--porcelain") == ""


def test_the_summary_changes_any_answer(sample: Path) -> None:
    words = ["create", "--lang", "rust", "--modality", "llm", "--variants", "cpu", "--set", "like="]
    words += ["--set", "license=MIT", "--set", "tags=a", "--set", "description=d"]
    terminal = Terminal(
        *words, "--set", "import.kind=preference", "--set", "models=[]", "--set", "docs.page=false", cwd=sample
    )
    terminal.answers("Upstream project:", ENTER)
    terminal.answers("Name of the backend:", "rusty", ENTER)
    terminal.answers("Your answers:", *[DOWN] * 2, ENTER)
    terminal.answers("Name of the backend: rusty", "er", ENTER)
    terminal.sees("Name of the backend rustyer")
    terminal.answers("Your answers:", ENTER)
    terminal.sees("files? [y/N]")
    assert "rustyer's" in terminal.screen

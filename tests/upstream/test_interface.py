"""The flavour follows what the pinned engine can be linked by, unless somebody says another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from cli.runner import newbackend
from miniature import Make
from upstream.test_engine_verbs import FILES

from newbackend.answers import Answers, PinAnswers
from newbackend.checkout.tree import Checkout
from newbackend.upstream.interface import Interface
from newbackend.wizard.complete import WizardOptions, complete
from newbackend.wizard.headless import Headless
from newbackend.wizard.question import PartialAnswers
from newbackend.wizard.questions import question_of

CMAKE = "cmake_minimum_required(VERSION 3.10)\nproject(tone CXX)\nadd_library(tone tone.cpp)\n"
MAKEFILE = "tone.o: tone.c\n\t$(CC) -c tone.c\nOBJS = tone.o\ntone: $(OBJS)\n\t$(CC) -o tone $(OBJS)\n"
UPSTREAMS: Mapping[str, tuple[Mapping[str, str], str, str]] = {
    "a C API": (FILES, "capi", "has a C API, tone.h"),
    "objects of a Makefile": (
        {"Makefile": MAKEFILE, "tone.h": FILES["tone.h"], "tone.c": ""}, "capi", "has a C API, tone.h",
    ),
    "C++ alone": (
        {"CMakeLists.txt": CMAKE, "include/tone.hpp": "class Tone {};\n", "tone.cpp": ""},
        "purego",
        "has no C API, so a shim in C++ calls it",
    ),
    "Go": ({"go.mod": "module example.org/tone\n", "tone.go": "package tone\n"}, "pure", "builds with go"),
    "nothing to build": ({"README.md": "# tone\n"}, "pure", "has no build system that is known"),
}  # fmt: skip
CREATE = ["create", "bell", "--lang", "go", "--modality", "tts", "--no-input", "--dry-run", "--no-diff"]


@pytest.mark.parametrize(("files", "flavour", "reason"), UPSTREAMS.values(), ids=UPSTREAMS)
def test_the_flavour_fits_the_engine_and_the_plan_says_why(
    make: Make, sample: Path, files: Mapping[str, str], flavour: str, reason: str
) -> None:
    pin = f"acme/tone@{make('acme/tone', files)}"
    data = json.loads(newbackend(*CREATE, "--pin", pin, "--format", "json", "--repo", sample).out)
    assert data["answers"].get("flavour", "pure") == flavour
    (note,) = [note for note in data["notes"] if note.startswith("flavour ")]
    assert note.startswith(f"flavour {flavour}: acme/tone {reason}")
    assert note.endswith("; --flavour NAME takes another")


def test_the_commit_is_fetched_once_and_nothing_is_left(
    make: Make, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin, log, left = f"acme/tone@{make('acme/tone', FILES)}", tmp_path / "git.log", tmp_path / "left"
    left.mkdir()
    monkeypatch.setenv("TMPDIR", str(left))
    monkeypatch.setenv("GIT_TRACE", str(log))
    assert newbackend(*CREATE, "--pin", pin, "--repo", sample).status == 0
    fetches = [line for line in log.read_text(encoding="utf-8").splitlines() if "built-in: git fetch" in line]
    assert [line.count("--depth=1") for line in fetches].count(1) == 1
    assert list(left.iterdir()) == []


def test_platforms_of_the_flavour_that_fits_are_possible(make: Make, sample: Path) -> None:
    files = {**FILES, "CMakeLists.txt": FILES["CMakeLists.txt"] + 'option(TONE_CUDA "NVIDIA" OFF)\n'}
    pin = f"acme/tone@{make('acme/tone', files)}"
    done = newbackend(*CREATE, "--pin", pin, "--variants", "cpu,cuda12", "--repo", sample)
    assert done.status == 0, done.err
    alone = newbackend(*CREATE, "--variants", "cpu,cuda12", "--repo", sample)
    assert (alone.status, "Go (pure) cannot ship cuda12" in alone.err) == (2, True)


def test_somebody_who_says_a_flavour_gets_it(make: Make, sample: Path) -> None:
    pin = f"acme/tone@{make('acme/tone', FILES)}"
    for words in (["--flavour", "purego"], ["--engine", "placeholder"]):
        data = json.loads(newbackend(*CREATE, "--pin", pin, *words, "--format", "json", "--repo", sample).out)
        assert data["answers"].get("flavour", "pure") == (words[1] if words[0] == "--flavour" else "pure")
        assert not [note for note in data["notes"] if note.startswith("flavour ")]
    refused = newbackend(*CREATE, "--pin", pin, "--flavour", "pure", "--engine", "auto", "--repo", sample)
    assert refused.status == 2
    assert "flavour pure of Go builds no engine, so there is nothing to read" in refused.err


@pytest.mark.usefixtures("base")
def test_an_engine_that_cannot_be_read_leaves_the_usual_flavour(sample: Path) -> None:
    done = newbackend(*CREATE, "--pin", f"acme/gone@{'1' * 40}", "--repo", sample)
    assert done.status == 0
    assert "flavour pure: acme/gone cannot be read" in " ".join((done.out + done.err).split())


def test_without_a_pin_nobody_looks(checkout: Checkout) -> None:
    looked: list[str] = []

    def read(repo: str, sha: str) -> Interface:
        looked.append(repo + sha)
        return Interface("c", "says so")

    given = Answers(name="bell", lang="go", modalities=("tts",))
    done, notes = complete(given, checkout, Headless(), WizardOptions(read_interface=read))
    assert (done.flavour, looked) == ("pure", [])
    assert not [note for note in notes if note.startswith("flavour ")]


@pytest.mark.parametrize(("lang", "flavour", "looks"), [("go", "purego", 1), ("cpp", "self-contained", 0)])
def test_the_question_says_what_was_seen(checkout: Checkout, lang: str, flavour: str, looks: int) -> None:
    looked: list[str] = []

    def read(repo: str, sha: str) -> Interface:
        looked.append(repo + sha)
        return Interface("c++", "acme/tone has no C API")

    given = Answers(name="bell", lang=lang, modalities=("tts",), pin=PinAnswers(repo="acme/tone", sha="1" * 40))
    partial = PartialAnswers(given, checkout, read_interface=read)
    question = question_of("flavour")
    assert question.default(partial) == flavour
    assert ("acme/tone has no C API." in question.explain(partial)) == bool(looks)
    assert bool(looked) == bool(looks)


def test_the_modality_is_what_the_upstream_speaks_of(make: Make, sample: Path) -> None:
    readme = "# tone\n\nTone is a small toolkit for speech recognition, with voice activity detection.\n"
    pin = f"acme/tone@{make('acme/tone', {**FILES, 'README.md': readme})}"
    words = [word for word in CREATE if word not in ("--modality", "tts")]

    def made(*more: str) -> tuple[list[str], list[str]]:
        data = json.loads(newbackend(*words, *more, "--format", "json", "--repo", sample).out)
        return data["answers"]["modalities"], [note for note in data["notes"] if note.startswith("modality ")]

    why = "acme/tone speaks of 'speech recognition'; --modality LIST takes others"
    assert made("--pin", pin) == (["transcription"], [f"modality transcription: {why}"])
    assert made("--pin", pin, "--modality", "tts,vad") == (["tts", "vad"], [])
    unread = "modality llm: nothing says another; --modality LIST takes others"
    assert made("--pin", pin, "--engine", "placeholder") == (["llm"], [unread])
    assert made() == (["llm"], [])
    rerank = f"acme/ranks@{make('acme/ranks', {**FILES, 'README.md': 'Ranks is a fast reranker.'})}"
    why = "acme/ranks speaks of 'reranker', which cannot be served here; --modality LIST takes others"
    assert made("--pin", rerank) == (["llm"], [f"modality llm: {why}"])


def test_the_licence_of_an_engine_that_is_not_built_is_told_too(make: Make, sample: Path) -> None:
    licence = (Path(__file__).parents[2] / "LICENSE").read_text(encoding="utf-8")
    files = {"README.md": "# tone\n\nTone denoises speech. It is small.\n", "LICENSE": licence}
    pin = f"acme/tone@{make('acme/tone', files)}"
    answers = json.loads(newbackend(*CREATE, "--pin", pin, "--format", "json", "--repo", sample).out)["answers"]
    assert (answers["license"], answers["description"]) == ("MIT", "Tone denoises speech")

"""`create --pip`: what PyPI says of a release decides what the requirement files hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.runner import Result, newbackend

from .server import World, served

PAGE = {
    "info": {
        "requires_dist": ["torch>=2", "torchaudio ; extra == 'all'", "numpy"],
        "provides_extra": ["cuda", "docs"],
        "requires_python": ">=3.9",
        "license_expression": "Apache-2.0",
        "license": "x" * 9000,
        "summary": "Plays the flute",
    }
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with served() as world:
        monkeypatch.setenv("NEWBACKEND_PYPI", world.base)
        yield world


def create(sample: Path, *more: str) -> Result:
    words = ("create", "flute", "--pip", "Wood_Wind[mic]==2.0", "--modality", "tts", "--no-input", "--yes")
    return newbackend(*words, *more, "--repo", sample)


def requirements(sample: Path) -> dict[str, list[str]]:
    folder = sample / "backend/python/flute"
    return {path.name: path.read_text(encoding="utf-8").splitlines() for path in folder.glob("requirements*.txt")}


def test_a_release_is_pinned_in_each_profile(world: World, sample: Path) -> None:
    world.releases["wood-wind/2.0"] = PAGE
    done = create(sample, "--variants", "cpu,cuda12")
    assert done.status == 0, done.err
    said = "the requirements have Wood_Wind[mic]==2.0 of PyPI (needs torch, Python >=3.9, [cuda] for cublas)"
    assert said in done.out + done.err
    found = requirements(sample)
    assert found["requirements-cpu.txt"][1:] == ["torch", "Wood_Wind[mic]==2.0"]
    assert found["requirements-cublas12.txt"] == ["torch", "Wood_Wind[mic,cuda]==2.0"]
    assert not any("Wood" in line for line in found["requirements.txt"])
    folder = sample / "backend/python/flute"
    assert '== "wood-wind"' in (folder / "test.py").read_text(encoding="utf-8")
    answers = (folder / ".newbackend.yml").read_text(encoding="utf-8")
    assert "license: Apache-2.0" in answers
    assert "description: Plays the flute" in answers
    assert "https://pypi.org/project/wood-wind/" in (sample / "backend/index.yaml").read_text(encoding="utf-8")
    asked = len(world.asked)
    assert newbackend("verify", "flute", "--repo", sample).status == 0
    assert newbackend("update", "flute", "--dry-run", "--repo", sample).status == 0
    assert len(world.asked) == asked


def test_without_pytorch_one_line_serves_all_platforms(world: World, sample: Path) -> None:
    world.releases["wood-wind/2.0"] = {"info": {"requires_dist": None, "provides_extra": None}}
    assert create(sample, "--variants", "cpu,cuda12").status == 0
    found = requirements(sample)
    assert set(found) == {"requirements.txt"}
    assert found["requirements.txt"][-1] == "Wood_Wind[mic]==2.0"
    assert newbackend("verify", "flute", "--repo", sample).status == 0


def test_a_release_that_is_not_there_is_refused_and_nothing_is_written(world: World, sample: Path) -> None:
    done = create(sample)
    assert done.status == 3
    assert "PyPI has no Wood_Wind==2.0" in done.err
    assert not (sample / "backend/python/flute").exists()


def test_a_pypi_that_does_not_answer_is_a_note(world: World, sample: Path) -> None:
    world.broken = True
    done = create(sample)
    assert done.status == 0, done.err
    assert "PyPI answers with status 503: what Wood_Wind needs is not known" in done.out + done.err
    index, *rest = requirements(sample)["requirements-cpu.txt"]
    assert index.startswith("--extra-index-url ")
    assert rest == ["Wood_Wind[mic]==2.0"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--lang", "go"), "Go backends install nothing from PyPI"),
        (("--pip", "wood>=2"), "--pip 'wood>=2' is not PACKAGE==VERSION"),
    ],
)
def test_a_mistake_is_one_sentence(sample: Path, words: tuple[str, ...], says: str) -> None:
    done = create(sample, *words)
    assert done.status == 2
    assert says in done.err

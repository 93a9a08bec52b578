"""`create --pip`: what PyPI says of a release decides what the requirement files hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.runner import newbackend
from specs import spec

from newbackend.cli.engine_facts import EngineFacts
from newbackend.cli.release_facts import with_release
from newbackend.errors import NotFoundError, UsageError
from newbackend.spec import BackendSpec

from .server import World, served

INFO = {
    "version": "2.0",
    "requires_dist": ["torch>=2", "torchaudio ; extra == 'all'", "numpy"],
    "provides_extra": ["cuda", "docs"],
    "requires_python": ">=3.9",
    "license_expression": "Apache-2.0",
    "license": "x" * 9000,
    "summary": "Plays the flute",
}


@pytest.fixture(scope="module")
def server() -> Iterator[World]:
    with served() as world:
        yield world


@pytest.fixture
def world(server: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The one server, with nothing on it."""
    monkeypatch.setenv("NEWBACKEND_PYPI", server.base)
    server.releases.clear()
    server.asked.clear()
    server.broken = False
    return server


def flute(pip: str = "Wood_Wind[mic]==2.0", **changes: Any) -> BackendSpec:
    answers = {"name": "flute", "lang": "python", "variants": ["cpu"], "pin": None, "license": None}
    return spec(**{**answers, "description": None, "engine": {"pip": pip}, **changes})


def asked(**changes: Any) -> EngineFacts:
    return with_release(flute(**changes), explicit=False)


def test_a_release_says_what_it_needs_and_is(world: World) -> None:
    world.releases["wood-wind/2.0"] = {"info": INFO}
    found = asked()
    engine = found.spec.engine
    assert (engine.pip, engine.torch, engine.extras) == ("Wood_Wind[mic]==2.0", ("torch",), {"cublas": "cuda"})
    assert (found.spec.license, found.spec.description) == ("Apache-2.0", "Plays the flute")
    assert found.spec.urls == ("https://pypi.org/project/wood-wind/",)
    assert found.notes[0] == (
        "the requirements have Wood_Wind[mic]==2.0 of PyPI (needs torch, Python >=3.9, [cuda] for cublas)"
    )


def test_what_was_said_is_kept(world: World) -> None:
    world.releases["wood-wind/2.0"] = {"info": INFO}
    said = asked(license="MIT", description="A flute", urls=["https://flute.example"]).spec
    assert (said.license, said.description, said.urls) == ("MIT", "A flute", ("https://flute.example",))


def test_a_server_that_has_the_newest_release_alone_is_asked_for_that(world: World) -> None:
    newest = {"info": {**INFO, "version": "3.0"}, "releases": {"2.0": [], "3.0": []}}
    world.releases["wood-wind"] = newest
    found = asked()
    assert found.spec.engine.torch == ("torch",)
    assert any("PyPI tells only what 3.0 needs" in note for note in found.notes)
    newest["releases"] = {"3.0": []}
    with pytest.raises(NotFoundError, match="PyPI has no Wood_Wind"):
        asked()


def test_a_distribution_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(NotFoundError, match="PyPI has no Wood_Wind"):
        asked()


@pytest.mark.parametrize("page", [[], {"info": None}, {"info": "text"}])
def test_an_answer_of_another_shape_invents_nothing(world: World, page: object) -> None:
    world.releases["wood-wind/2.0"] = page
    world.releases["wood-wind"] = page
    found = asked()
    assert found.spec == flute()
    assert "what Wood_Wind needs is not known" in found.notes[0]


def test_a_pypi_that_does_not_answer_is_a_note_unless_it_is_asked_for(world: World) -> None:
    world.broken = True
    found = asked()
    assert found.spec == flute()
    assert found.notes[0].startswith("PyPI answers with status 503: what Wood_Wind needs is not known")
    with pytest.raises(NotFoundError, match="status 503"):
        with_release(flute(), explicit=True)


def test_another_language_installs_nothing_from_pypi() -> None:
    with pytest.raises(UsageError, match="Go backends install nothing from PyPI"):
        flute(lang="go")


def test_create_pins_it_in_each_profile(world: World, sample: Path) -> None:
    world.releases["wood-wind/2.0"] = {"info": INFO}
    words = ("create", "flute", "--pip", "Wood_Wind==2.0", "--modality", "tts", "--variants", "cpu,cuda12")
    done = newbackend(*words, "--no-input", "--yes", "--repo", sample)
    assert done.status == 0, done.err
    folder = sample / "backend/python/flute"
    lines = {path.name: path.read_text(encoding="utf-8").splitlines() for path in folder.glob("requirements*.txt")}
    assert lines["requirements-cpu.txt"][1:] == ["torch", "Wood_Wind==2.0"]
    assert lines["requirements-cublas12.txt"] == ["torch", "Wood_Wind[cuda]==2.0"]
    assert not any("Wood" in line for line in lines["requirements.txt"])
    assert newbackend("verify", "flute", "--repo", sample).status == 0
    assert len(world.asked) == 1

"""What Hugging Face says of a model is taken; what it does not say stays open, with a note."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from newbackend.answers import ModelAnswers
from newbackend.online import hub

from .server import World, served

SUM = "ab" * 32
URI = "huggingface://org/demo-gguf/demo-q8_0.gguf"
PAGE = {
    "siblings": [{"rfilename": "README.md"}, {"rfilename": "demo-q8_0.gguf", "size": 5, "lfs": {"sha256": SUM}}],
    "cardData": {"license": "apache-2.0"},
    "pipeline_tag": "text-to-speech",
}


def completed(model: ModelAnswers, modalities: tuple[str, ...]) -> tuple[ModelAnswers, str]:
    """As the hub's page completes it."""
    return hub.completed(model, modalities, hub.pages_of([model.uri or ""]))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with served() as world:
        monkeypatch.setenv("HF_ENDPOINT", world.base)
        yield world


def test_checksum_licence_and_use_come_from_the_page(world: World) -> None:
    world.pages["org/demo-gguf"] = PAGE
    model, note = completed(ModelAnswers(uri=URI), ("tts", "transcription"))
    assert (model.sha256, model.license, model.usecases, note) == (SUM, "apache-2.0", ("tts",), "")


def test_what_was_said_is_kept(world: World) -> None:
    world.pages["org/demo-gguf"] = PAGE
    said = ModelAnswers(uri=URI, sha256="cd" * 32, license="MIT", usecases=("vad",))
    assert completed(said, ("tts", "vad")) == (said, "")


def test_a_hub_that_does_not_answer_leaves_the_checksum_open(world: World) -> None:
    world.broken = True
    model, note = completed(ModelAnswers(uri=URI), ("tts",))
    assert model == ModelAnswers(uri=URI)
    assert note == "demo-q8_0.gguf has no sha256: Hugging Face answers with status 503"


@pytest.mark.parametrize(
    "page",
    [
        [],
        {"siblings": "none"},
        {"siblings": [{"rfilename": "demo-q8_0.gguf", "lfs": {"sha256": "$(rm)"}}], "cardData": {"license": ["a"]}},
        {"siblings": [{"rfilename": "other.gguf", "lfs": {"sha256": SUM}}]},
    ],
)
def test_a_page_of_another_shape_invents_nothing(world: World, page: object) -> None:
    world.pages["org/demo-gguf"] = page
    model, note = completed(ModelAnswers(uri=URI), ("tts",))
    assert model == ModelAnswers(uri=URI)
    assert note.startswith("demo-q8_0.gguf has no sha256")


def test_another_server_is_not_asked(world: World) -> None:
    model, note = completed(ModelAnswers(uri="https://example.org/demo.onnx"), ("tts",))
    assert (model.sha256, world.asked) == (None, [])
    assert "only Hugging Face" in note

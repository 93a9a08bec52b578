"""What a project says of itself names the modality that it serves."""

from __future__ import annotations

import pytest

from newbackend.catalog import modalities, spoken_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A port of a speech-recognition toolkit (ASR)", [("transcription", "speech recognition")]),
        (
            "Text-to-Speech, then voice activity detection",
            [("tts", "text to speech"), ("vad", "voice activity detection")],
        ),
        ("Large Language Models in plain C", [("llm", "language model")]),
        ("Diffusion models (SD, Flux) in plain C++", [("image", "diffusion")]),
        ("LLM-based text-to-speech", [("tts", "text to speech"), ("llm", "llm")]),
        ("A diffusion model for music generation", [("sound-generation", "music generation"), ("image", "diffusion")]),
        ("Fast chats with embeddings", [("llm", "chat"), ("embeddings", "embeddings")]),
        ("Vector search in one file", [("vector-store", "vector search")]),
        ("attst: a test of chats", [("llm", "chat")]),
        ("Inference of a model", []),
        ("", []),
    ],
)
def test_a_text_speaks_of_modalities_in_its_order(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(spoken_of(text)) == expected


def test_each_modality_has_phrases_of_its_own() -> None:
    every = [phrase for modality in modalities().values() for phrase in modality.prose]
    assert len(every) == len(set(every))
    for modality in modalities().values():
        assert modality.prose
        for phrase in modality.prose:
            assert modality.id in dict(spoken_of(f"It does {phrase}, fast"))

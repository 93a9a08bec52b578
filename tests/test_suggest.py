"""What "did you mean" proposes."""

from __future__ import annotations

import pytest

from newbackend.catalog import modalities, variant_table
from newbackend.catalog.languages import languages
from newbackend.suggest import did_you_mean, nearest, unknown

LANGUAGES = {key: language.other_words for key, language in languages().items()}
VARIANTS = {key: variant.other_words for key, variant in variant_table().variants.items()}
MODALITIES = {key: modality.other_words for key, modality in modalities().items()}


@pytest.mark.parametrize(
    ("word", "meant"),
    [("golang", "go"), ("c++", "cpp"), ("Python", "python"), ("rs", "rust"), ("CPP", "cpp"), ("pyton", "python")],
)
def test_a_language_by_another_word(word: str, meant: str) -> None:
    assert nearest(word, LANGUAGES, LANGUAGES) == (meant,)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cuda-12", ("cuda12",)),
        ("CUDA_13", ("cuda13",)),
        ("cuda", ("cuda12", "cuda13", "l4t-cuda12", "l4t-cuda13")),
        ("hip", ("rocm",)),
        ("hipblas", ("rocm",)),
        ("macos", ("metal",)),
        ("jetson", ("l4t-cuda12", "l4t-cuda13")),
        ("sycl", ("sycl-f16", "sycl-f32")),
        ("vulcan", ("vulkan",)),
        ("tpu", ()),
    ],
)
def test_a_variant_by_another_word(word: str, meant: tuple[str, ...]) -> None:
    assert nearest(word, VARIANTS, VARIANTS) == meant


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("text-to-speech", ("tts",)),
        ("stt", ("transcription",)),
        ("asr", ("transcription",)),
        ("speech", ("tts", "transcription")),
        ("chat", ("llm",)),
        ("text-generation", ("llm",)),
        ("feature-extraction", ("embeddings",)),
        ("Text To Image", ("image",)),
        ("automatic-speech-recognition", ("transcription",)),
        ("music", ("sound-generation",)),
        ("smell", ()),
    ],
)
def test_a_modality_by_another_word(word: str, meant: tuple[str, ...]) -> None:
    assert nearest(word, MODALITIES, MODALITIES) == meant


def test_no_word_of_one_modality_is_the_id_of_another() -> None:
    for key, words in MODALITIES.items():
        assert not {word.casefold() for word in words} & (MODALITIES.keys() - {key}), key


def test_what_begins_like_the_word_comes_before_what_looks_like_it() -> None:
    known = ("ik-llama-cpp", "llama-cpp", "vllm-cpp", "llm")
    assert nearest("llama", known) == ("ik-llama-cpp", "llama-cpp")
    assert nearest("llamacpp", known) == ("llama-cpp",)
    assert nearest("fixes", ("fix", "unsafe-fixes", "diff")) == ("unsafe-fixes", "fix")
    assert nearest("", known) == nearest("--", known) == ()


def test_the_sentence() -> None:
    assert did_you_mean(()) == ""
    assert did_you_mean(("a",)) == "did you mean a?"
    assert did_you_mean(("a", "b", "c")) == "did you mean a, b or c?"


def test_choices_are_all_that_is_known_the_nearest_first() -> None:
    near = unknown("code", "colour", "blu", ["red", "blue"])
    assert (near.sentence(), near.choices) == ("colour 'blu' is unknown; did you mean blue?", ("blue", "red"))
    far = unknown("code", "colour", "xyz", ["red", "blue"])
    assert (far.sentence(), far.choices) == ("colour 'xyz' is not one of red, blue", ("red", "blue"))

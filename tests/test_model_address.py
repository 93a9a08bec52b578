"""Addresses of models, as people paste them."""

from __future__ import annotations

import pytest

from newbackend.answers import ModelAnswers
from newbackend.errors import UsageError
from newbackend.model_address import build_of, model_answers, model_words, read_address

HUB = "huggingface://org/demo-GGUF"


@pytest.mark.parametrize(
    ("text", "uri", "stem"),
    [
        (f"{HUB}/Demo-Q8_0.gguf", f"{HUB}/Demo-Q8_0.gguf", "demo-q8_0"),
        ("https://huggingface.co/org/demo-GGUF/resolve/main/a/b.gguf?download=true", f"{HUB}/a/b.gguf", "b"),
        ("https://huggingface.co/org/demo-GGUF/blob/v2/b.gguf", f"{HUB}/b.gguf@v2", "b"),
        ("https://huggingface.co/org/demo-GGUF", HUB, "demo-gguf"),
        ("hf://org/demo-GGUF/", HUB, "demo-gguf"),
        ("https://example.org/x/voice_en.tar.bz2", "https://example.org/x/voice_en.tar.bz2", "voice_en"),
    ],
)
def test_an_address_is_read(text: str, uri: str, stem: str) -> None:
    address = read_address(text)
    assert (address.uri, address.stem) == (uri, stem)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "demo.gguf",
        "org/demo",
        "ollama://demo",
        "http://example.org/x.gguf",
        f"{HUB}/../../etc/passwd",
        "https://example.org/a/../../x.gguf",
        f"{HUB}/x.gguf\n- name: other",
        "https://example.org/$(id).gguf",
        "https://huggingface.co/org/demo/resolve/main",
    ],
)
def test_another_form_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_address(text)
    assert refused.value.code == "model-uri"
    assert "huggingface://OWNER/REPO/FILE" in refused.value.hint


def test_a_checksum_goes_behind_the_address_as_pip_has_it() -> None:
    text = f"{HUB}/x.gguf#sha256={'ab' * 32}"
    assert model_answers(text) == ModelAnswers(uri=f"{HUB}/x.gguf", sha256="ab" * 32)
    assert model_words([model_answers(text), ModelAnswers(uri=HUB)]) == f"{text}, {HUB}"
    with pytest.raises(UsageError, match="behind #"):
        model_answers(f"{HUB}/x.gguf#md5=1")


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("demo-q4_k_m", "demo"),
        ("demo-f16", "demo"),
        ("demo-iq1_m", "demo"),
        ("demo_v1.5-bf16", "demo_v1.5"),
        ("demo-7b", "demo-7b"),
        ("demo-base", "demo-base"),
    ],
)
def test_builds_of_one_model_share_a_name(name: str, build: str) -> None:
    assert build_of(name) == build

"""Title and description read like upstream's, and no answer can break out of them."""

from __future__ import annotations

import json

import pytest
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.pullrequest.state import state_of
from newbackend.pullrequest.text import as_json, description, title


@pytest.mark.parametrize(
    ("modality", "words"),
    [("llm", "text generation"), ("tts", "text to speech"), ("vad", "voice activity detection")],
)
def test_the_title_is_a_conventional_commit(checkout: Checkout, modality: str, words: str) -> None:
    assert title(state_of(spec(modalities=[modality]), checkout)) == f"feat(backend): add ds4 {words} backend"


def test_the_description_has_the_templates_parts(checkout: Checkout) -> None:
    text = description(state_of(spec(os_excluded={"darwin": "CUDA only"}), checkout))
    for part in (
        "**Description**",
        "**Platforms**",
        "**Checklist**",
        "**How it was checked**",
        "**Notes for Reviewers**",
    ):
        assert f"\n{part}\n" in f"\n{text}"
    assert "- macOS: CUDA only" in text
    assert "[antirez/ds4](https://github.com/antirez/ds4) at `ae302c2fa18c" in text
    assert "- [ ] Yes, I signed my commits." in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("hostile", ["a\n- [x] done", "| a | b |", "<img src=x>", "**bold**", "[x](javascript:y)"])
def test_an_answer_stays_text(checkout: Checkout, hostile: str) -> None:
    text = description(state_of(spec(description=hostile, os_excluded={"darwin": hostile}), checkout))
    assert hostile not in text
    assert "<img" not in text


def test_json_says_the_same(checkout: Checkout) -> None:
    state = state_of(spec(), checkout)
    data = json.loads(json.dumps(as_json(state)))
    assert data["schema"] == "newbackend/pr/1"
    assert data["description"] == description(state)
    assert len(data["checklist"]) == len(state.checklist)

"""Title and description read like upstream's, and no answer can break out of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create, planned
from newbackend.pullrequest.state import TEMPLATE, Source, state_of
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
    assert "- [ ] the commits are signed off" in text, "the box of the sample's own template"
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


def test_what_is_missing_or_remains_is_named_with_its_text(checkout: Checkout) -> None:
    state = state_of(spec(), checkout.with_changes({}))
    missing = [row for row in as_json(state)["manual"] if row["needed"]]
    assert any(row["path"] == "backend/index.yaml" and "ds4" in row["snippet"] for row in missing)
    after = planned(plan_create(spec(), checkout), checkout)
    rows = as_json(state_of(spec(), after))["manual"]
    assert {row["needed"] for row in rows} == {False}
    text = description(state_of(spec(), after))
    assert "\n**Left to do**\n\n- [ ] `backend/cpp/ds4/engine.cpp`, line " in text


def test_a_guess_is_not_in_the_title(checkout: Checkout) -> None:
    for source, words in ((Source.TAGS, "by the gallery's tags"), (Source.NOTHING, "to be filled in by the author")):
        state = state_of(spec(), checkout, source)
        assert title(state) == "feat(backend): add ds4 backend"
        assert words in description(state)


def test_the_boxes_are_those_of_the_repositorys_template(sample: Path) -> None:
    template = sample / TEMPLATE
    template.write_text("**Signed**\n- [ ] Yes, I signed.\n- [ ] Docs updated\n<!--\n- [ ] no box\n-->\n- [x] no\n")
    text = description(state_of(spec(), open_checkout(sample)))
    assert text.endswith("- [ ] Yes, I signed.\n- [ ] Docs updated\n")
    template.unlink()
    assert description(state_of(spec(), open_checkout(sample))).endswith("- [ ] Yes, I signed my commits.\n")


def test_one_reason_stands_once_and_without_advice_that_the_next_line_takes_back(checkout: Checkout) -> None:
    text = description(state_of(spec(lang="go", flavour="pure", pin=None, variants=["cpu"]), checkout))
    left = text.partition("Left out:")[2].partition("**")[0].strip().splitlines()
    reasons = [line.partition(": ")[2] for line in left]
    assert len(reasons) == len(set(reasons))
    assert "; use " not in "".join(left)
    assert "Intel oneAPI (XPU)" in left[0], "what stands for it cannot be shipped either"


def test_no_key_of_ours_is_in_the_text(checkout: Checkout) -> None:
    omit = {"makefile": {"omit": ["prepare-test-extra", "test-extra"]}, "docs-backends": {"omit": True}}
    wanted = spec(lang="go", flavour="pure", pin=None, variants=["cpu"], overrides={"places": omit})
    text = description(state_of(wanted, planned(plan_create(wanted, checkout), checkout)))
    assert "left out: builds ds4 before its tests, runs ds4's tests" in text
    assert "prepare-test-extra:" not in text


def test_what_no_rule_asks_of_the_backend_is_no_gap(checkout: Checkout) -> None:
    omit = {"makefile": {"omit": ["prepare-test-extra", "test-extra"]}}
    wanted = spec(os_excluded={"darwin": "CUDA only"}, overrides={"places": omit})
    text = description(state_of(wanted, planned(plan_create(wanted, checkout), checkout)))
    assert "- [x] Root Makefile: all six edits (C++ backends are not in it by convention)" in text

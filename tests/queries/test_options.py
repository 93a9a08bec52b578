"""`newbackend options` says of each choice what `create` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from newbackend.answers import Answers
from newbackend.catalog import modalities, variant_table
from newbackend.catalog.languages import language_ids
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.queries.options import options
from newbackend.validate import checked


@pytest.mark.parametrize("lang", language_ids())
def test_a_choice_is_refused_with_the_reason_that_create_gives(checkout: Checkout, lang: str) -> None:
    (language,) = options(checkout, lang)["languages"]
    assert [flavour["default"] for flavour in language["flavours"]].count(True) == 1
    for flavour in language["flavours"]:
        assert {*flavour["variants"], *flavour["refused"]} == set(variant_table().variants)
        for variant in variant_table().variants:
            said = refusal(Answers(lang=lang, flavour=flavour["id"], variants=(variant,)))
            assert said.endswith(flavour["refused"].get(variant, ""))
            assert bool(said) == (variant in flavour["refused"])
    assert {*language["modalities"], *language["refused_modalities"]} == set(modalities())


def refusal(answers: Answers) -> str:
    """What is wrong with answers, "" for nothing."""
    try:
        checked(answers)
    except UsageError as error:
        return error.message
    return ""


def test_what_the_checkout_lacks_is_said(sample: Path) -> None:
    (sample / "backend/Dockerfile.golang").unlink()
    proto = sample / "backend/backend.proto"
    proto.write_text(proto.read_text().replace("rpc TTS(", "rpc Speak("))
    found = {row["id"]: row for row in options(open_checkout(sample))["languages"]}
    assert found["go"]["unavailable"] == "this checkout has no backend/Dockerfile.golang"
    assert found["cpp"]["unavailable"] == ""
    assert found["python"]["refused_modalities"]["tts"] == "this checkout's backend/backend.proto has no TTS"
    assert "tts" not in found["python"]["modalities"]


def test_a_flavour_that_builds_on_what_is_not_there(checkout: Checkout) -> None:
    flavours = [row for language in options(checkout)["languages"] for row in language["flavours"]]
    assert any(row["unavailable"].endswith("which this checkout does not have") for row in flavours)


def test_an_unknown_language_has_the_nearest_as_its_first_choice(checkout: Checkout) -> None:
    with pytest.raises(UsageError) as refused:
        options(checkout, "golang")
    assert refused.value.choices[0] == "go"

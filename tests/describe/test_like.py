"""`--like BACKEND`: what a sibling lends to a new backend."""

from __future__ import annotations

from typing import Any

import pytest

from newbackend.answers import Answers, Generated, as_data
from newbackend.checkout.tree import Checkout
from newbackend.describe import describe
from newbackend.describe.like import with_sibling, with_wiring
from newbackend.errors import NotFoundError, UsageError


def like(name: str, checkout: Checkout) -> dict[str, Any]:
    """All that a sibling lends to a new backend about which nothing else is answered."""
    answers, _ = with_sibling(Answers(name="new", like=name), checkout)
    return as_data(with_wiring(answers, checkout))


def test_without_like_nothing_is_added(checkout: Checkout) -> None:
    given = Answers(name="new")
    assert with_sibling(given, checkout) == (given, [])
    assert with_wiring(given, checkout) == given


def test_variants_tags_and_language_are_those_of_the_sibling(checkout: Checkout) -> None:
    sibling = describe(checkout, "pywhistle").answers
    answers, notes = with_sibling(Answers(name="new", like="pywhistle"), checkout)
    assert (answers.lang, answers.variants, answers.tags) == (sibling.lang, sibling.variants, sibling.tags)
    assert answers.modalities == sibling.modalities
    assert notes == []


def test_texts_and_pin_stay_the_siblings_own(checkout: Checkout) -> None:
    answers = like("cppreed", checkout)
    assert not {"description", "license", "pin", "icon", "urls"} & set(answers)
    assert "cppreed" not in str({key: value for key, value in answers.items() if key != "like"})


def test_answers_that_are_given_win(checkout: Checkout) -> None:
    given = Answers(name="new", like="pywhistle", variants=("cpu",), tags=("mine",))
    answers, _ = with_sibling(given, checkout)
    assert (answers.variants, answers.tags) == (("cpu",), ("mine",))


def test_a_generated_backend_does_not_change_when_its_sibling_does(checkout: Checkout) -> None:
    given = Answers(name="new", like="pywhistle", generated=Generated("0"))
    assert with_sibling(given, checkout) == (given, [])
    assert with_wiring(given, checkout) == given


def test_a_sibling_that_make_does_not_test_lends_that_too(checkout: Checkout) -> None:
    from newbackend.checkout.layout import MAKEFILE

    text = checkout.need(MAKEFILE)
    lines = [line for line in text.splitlines(keepends=True) if "-C backend/python/pywhistle" not in line]
    answers = like("pywhistle", checkout.with_changes({MAKEFILE: "".join(lines)}))
    omit = answers["overrides"]["places"]["makefile"]["omit"]
    assert {"prepare-test-extra", "test-extra"} <= set(omit)


def test_capability_keys_point_at_the_same_variants_of_the_new_backend(checkout: Checkout) -> None:
    from newbackend.checkout.layout import INDEX

    text = checkout.need(INDEX).replace('nvidia-cuda-12: "cuda12-pywhistle"', 'nvidia-cuda-12: "cpu-pywhistle"')
    answers = like("pywhistle", checkout.with_changes({INDEX: text}))
    assert answers["overrides"]["capabilities"] == {"nvidia-cuda-12": "cpu-new"}


def test_what_verify_rejects_is_not_copied(checkout: Checkout) -> None:
    from newbackend.checkout.layout import INDEX, MAKEFILE

    index = checkout.need(INDEX).replace('    nvidia-cuda-12: "cuda12-pywhistle"\n', "", 1)
    index = index.replace('default: "cpu-pywhistle"', 'default: "cuda12-pywhistle"', 1)
    make = checkout.need(MAKEFILE).replace(" docker-build-pywhistle", "")
    assert index.count("pywhistle") < checkout.need(INDEX).count("pywhistle")
    answers = like("pywhistle", checkout.with_changes({INDEX: index, MAKEFILE: make}))
    assert "capabilities" not in (answers.get("overrides") or {})
    assert "docker-build-backends" not in str(answers.get("overrides"))


def test_a_guessed_modality_and_its_tags_are_not_taken(checkout: Checkout) -> None:
    from newbackend.registrations.capabilities.place import PATH

    text = checkout.need(PATH)
    start = text.index('"pywhistle": {')
    unsaid = text[:start] + text[text.index("},", start) + 2 :].lstrip()
    server = "backend/python/pywhistle/backend.py"
    silent = checkout.need(server).replace("def AudioTranscription(", "def listen(")
    hidden = checkout.with_changes({PATH: unsaid, server: silent})
    answers, notes = with_sibling(Answers(name="new", like="pywhistle"), hidden)
    assert (answers.modalities, answers.tags) == (None, None)
    assert notes == ["pywhistle does not say what it serves, so that is not taken from it"]


def test_tags_go_with_what_is_served(checkout: Checkout) -> None:
    answers, _ = with_sibling(Answers(name="new", like="pywhistle", modalities=("tts",)), checkout)
    assert answers.tags is None


def test_what_the_template_cannot_ship_is_left_out_and_said(checkout: Checkout) -> None:
    answers, notes = with_sibling(Answers(name="new", like="cppanvil", flavour="self-contained"), checkout)
    assert "rocm" not in (answers.variants or ())
    assert any("rocm" in note for note in notes)


def test_another_language_is_refused_in_one_sentence(checkout: Checkout) -> None:
    with pytest.raises(UsageError, match="--like gotide is a go backend, so a cpp backend cannot"):
        with_sibling(Answers(name="new", like="gotide", lang="cpp"), checkout)


def test_a_sibling_that_is_not_there_is_not_found(checkout: Checkout) -> None:
    with pytest.raises(NotFoundError, match="knows no backend 'nobody'"):
        with_sibling(Answers(name="new", like="nobody"), checkout)

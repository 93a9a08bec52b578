"""The order of the questions, back, the summary, and answers that stop being possible: by a script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from specs import SHA, answers

from newbackend.answers import Answers, PinAnswers, as_data, value_at, with_value
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.registrations.support.own_pages import page_path
from newbackend.spec import make_spec, to_answers
from newbackend.wizard.complete import WizardOptions, complete
from newbackend.wizard.headless import Headless
from newbackend.wizard.proposals import page_choices
from newbackend.wizard.question import PartialAnswers
from newbackend.wizard.questions import KEYS
from wizard.scripted import OutOfAnswers, Scripted

UPSTREAM = f"antirez/ds4@{SHA}"
ALL: list[tuple[str, str]] = [
    ("pin", UPSTREAM),
    ("name", "ds4"),
    ("lang", "cpp"),
    ("modalities", "llm"),
    ("flavour", "self-contained"),
    ("like", "cppreed"),
    ("variants", "cuda13,cpu"),
    ("description", "An engine"),
    ("license", "MIT"),
    ("tags", "LLM, fast"),
    ("models", "huggingface://org/ds4/ds4-q8_0.gguf"),
    ("docs.page", "yes"),
    ("import.kind", "preference"),
    ("summary", ""),
]


def asked(
    replies: list[tuple[str, str]], checkout: Checkout, given: Answers | None = None
) -> tuple[Answers, list[str]]:
    """What comes out of these replies, and what was refused on the way; every reply must be asked for."""
    script = Scripted(replies)
    done, _ = complete(given or Answers(), checkout, script)
    assert script.done
    return done, script.refusals


def test_everything_is_asked_once_in_this_order(checkout: Checkout) -> None:
    done, refusals = asked(ALL, checkout)
    assert not refusals
    assert as_data(done) == {
        "pin": {"repo": "antirez/ds4", "sha": SHA},
        "name": "ds4",
        "lang": "cpp",
        "flavour": "self-contained",
        "modalities": ["llm"],
        "like": "cppreed",
        "variants": ["cuda13", "cpu"],
        "description": "An engine",
        "license": "MIT",
        "tags": ["LLM", "fast"],
        "models": [{"uri": "huggingface://org/ds4/ds4-q8_0.gguf"}],
        "docs": {"page": True},
        "import": {"kind": "preference"},
    }


@pytest.mark.parametrize("key", [key for key, _ in ALL if key not in ("summary", "pin")])
def test_what_is_known_is_not_asked(checkout: Checkout, key: str) -> None:
    known, _ = asked(ALL, checkout)
    done, _ = asked(
        [pair for pair in ALL if pair[0] != key], checkout, with_value(Answers(), key, value_at(known, key))
    )
    assert done == known


def test_nothing_is_asked_when_everything_is_known(checkout: Checkout) -> None:
    known, _ = asked(ALL, checkout)
    assert asked([], checkout, known)[0] == known


def test_without_a_page_of_its_own_nothing_about_one_is_written_down(checkout: Checkout) -> None:
    replies = [(key, "" if key == "docs.page" else reply) for key, reply in ALL]
    done, _ = asked(replies, checkout)
    assert value_at(done, "docs.page") is False
    assert "docs" not in as_data(to_answers(make_spec(done)))


def test_a_page_that_is_there_is_not_written_again(sample: Path) -> None:
    (sample / page_path("ds4")).write_text("# A page\n")
    choices = page_choices(PartialAnswers(Answers(name="ds4"), open_checkout(sample)))
    assert [bool(choice.refused) for choice in choices] == [False, True]


def test_the_answer_can_be_changed_in_the_summary(checkout: Checkout) -> None:
    replies = [*ALL[:-1], ("summary", "docs.page"), ("docs.page", ""), ("summary", "")]
    done, _ = asked(replies, checkout)
    assert value_at(done, "docs.page") is False


def test_a_language_without_flavours_has_no_such_question(checkout: Checkout) -> None:
    replies = [
        ("pin", ""), ("name", "pynew"), ("lang", "python"), ("modalities", "tts"), ("like", ""),
        ("variants", "cpu"), ("engine.pip", "wood >= 2"), ("engine.pip", "wood == 2.0"), ("description", "d"),
        ("license", ""), ("tags", ""), ("import.kind", "preference"), ("summary", ""),
    ]  # fmt: skip
    done, _ = asked(replies, checkout)
    assert done.flavour is None
    assert make_spec(done).engine.pip == "wood==2.0"
    assert done.pin == PinAnswers()


@pytest.mark.parametrize("at", range(1, len(ALL)))
def test_back_from_any_question_asks_the_one_before_again(checkout: Checkout, at: int) -> None:
    there_and_back = [*ALL[:at], (ALL[at][0], "<"), ALL[at - 1], *ALL[at:]]
    assert asked(there_and_back, checkout) == asked(ALL, checkout)


def test_back_goes_all_the_way_and_stops_at_the_first_question(checkout: Checkout) -> None:
    back = [(key, "<") for key, _ in reversed(ALL)]
    done, refusals = asked([*ALL[:-1], *back, *ALL], checkout)
    assert done == asked(ALL, checkout)[0]
    assert refusals == ["first-question"]


@pytest.mark.parametrize(
    ("key", "wrong", "reference"),
    [
        ("pin", "nonsense", "pin-form"),
        ("pin", "antirez/ds4@ae302c2", "pin-not-full-sha"),
        ("pin", "antirez/ds4@no-network", "pin-unreachable"),
        ("name", "Cuda!", "name-invalid"),
        ("lang", "perl", "lang-unknown"),
        ("flavour", "nonsense", "flavour-unknown"),
        ("modalities", "smell", "modality-unknown"),
        ("modalities", "", "modality-missing"),
        ("variants", "intel", "variant-impossible"),
        ("variants", "", "variants-missing"),
        ("description", "bell\x07", "description-control"),
        ("description", "\udcff", "description-not-utf8"),
        ("license", "a licence", "license-invalid"),
        ("tags", "x" * 65, "tags-invalid"),
    ],
)
def test_a_wrong_answer_is_refused_and_asked_again(checkout: Checkout, key: str, wrong: str, reference: str) -> None:
    at = [known for known, _ in ALL].index(key)
    done, refusals = asked([*ALL[:at], (key, wrong), *ALL[at:]], checkout)
    assert done == asked(ALL, checkout)[0]
    assert refusals == [reference]


def test_the_summary_changes_one_answer_and_comes_again(checkout: Checkout) -> None:
    done, _ = asked([*ALL[:-1], ("summary", "license"), ("license", "Apache-2.0"), ("summary", "")], checkout)
    assert done == replace(asked(ALL, checkout)[0], license="Apache-2.0")


def test_back_from_a_change_keeps_the_old_answer(checkout: Checkout) -> None:
    done, _ = asked([*ALL[:-1], ("summary", "name"), ("name", "<"), ("summary", "")], checkout)
    assert done == asked(ALL, checkout)[0]


def test_back_after_a_change_passes_over_what_is_no_longer_asked(checkout: Checkout) -> None:
    changed = [("summary", "lang"), ("lang", "rust"), ("like", "<"), ("modalities", "<"), ("lang", "<")]
    again = [("name", "ds5"), ("lang", "rust"), ("modalities", "llm"), ("like", ""), ("variants", "cpu")]
    done, _ = asked([*ALL[:-1], *changed, *again, ("summary", "")], checkout)
    assert (done.name, done.tags, done.flavour) == ("ds5", ("LLM", "fast"), None)


def test_another_language_asks_again_only_for_what_it_makes_impossible(checkout: Checkout) -> None:
    changed = [("summary", "lang"), ("lang", "rust"), ("like", ""), ("variants", "cpu"), ("summary", "")]
    done, refusals = asked([*ALL[:-1], *changed], checkout)
    assert (done.lang, done.variants, done.description) == ("rust", ("cpu",), "An engine")
    assert refusals == ["flavour-unknown", "variant-impossible"]
    assert done.flavour is None


def test_a_given_answer_can_be_changed_in_the_summary_too(checkout: Checkout) -> None:
    rest = [pair for pair in ALL if pair[0] != "name"][:-1]
    done, _ = asked([*rest, ("summary", "name"), ("name", "ds5"), ("summary", "")], checkout, Answers(name="ds4"))
    assert done.name == "ds5"
    pin = make_spec(done).pin
    assert pin is not None
    assert (pin.branch, pin.variable) == ("main", "DS5_VERSION")


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        ({"name": "Cuda!"}, "name-invalid"),
        ({"lang": "perl"}, "lang-unknown"),
        ({"lang": "rust", "variants": ["cuda12"]}, "variant-impossible"),
        ({"license": "a licence"}, "license-invalid"),
    ],
)
def test_a_wrong_flag_is_refused_before_anything_is_asked(
    checkout: Checkout, given: Mapping[str, Any], reference: str
) -> None:
    with pytest.raises(NewbackendError) as refusal:
        complete(answers(**given), checkout, Scripted([]))
    assert refusal.value.code == reference


def test_answers_are_kept_after_each_one(checkout: Checkout) -> None:
    kept: list[list[str]] = []

    def keep(done: Answers) -> None:
        kept.append([key for key in KEYS if value_at(done, key) is not None])

    complete(Answers(), checkout, Scripted(ALL), WizardOptions(keep=keep))
    assert kept == [[key for key, _ in ALL[:count]] for count in range(1, len(ALL))]


def test_a_resumed_run_goes_on_where_it_stopped_and_back_into_what_was_answered(checkout: Checkout) -> None:
    known, _ = asked(ALL, checkout)
    saved = Answers(pin=known.pin, name=known.name, lang=known.lang, modalities=known.modalities)
    script = Scripted([("flavour", "<"), ("modalities", "llm"), ("flavour", "shared-base"), *ALL[5:]])
    done, _ = complete(Answers(), checkout, script, WizardOptions(resumed=saved))
    assert script.done
    assert done == replace(known, flavour="shared-base")


def test_what_is_given_now_wins_over_what_was_saved(checkout: Checkout) -> None:
    known, _ = asked(ALL, checkout)
    script = Scripted([("summary", "")])
    done, _ = complete(Answers(license="ISC"), checkout, script, WizardOptions(resumed=known))
    assert done.license == "ISC"


def test_a_saved_answer_that_is_impossible_now_is_asked_again(checkout: Checkout) -> None:
    known, _ = asked(ALL, checkout)
    script = Scripted([("variants", "cpu"), ("summary", "")])
    done, _ = complete(Answers(), checkout, script, WizardOptions(resumed=replace(known, variants=("gone",))))
    assert (script.done, done.variants, script.refusals) == (True, ("cpu",), ["variant-unknown"])


def test_an_answers_file_settles_what_has_a_default(checkout: Checkout) -> None:
    script = Scripted([("modalities", "tts"), ("variants", "cpu"), ("summary", "")])
    done, _ = complete(Answers(name="pynew", lang="python"), checkout, script, WizardOptions(settled=Headless()))
    assert script.done
    assert (done.license, done.tags, done.like) == ("", (), "")


def test_a_script_that_does_not_fit_the_questions_fails(checkout: Checkout) -> None:
    with pytest.raises(OutOfAnswers, match="pin is asked, the script answers name"):
        complete(Answers(), checkout, Scripted([("name", "ds4")]))
    with pytest.raises(OutOfAnswers, match="pin is asked, the script answers nothing"):
        complete(Answers(), checkout, Scripted([]))

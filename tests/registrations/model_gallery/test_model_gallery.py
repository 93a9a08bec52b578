"""The model gallery: a model to try a backend with."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create
from newbackend.plan.collisions import check_collisions
from newbackend.registrations.model_gallery.index import MODELS, models
from newbackend.registrations.model_gallery.place import ModelGallery
from newbackend.splice.outcome import AnchorMissing, Drifted, Inserted

SUM = "ab" * 32
Q4 = {"uri": "huggingface://org/ds4-gguf/ds4-q4_k_m.gguf", "sha256": SUM, "license": "mit"}
Q8 = {"uri": "https://huggingface.co/org/ds4-gguf/resolve/main/ds4-q8_0.gguf"}
PLACE = ModelGallery()


def entries(checkout: Checkout) -> list[dict[str, Any]]:
    return list(yaml.safe_load(checkout.need(MODELS)))


def named(checkout: Checkout, name: str) -> dict[str, Any]:
    return next(entry for entry in entries(checkout) if entry["name"] == name)


def test_without_a_model_the_file_is_not_even_read(checkout: Checkout) -> None:
    fresh = Checkout(checkout.root)
    assert PLACE.plan(fresh, spec()).changes == ()
    assert MODELS not in fresh._disk


def test_no_entry_is_read_for_a_name_that_the_gallery_does_not_have(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "gallery/tide.yaml"
    taken = checkout.with_changes({config: checkout.need(config).replace("gotide", "ds4")})
    with pytest.raises(UsageError, match="'ds4' is registered already") as error:
        check_collisions(spec(), taken)
    assert str(error.value.where).startswith(MODELS), "an entry runs on it by the configuration that its url names"
    monkeypatch.setattr("newbackend.registrations.model_gallery.index.blocks", lambda _: 1 / 0)
    check_collisions(spec(), Checkout(checkout.root))


def test_a_model_gets_an_entry_in_the_newest_form(checkout: Checkout) -> None:
    after = round_trip(PLACE, checkout, spec(models=[Q4]))
    entry = named(after, "ds4-q4_k_m")
    file = {"filename": "ds4-q4_k_m/ds4-q4_k_m.gguf", "sha256": SUM, "uri": Q4["uri"]}
    assert entry["url"] == "github:mudler/LocalAI/gallery/virtual.yaml@master"
    assert entry["urls"] == ["https://huggingface.co/org/ds4-gguf", "https://github.com/antirez/ds4"]
    assert (entry["license"], entry["description"]) == ("mit", "DeepSeek V4 Flash inference engine\n")
    assert entry["overrides"] == {
        "backend": "ds4",
        "known_usecases": ["chat"],
        "parameters": {"model": file["filename"]},
    }
    assert entry["files"] == [file]
    assert [one["name"] for one in entries(after) if one not in entries(checkout)] == ["ds4-q4_k_m"]


def test_builds_of_one_model_are_grouped_and_a_missing_checksum_is_said(checkout: Checkout) -> None:
    after = round_trip(PLACE, checkout, spec(models=[Q4, Q8]))
    assert named(after, "ds4-q4_k_m")["variants"] == [{"model": "ds4-q8_0"}]
    assert "variants" not in named(after, "ds4-q8_0")
    assert "sha256" not in named(after, "ds4-q8_0")["files"][0]
    assert sum("no sha256" in line for line in new_lines(checkout, after, MODELS)) == 1


def test_an_older_gallery_groups_nothing(checkout: Checkout) -> None:
    older = edited(checkout, MODELS, ("\n  variants:\n    - model: anvil-2b-q8_0", ""), ("\n  variants: []", ""))
    after = round_trip(PLACE, older, spec(models=[Q4, Q8]))
    assert "variants" not in named(after, "ds4-q4_k_m")


def test_a_repository_is_loaded_by_its_name(checkout: Checkout) -> None:
    after = round_trip(PLACE, checkout, spec(models=[{"uri": "huggingface://org/ds4", "options": ["a:b"]}]))
    entry = named(after, "ds4")
    assert entry["overrides"]["parameters"] == {"model": "org/ds4"}
    assert (entry["overrides"]["options"], "files" in entry) == (["a:b"], False)


@pytest.mark.parametrize(("like", "before"), [("", "neo-anvil-1b-q4_k_m"), ("cppanvil", "anvil-2b-q8_0")])
def test_it_goes_behind_its_siblings(checkout: Checkout, like: str, before: str) -> None:
    after = round_trip(PLACE, checkout, spec(models=[Q4], like=like))
    names = [model.name for model in models(after)]
    assert names[names.index("ds4-q4_k_m") - 1] == before


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_the_endings_of_the_file_stay(checkout: Checkout, ending: str) -> None:
    text = checkout.need(MODELS).replace("\n", ending).rstrip("\r\n")
    after = round_trip(PLACE, checkout.with_changes({MODELS: text}), spec(models=[Q4], modalities=["vad"]))
    assert after.need(MODELS).startswith(text)
    assert after.need(MODELS).count("\n") == after.need(MODELS).count(ending)


def test_a_whole_plan_is_proven(checkout: Checkout) -> None:
    plan = plan_create(spec(models=[Q4, Q8]), checkout)
    assert [edit.path for edit in plan.made if edit.place == PLACE.id] == [MODELS]


def test_a_name_of_another_model_is_refused(checkout: Checkout) -> None:
    with pytest.raises(UsageError) as refused:
        check_collisions(spec(models=[{**Q4, "name": "Echo-EN"}]), checkout)
    assert refused.value.code == "model-name-taken"
    assert "for pyecho" in refused.value.message


def test_a_registered_model_that_loads_something_else_has_drifted(checkout: Checkout) -> None:
    after = round_trip(PLACE, checkout, spec(models=[Q4]))
    other = edited(after, MODELS, ("    backend: ds4\n", "    backend: ds5\n"))
    (change,) = PLACE.plan(other, spec(models=[Q4])).changes
    assert isinstance(change.outcome, Drifted)


def test_prose_may_differ(checkout: Checkout) -> None:
    after = round_trip(PLACE, checkout, spec(models=[Q4]))
    other = edited(after, MODELS, ("    DeepSeek V4 Flash inference engine\n", "    Better said.\n"))
    (change,) = PLACE.plan(other, spec(models=[Q4])).changes
    assert not isinstance(change.outcome, Inserted | Drifted)


def test_an_older_checkout_has_none(checkout: Checkout) -> None:
    older = checkout.with_changes({MODELS: None})
    assert "not in this checkout" in PLACE.plan(older, spec(models=[Q4])).skipped
    assert PLACE.plan(older, spec()).skipped == ""


@pytest.mark.parametrize("text", ["models: []\n", "<<<<<<< HEAD\n- name: x\n", "  - name: x\n"])
def test_a_file_of_another_shape_is_left_to_a_person(checkout: Checkout, text: str) -> None:
    odd = checkout.with_changes({MODELS: text})
    (change,) = PLACE.plan(odd, spec(models=[Q4])).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert change.snippet.startswith("- name: ds4-q4_k_m")


def test_the_backend_of_a_model_is_found_where_localai_finds_it(checkout: Checkout) -> None:
    found = {model.name: model.backend for model in models(checkout)}
    assert found["tide-vad"] == "gotide"  # from the configuration of its url
    assert found["anvil-2b-q8_0"] == "cppanvil"
    merged = edited(checkout, MODELS, ("  variants: []\n  overrides:\n    backend: cppanvil", "  x:\n    backend: no"))
    assert {model.name: model.backend for model in models(merged)}["anvil-2b-q8_0"] == "cppanvil"
    flow = edited(
        checkout, MODELS, ("  overrides:\n    parameters:\n      model: built-in", "  overrides: {backend: x}")
    )
    assert {model.name: model.backend for model in models(flow)}["tide-vad"] == "x"


def test_a_model_that_another_backend_needs_stays(checkout: Checkout) -> None:
    shared = edited(checkout, MODELS, ("    - model: anvil-2b-q8_0\n", "    - model: lark-en-f16\n"))
    refused = [change for change in PLACE.revert(shared, "rustlark") if isinstance(change.outcome, AnchorMissing)]
    assert ["anvil-2b-q4_k_m needs it" in str(change.outcome) for change in refused] == [True]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("name: x", "text of one entry"),
        ("- name: x\n- name: y", "text of one entry"),
        ("- name: y", "key of its own value"),
        ("- name: x\n  overrides:\n    backend: other", "runs on the backend 'other'"),
        ("- name: x\n  y: [", "not valid YAML"),
        ("# no\n- name: x", "text of one entry"),
    ],
)
def test_an_entry_of_the_answers_must_be_one_of_its_own(value: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        PLACE.from_answers(spec(), "model:x", value)


def test_an_entry_of_the_answers_is_kept_to_the_letter(checkout: Checkout) -> None:
    text = "- name: x  # mine\n  overrides: {backend: ds4, f16: true}"
    places = {"model-gallery": {"facts": {"model:x": text}}}
    after = round_trip(PLACE, checkout, spec(overrides={"places": places}))
    assert f"\n{text}\n" in after.need(MODELS)


def test_an_entry_that_merges_what_is_not_there_is_left_to_a_person(checkout: Checkout) -> None:
    places = {"model-gallery": {"facts": {"model:x": "- !!merge <<: *gone\n  name: x"}}}
    (change,) = PLACE.plan(checkout, spec(overrides={"places": places})).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert "*gone" in change.outcome.reason

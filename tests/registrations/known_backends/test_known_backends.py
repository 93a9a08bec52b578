"""The list of backends that the import form offers without recognising their models."""

from __future__ import annotations

from pathlib import Path

import pytest
from place_trip import edited, gofmt_changes, new_lines, round_trip
from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.registrations.known_backends.place import PATH, KnownBackends
from newbackend.splice.outcome import AlreadyPresent, AnchorMissing, Drifted

SLICE = "var knownPrefOnlyBackends = []schema.KnownBackend{"


def test_an_entry_goes_behind_the_last_of_its_modality(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    after = round_trip(KnownBackends(), checkout, spec(modalities=["tts"]))
    lines = after.need(PATH).splitlines()
    at = next(number for number, line in enumerate(lines) if '"ds4"' in line)
    assert lines[at].startswith('\t{Name: "ds4", Modality: "tts", AutoDetect: false, Description: "DeepSeek')
    assert lines[at].endswith(' (preference-only)"},')
    assert 'Modality: "tts"' in lines[at - 1]
    assert gofmt_changes(after.need(PATH)) == ""


def test_the_first_of_its_modality_gets_a_heading(checkout: Checkout) -> None:
    after = round_trip(KnownBackends(), checkout, spec(modalities=["image"]))
    assert new_lines(checkout, after, PATH)[0] == "\t// Image"
    assert gofmt_changes(after.need(PATH)) == ""


def test_two_of_a_new_modality_share_the_heading_until_the_last_goes(checkout: Checkout) -> None:
    one = round_trip(KnownBackends(), checkout, spec(modalities=["image"]))
    two = round_trip(KnownBackends(), one, spec(name="another", modalities=["image"]))
    assert two.need(PATH).count("// Image") == 1


@pytest.mark.parametrize("description", ['a "quoted" \\ thing', "zero\u200bwidth", "{{template}}", "two\nlines"])
def test_any_description_is_a_go_string(checkout: Checkout, description: str) -> None:
    after = round_trip(KnownBackends(), checkout, spec(description=description))
    assert gofmt_changes(after.need(PATH)) == ""


def test_answers_decide_modality_and_text(checkout: Checkout) -> None:
    answers = {"kind": "preference", "modality": "reranker", "description": "Ranks (well)"}
    after = round_trip(KnownBackends(), checkout, spec(**{"import": answers}))
    assert '{Name: "ds4", Modality: "reranker", AutoDetect: false, Description: "Ranks (well)"},' in after.need(PATH)


@pytest.mark.parametrize("kind", ["importer", "drop-in", "none"])
def test_other_ways_to_import_need_no_entry(checkout: Checkout, kind: str) -> None:
    chosen = {"kind": kind, "of": "cppanvil", "extensions": [".x"]}
    assert KnownBackends().plan(checkout, spec(**{"import": chosen})).changes == ()


def test_a_changed_modality_is_drift_but_a_changed_text_is_not(checkout: Checkout) -> None:
    after = round_trip(KnownBackends(), checkout, spec())
    (change,) = KnownBackends().plan(after, spec(description="Other words")).changes
    assert isinstance(change.outcome, AlreadyPresent)
    (change,) = KnownBackends().plan(after, spec(modalities=["tts"])).changes
    assert isinstance(change.outcome, Drifted)


@pytest.mark.parametrize(
    "odd",
    [
        "var knownPrefOnlyBackends = loadBackends(\n",
        "var knownPrefOnlyBackends = []schema.KnownBackend{}\n\nvar rest = []x{",
    ],
)
def test_a_list_of_another_shape_is_left_to_a_person(checkout: Checkout, odd: str) -> None:
    changed = edited(checkout, PATH, (SLICE, odd))
    (change,) = KnownBackends().plan(changed, spec()).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert '{Name: "ds4"' in change.snippet


def test_a_moved_list_is_said_to_be_gone(checkout: Checkout) -> None:
    moved = edited(checkout, PATH, ("knownPrefOnlyBackends", "elsewhere"))
    assert "has no knownPrefOnlyBackends" in KnownBackends().plan(moved, spec()).skipped


def test_a_hand_written_comment_goes_with_its_backend(checkout: Checkout) -> None:
    changes = list(KnownBackends().revert(checkout, "goquill"))
    (splice,) = changes[0].outcome.splices  # type: ignore[union-attr]
    gone = checkout.need(PATH)[splice.start : splice.end]
    assert gone.startswith("\t// goquill reads")
    assert gone.count("\n") == 2


@pytest.mark.parametrize(
    ("answers", "reference"),
    [
        ({"kind": "magic"}, "import-kind"),
        ({"kind": "drop-in"}, "import-of-missing"),
        ({"kind": "importer"}, "import-no-signal"),
        ({"kind": "importer", "extensions": ["gguf"]}, "import-extensions"),
        ({"kind": "importer", "extensions": ['.g"x']}, "import-extensions"),
        ({"kind": "importer", "pipeline_tags": ["A b"]}, "import-pipeline-tags"),
        ({"modality": 'a"b'}, "import-modality"),
    ],
)
def test_answers_that_will_not_do_are_refused(checkout: Checkout, answers: dict[str, object], reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        KnownBackends().plan(checkout, spec(**{"import": answers}))
    assert caught.value.code == reference

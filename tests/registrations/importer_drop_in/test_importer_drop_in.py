"""A backend that shares another one's importer is named wherever that importer lists such names."""

from __future__ import annotations

import pytest
from place_trip import edited, gofmt_changes, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create, planned
from newbackend.plan.remove import plan_remove
from newbackend.registrations.importer_drop_in.place import ImporterDropIn
from newbackend.registrations.support.importers_dir import FOLDER, REGISTRY
from newbackend.splice.outcome import AnchorMissing

HOST = f"{FOLDER}/cppanvil.go"
WANTED = {"import": {"kind": "drop-in", "of": "cppanvil"}}
SWITCH = """
	switch b := preferredBackend(details); b {
	case "neo-cppanvil":
		return b == i.Name()
	}
"""
TESTS = """package importers_test

func f() {
	Expect(names).To(ConsistOf("neo-cppanvil"))
	Expect(names).To(ConsistOf("neo-cppanvil", "unrelated"))
}
"""


def test_the_host_lists_and_accepts_it(checkout: Checkout) -> None:
    after = round_trip(ImporterDropIn(), checkout, spec(**WANTED))
    assert new_lines(checkout, after, HOST) == [
        '\t\t{Name: "ds4", Modality: "text", Description: "DeepSeek V4 Flash inference engine"},',
        '\t\treturn b == i.Name() || b == "neo-cppanvil" || b == "ds4"',
    ]
    assert gofmt_changes(after.need(HOST)) == ""


def test_a_case_clause_grows_too(checkout: Checkout) -> None:
    cased = edited(checkout, HOST, ("\treturn strings.HasSuffix", f"{SWITCH}\treturn strings.HasSuffix"))
    after = round_trip(ImporterDropIn(), cased, spec(**WANTED))
    assert '\tcase "neo-cppanvil", "ds4":' in after.need(HOST)
    assert gofmt_changes(after.need(HOST)) == ""


def test_only_the_test_that_pins_the_very_list_is_kept_true(checkout: Checkout) -> None:
    pinned = checkout.with_changes({f"{FOLDER}/pin_test.go": TESTS})
    after = round_trip(ImporterDropIn(), pinned, spec(**WANTED))
    assert new_lines(pinned, after, f"{FOLDER}/pin_test.go") == ['\tExpect(names).To(ConsistOf("neo-cppanvil", "ds4"))']


def test_the_whole_plan_is_proven_and_taken_back(checkout: Checkout) -> None:
    pinned = checkout.with_changes({f"{FOLDER}/pin_test.go": TESTS})
    plan = plan_create(spec(**WANTED), pinned)
    assert plan.by_hand == ()
    after = planned(plan, pinned)
    back = plan_remove("ds4", after)
    for change in back.changes(back.texts(after)):
        assert change.after == pinned.read(change.path), change.path


def test_importers_with_hugging_face_details_get_a_test(checkout: Checkout) -> None:
    details = (
        "\tPreferences json.RawMessage\n}",
        "\tPreferences json.RawMessage\n\tHuggingFace *hfapi.ModelDetails\n}",
    )
    real = edited(checkout, REGISTRY, details)
    after = round_trip(ImporterDropIn(), real, spec(**WANTED))
    text = after.need(f"{FOLDER}/ds4_drop_in_test.go")
    assert "&importers.CppanvilImporter{}" in text
    assert gofmt_changes(text) == ""


@pytest.mark.parametrize("of", ["pywhistle", "nobody"])
def test_a_host_without_drop_ins_is_left_to_a_person(checkout: Checkout, of: str) -> None:
    (change,) = ImporterDropIn().plan(checkout, spec(**{"import": {"kind": "drop-in", "of": of}})).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert '{Name: "ds4"' in change.snippet
    assert ImporterDropIn().files(checkout, spec(**{"import": {"kind": "drop-in", "of": of}})) == {}


def test_a_host_that_lists_the_names_nowhere_else_is_said_to(checkout: Checkout) -> None:
    odd = edited(checkout, HOST, ('b == i.Name() || b == "neo-cppanvil"', "known(b)"))
    outcomes = [change.outcome for change in ImporterDropIn().plan(odd, spec(**WANTED)).changes]
    assert sum(isinstance(outcome, AnchorMissing) for outcome in outcomes) == 1


def test_the_only_name_of_a_list_is_not_dropped_blindly(checkout: Checkout) -> None:
    cased = edited(checkout, HOST, ("\treturn strings.HasSuffix", f"{SWITCH}\treturn strings.HasSuffix"))
    outcomes = {change.outcome.line: change.outcome for change in ImporterDropIn().revert(cased, "neo-cppanvil")}
    assert [isinstance(outcome, AnchorMissing) for outcome in outcomes.values()].count(True) == 1


def test_checkouts_without_drop_ins_are_skipped(checkout: Checkout) -> None:
    bare = edited(checkout, REGISTRY, ("AdditionalBackendsProvider", "Other"))
    assert ImporterDropIn().plan(bare, spec(**WANTED)).skipped

"""Engines are ranked only on request, in the engine table and never in its siblings."""

from __future__ import annotations

import pytest
from place_trip import edited, gofmt_changes, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create
from newbackend.registrations.engine_preference.place import PATH, EnginePreference
from newbackend.spec import BackendSpec
from newbackend.splice.outcome import AnchorMissing, Drifted


def ranked(name: str = "ds4", **asked: str) -> BackendSpec:
    return spec(name=name, overrides={"places": {"engine-preference": asked}})


def test_nothing_is_wanted_unless_asked(checkout: Checkout) -> None:
    assert EnginePreference().plan(checkout, spec()).changes == ()


def test_it_stands_ahead_of_the_engine_that_was_named_or_last(checkout: Checkout) -> None:
    after = round_trip(EnginePreference(), checkout, ranked(nvidia="goquill", metal="cppanvil", default=""))
    assert new_lines(checkout, after, PATH) == [
        '\tengineDs4      = "ds4"',
        "\t{Nvidia, []string{engineCppanvil, engineDs4, engineGoquill}},",
        "\t{metal, []string{engineDs4, engineCppanvil, engineGoquill}},",
        "\t{defaultCapability, []string{engineGoquill, engineCppanvil, engineDs4}},",
    ]
    assert gofmt_changes(after.need(PATH)) == ""


def test_a_longer_name_moves_no_other_constant(checkout: Checkout) -> None:
    after = round_trip(EnginePreference(), checkout, ranked("much-longer-engine", nvidia="cppanvil"))
    assert '\n\n\tengineMuchLongerEngine = "much-longer-engine"\n)' in after.need(PATH)
    assert gofmt_changes(after.need(PATH)) == ""


def test_the_sibling_tables_are_never_touched(checkout: Checkout) -> None:
    after = round_trip(EnginePreference(), checkout, ranked(nvidia="cppanvil"))
    table = "var backendBuildTagPreferenceRules"
    assert (
        after.need(PATH).partition(table)[2].partition("\n}\n")[0]
        == (checkout.need(PATH).partition(table)[2].partition("\n}\n")[0])
    )


@pytest.mark.parametrize("asked", [{"quantum": "cppanvil"}, {"nvidia": "unheard-of"}])
def test_words_that_the_table_does_not_have_are_refused(checkout: Checkout, asked: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        EnginePreference().plan(checkout, ranked(**asked))


def test_a_rank_that_is_not_the_wanted_one_is_drift(checkout: Checkout) -> None:
    after = round_trip(EnginePreference(), checkout, ranked(nvidia=""))
    changes = EnginePreference().plan(after, ranked(nvidia="cppanvil")).changes
    assert [type(change.outcome) for change in changes if "Rank" in change.reason or "ranks" in change.reason] == [
        Drifted
    ]


def test_a_row_on_several_lines_is_left_to_a_person(checkout: Checkout) -> None:
    row = "\t{Nvidia, []string{engineCppanvil, engineGoquill}},"
    start = checkout.need(PATH).index("engineNamePreferenceRules = ")
    text = checkout.need(PATH)
    odd = checkout.with_changes(
        {PATH: text[:start] + text[start:].replace(row, row.replace("{engine", "{\n\t\tengine", 1), 1)}
    )
    outcomes = [change.outcome for change in EnginePreference().plan(odd, ranked(nvidia="cppanvil")).changes]
    assert any(isinstance(outcome, AnchorMissing) for outcome in outcomes)


def test_older_checkouts_have_no_such_table(checkout: Checkout) -> None:
    bare = edited(checkout, PATH, ("engineNamePreferenceRules", "otherRules"))
    assert EnginePreference().plan(bare, ranked(nvidia="cppanvil")).skipped


def test_tests_that_lock_the_order_are_named(checkout: Checkout) -> None:
    text = 'package system\n\nvar _ = Describe("EnginePreferenceTokens", func() {})\n'
    locked = checkout.with_changes({"pkg/system/capabilities_test.go": text})
    plan = plan_create(ranked(nvidia="cppanvil"), locked)
    assert [(one.path, one.line) for one in plan.by_hand] == [("pkg/system/capabilities_test.go", 3)]
    assert "nvidia: ds4 ahead of cppanvil" in plan.manual[0].snippet

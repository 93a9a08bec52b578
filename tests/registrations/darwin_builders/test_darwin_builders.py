"""The path filter's two tables about macOS builds."""

from __future__ import annotations

from pathlib import Path

import pytest
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.filter_engine import path_filter
from newbackend.checkout.layout import FILTER_MODULE, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.registrations.darwin_builders.place import DarwinBuilders
from newbackend.splice.outcome import AnchorMissing

METAL = ["cpu", "metal"]
SET = '  "cppanvil",\n  "cppreed",\n]'


def test_both_tables_know_the_backend(checkout: Checkout) -> None:
    after = round_trip(DarwinBuilders(), checkout, spec(variants=METAL))
    engine = path_filter(after)
    rule = 'SHARED_BUILD_INPUTS.find(r => r.matches("scripts/build/ds4-darwin.sh"))'
    rows = '[{backend: "ds4", lang: "go"}, {backend: "goquill", lang: "go"}]'
    assert engine.call(f"{rows}.map({rule}.darwin)", list) == [True, False]
    assert engine.call(f"{rule}.linux({{}})", bool) is False
    assert engine.call(f"{rows}.map(isDarwinGenericGo)", list) == [False, True]


def test_no_other_file_changes_its_rule(checkout: Checkout) -> None:
    after = round_trip(DarwinBuilders(), checkout, spec(variants=METAL))
    files = ["scripts/build/cppreed-darwin.sh", "scripts/build/other.sh", "backend/backend.proto", "Makefile"]
    asked = f"{files!r}.map(f => String((SHARED_BUILD_INPUTS.find(x => x.matches(f)) || {{}}).matches))"
    assert path_filter(after).call(asked, list) == path_filter(checkout).call(asked, list)


def test_lines_are_only_added(checkout: Checkout) -> None:
    after = round_trip(DarwinBuilders(), checkout, spec(variants=METAL))
    assert '  "ds4",' in new_lines(checkout, after, FILTER_MODULE)
    assert set(checkout.need(FILTER_MODULE).splitlines()) <= set(after.need(FILTER_MODULE).splitlines())


def test_a_set_on_one_line_grows_on_it(checkout: Checkout) -> None:
    short = edited(checkout, FILTER_MODULE, (f"[\n{SET}", '["cppanvil", "cppreed"]'))
    after = round_trip(DarwinBuilders(), short, spec(variants=METAL))
    assert '["cppanvil", "cppreed", "ds4"]' in after.need(FILTER_MODULE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SET, '  "cppanvil",\n  "cppreed"\n]'),
        (SET, "]"),
        ("-darwin.sh", "-macos.sh"),
    ],
)
def test_a_table_of_another_shape_is_left_to_a_person(checkout: Checkout, old: str, new: str) -> None:
    odd = edited(checkout, FILTER_MODULE, (old, new))
    outcomes = [change.outcome for change in DarwinBuilders().plan(odd, spec(variants=METAL)).changes]
    assert any(isinstance(outcome, AnchorMissing) for outcome in outcomes)


def test_a_table_that_is_computed_is_not_recognised(checkout: Checkout) -> None:
    odd = edited(checkout, FILTER_MODULE, ("new Set([\n", "makeSet([\n"))
    probe = DarwinBuilders().probe(odd)
    assert "DARWIN_BESPOKE_BUILDERS" in probe.unrecognised
    changes = DarwinBuilders().plan(odd, spec(variants=METAL)).changes
    assert [change.snippet.strip().splitlines()[0] for change in changes] == ['"ds4",', "{"]


def test_older_checkouts_have_no_tables(old_sample: Path) -> None:
    assert "no tables about macOS" in DarwinBuilders().plan(open_checkout(old_sample), spec(variants=METAL)).skipped


def test_a_name_inside_another_stays(checkout: Checkout) -> None:
    after = round_trip(DarwinBuilders(), checkout, spec(name="reed", variants=METAL))
    assert '"cppreed",' in after.need(FILTER_MODULE)

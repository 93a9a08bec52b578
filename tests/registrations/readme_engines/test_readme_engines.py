"""The README's table of engines that the project itself maintains."""

from __future__ import annotations

from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.registrations.readme_engines.place import PATH, ReadmeEngines
from newbackend.splice.outcome import AnchorMissing

TABLE = "| Backend | What it does |\n|---------|-------------|\n"


def test_only_an_in_house_engine_is_listed(checkout: Checkout) -> None:
    assert ReadmeEngines().plan(checkout, spec()).changes == ()
    after = round_trip(ReadmeEngines(), checkout, spec(docs={"in_house": True}))
    assert new_lines(checkout, after, PATH) == [
        "| [ds4](https://github.com/antirez/ds4) | DeepSeek V4 Flash inference engine |"
    ]


def test_a_readme_without_the_table_wants_nothing(checkout: Checkout) -> None:
    older = edited(checkout, PATH, ("What it does", "Purpose"))
    assert "no table of engines" in ReadmeEngines().plan(older, spec(docs={"in_house": True})).skipped


def test_two_such_tables_are_left_to_a_person(checkout: Checkout) -> None:
    odd = edited(checkout, PATH, (TABLE, f"{TABLE}\n{TABLE}"))
    (change,) = ReadmeEngines().plan(odd, spec(docs={"in_house": True})).changes
    assert isinstance(change.outcome, AnchorMissing)
    assert change.snippet.startswith("| [ds4]")

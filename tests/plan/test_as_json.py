"""The plan's JSON is complete, stable and distrusted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.plan.as_json import plan_from_json, plan_to_json
from newbackend.plan.build import plan_create
from newbackend.registrations.remaining import remaining


@pytest.fixture
def data(checkout: Checkout) -> dict[str, Any]:
    return {**plan_to_json(plan_create(spec(), checkout, remaining=remaining))}


def test_a_plan_survives_the_way_through_json(checkout: Checkout) -> None:
    plan = plan_create(spec(), checkout, remaining=remaining)
    assert plan_from_json(json.dumps(plan_to_json(plan)), "here") == plan


def test_a_plan_of_an_earlier_newbackend_needs_everything_that_it_leaves(data: dict[str, Any]) -> None:
    assert data["manual"], "the placeholder engine at least"
    assert {row.pop("needed") for row in data["manual"]} == {False}
    assert plan_from_json(json.dumps(data), "here").to_do == ()


def test_the_fixed_keys_are_there(data: dict[str, Any]) -> None:
    assert data["schema"] == "newbackend/plan/1"
    assert set(data) >= {"schema", "answers", "base", "edits", "manual"}
    assert data["answers"]["name"] == "ds4"
    for edit in data["edits"]:
        assert set(edit) >= {"path", "op", "mode", "rule", "reason", "outcome", "diff"}
        assert edit["path"] in data["base"]
        assert edit["outcome"] == "inserted"
        assert edit["diff"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.update(schema="newbackend/plan/2"),
        lambda d: d.pop("base"),
        lambda d: d["base"].clear(),
        lambda d: d["edits"][0].update(op="chmod"),
        lambda d: d["edits"][0].pop("content"),
        lambda d: d["edits"][0].update(path=5),
        lambda d: d.update(edits={}, base=[]),
    ],
)
def test_a_plan_that_is_not_one_is_refused_in_one_sentence(data: dict[str, Any], damage: Any) -> None:
    damage(data)
    with pytest.raises(UsageError) as caught:
        plan_from_json(json.dumps(data), "p.json")
    assert "\n" not in caught.value.sentence()


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(UsageError, match="not JSON"):
        plan_from_json("{", "p.json")

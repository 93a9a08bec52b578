"""The gated step and the exclusion in the workflow that builds on macOS."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.registrations.darwin_workflow.place import PATH, DarwinWorkflow
from newbackend.splice.outcome import AnchorMissing

METAL = ["cpu", "metal"]
GENERIC = "if: inputs.backend != 'cppanvil' && inputs.backend != 'cppreed'"


def steps(text: str) -> list[dict[str, str]]:
    found = yaml.safe_load(text)["jobs"]["darwin-backend-build"]["steps"]
    assert isinstance(found, list)
    return found


def test_the_step_goes_in_front_of_the_generic_one(any_sample: Path) -> None:
    checkout = open_checkout(any_sample)
    after = round_trip(DarwinWorkflow(), checkout, spec(variants=METAL))
    names = [step["name"] for step in steps(after.need(PATH))]
    at = names.index("Build ds4 backend (Darwin Metal)")
    assert names[at + 1] == "Build ${{ inputs.backend }}-darwin"
    step, generic = steps(after.need(PATH))[at : at + 2]
    assert (step["if"], step["run"]) == ("inputs.backend == 'ds4'", "make backends/ds4-darwin\n")
    assert generic["if"].endswith(" && inputs.backend != 'ds4'")


def test_only_the_condition_of_the_generic_step_changes(checkout: Checkout) -> None:
    after = round_trip(DarwinWorkflow(), checkout, spec(variants=METAL))
    old = [line for line in checkout.need(PATH).splitlines() if line not in after.need(PATH).splitlines()]
    assert [line.strip() for line in old] == [GENERIC]
    assert f"        {GENERIC} && inputs.backend != 'ds4'" in new_lines(checkout, after, PATH)


def test_a_comment_behind_the_last_own_step_stays_with_the_generic_one(checkout: Checkout) -> None:
    noted = edited(checkout, PATH, ("      - name: Build ${{", "      # everything else\n      - name: Build ${{"))
    after = round_trip(DarwinWorkflow(), noted, spec(variants=METAL))
    assert "      # everything else\n      - name: Build ${{" in after.need(PATH)


@pytest.mark.parametrize(
    "condition",
    [
        "if: github.event_name == 'push' && inputs.backend != 'cppanvil'",
        "if: >-\n          inputs.backend != 'cppanvil'",
        "if: \"inputs.backend != 'cppanvil'\"",
        "if: inputs.backend != 'cppanvil' # and others",
    ],
)
def test_a_condition_of_another_shape_is_left_to_a_person(checkout: Checkout, condition: str) -> None:
    odd = edited(checkout, PATH, (GENERIC, condition))
    changes = DarwinWorkflow().plan(odd, spec(variants=METAL)).changes
    exclusion = next(change for change in changes if "REG122" in change.rules)
    assert isinstance(exclusion.outcome, AnchorMissing)
    assert exclusion.snippet == " && inputs.backend != 'ds4'"


def test_the_last_exclusion_is_not_taken_out_of_its_condition(checkout: Checkout) -> None:
    odd = edited(checkout, PATH, (GENERIC, "if: inputs.backend != 'cppreed'"))
    changes = list(DarwinWorkflow().revert(odd, "cppreed"))
    assert [isinstance(change.outcome, AnchorMissing) for change in changes] == [False, True]


@pytest.mark.parametrize(("old", "new"), [("    steps:", "    stages:"), ("jobs:", "jobs: [")])
def test_a_workflow_that_cannot_be_read_is_said_to_be_so(checkout: Checkout, old: str, new: str) -> None:
    odd = edited(checkout, PATH, (old, new))
    changes = DarwinWorkflow().plan(odd, spec(variants=METAL)).changes
    assert all(isinstance(change.outcome, AnchorMissing) for change in changes)
    assert "make backends/ds4-darwin" in changes[0].snippet


def test_without_the_workflow_nothing_is_wanted(checkout: Checkout) -> None:
    bare = checkout.with_changes({PATH: None})
    assert DarwinWorkflow().plan(bare, spec(variants=METAL)).skipped

"""The extra test job and the output that gates it, where the siblings have one, or on request."""

from __future__ import annotations

import pytest
import yaml
from place_trip import edited, new_lines, round_trip
from specs import spec

from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create
from newbackend.registrations.test_workflow.place import PATH, TestWorkflow
from newbackend.splice.outcome import AnchorMissing

ASKED = {"overrides": {"places": {"test-workflow": {"job": True}}}}
LANGS = [
    ("python", "backend/python/ds4", "make --output-sync=target -C backend/python/ds4 test"),
    ("go", "backend/go/ds4", "make -C backend/go/ds4 test"),
    ("cpp", "backend/cpp/ds4", "make -C backend/cpp/ds4 test"),
    ("rust", "backend/rust/ds4", "make -C backend/rust/ds4 ds4-grpc"),
]


def asked(job: object) -> dict[str, object]:
    return {"overrides": {"places": {"test-workflow": {"job": job}}}}


def test_a_backend_gets_a_job_where_one_of_its_language_has_one(checkout: Checkout) -> None:
    assert [change.path for change in TestWorkflow().plan(checkout, spec()).changes] == [PATH, PATH]
    alone = edited(checkout, PATH, ("-C backend/cpp/", "-C backend/elsewhere/"))
    assert TestWorkflow().plan(alone, spec()).changes == ()
    assert len(TestWorkflow().plan(alone, spec(**asked(True))).changes) == 2


def test_the_answers_can_refuse_it_and_kept_files_need_not_have_tests(checkout: Checkout) -> None:
    assert TestWorkflow().plan(checkout, spec(**asked(False))).changes == ()
    kept = {"places": {"scaffold": "keep"}}
    assert TestWorkflow().plan(checkout, spec(overrides=kept)).changes == ()


@pytest.mark.parametrize(("lang", "folder", "command"), LANGS)
def test_a_job_in_the_languages_own_way(checkout: Checkout, lang: str, folder: str, command: str) -> None:
    after = round_trip(TestWorkflow(), checkout, spec(lang=lang, variants=["cpu"], pin=None, **ASKED))
    workflow = yaml.safe_load(after.need(PATH))
    job = workflow["jobs"]["tests-ds4"]
    assert workflow["jobs"]["detect-changes"]["outputs"]["ds4"] == "${{ steps.detect.outputs.ds4 }}"
    assert job["if"].startswith("needs.detect-changes.outputs.ds4 == 'true' || ")
    assert job["steps"][0]["uses"] == "actions/checkout@v7"
    assert any(command in step.get("run", "") for step in job["steps"])
    assert set(checkout.need(PATH).splitlines()) <= set(after.need(PATH).splitlines())


def test_the_job_stands_behind_the_last_of_its_language(checkout: Checkout) -> None:
    after = round_trip(TestWorkflow(), checkout, spec(lang="python", variants=["cpu"], pin=None, **ASKED))
    names = list(yaml.safe_load(after.need(PATH))["jobs"])
    before = names[names.index("tests-ds4") - 1]
    assert before in ("tests-fast-pywhistle", "tests-pywhistle", "tests-pyecho")
    assert not any(name.startswith("tests-py") for name in names[names.index("tests-ds4") + 1 :])


def test_the_whole_plan_is_proven(checkout: Checkout) -> None:
    assert plan_create(spec(**ASKED), checkout).by_hand == ()


@pytest.mark.parametrize(("old", "new"), [("    outputs:\n", "    results:\n"), ("jobs:", "jobs: [")])
def test_a_workflow_of_another_shape_is_left_to_a_person(checkout: Checkout, old: str, new: str) -> None:
    odd = edited(checkout, PATH, (old, new))
    changes = TestWorkflow().plan(odd, spec(**ASKED)).changes
    assert all(isinstance(change.outcome, AnchorMissing) for change in changes)
    assert "tests-ds4:" in changes[1].snippet


def test_a_comment_about_a_job_goes_with_it(checkout: Checkout) -> None:
    noted = edited(checkout, PATH, ("  tests-pyecho:", "  # tests-pyecho: slow\n  tests-pyecho:"))
    splices = [s for change in TestWorkflow().revert(noted, "pyecho") for s in change.outcome.splices]  # type: ignore[union-attr]
    assert any(noted.need(PATH)[s.start : s.end].startswith("  # tests-pyecho: slow") for s in splices)


def test_names_inside_other_names_keep_their_jobs(checkout: Checkout) -> None:
    after = round_trip(TestWorkflow(), checkout, spec(name="whistle", **ASKED))
    assert "tests-fast-pywhistle:" in after.need(PATH)
    assert "      whistle: ${{ steps.detect.outputs.whistle }}" in new_lines(checkout, after, PATH)

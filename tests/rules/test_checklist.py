"""A new backend is judged by the whole checklist; an old one is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import NEWEST

from newbackend.catalog.languages import languages
from newbackend.checklist import GUIDE, NEW_BACKEND
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.findings import Severity, Status
from newbackend.plan.build import plan_create, planned
from newbackend.rules import rules
from newbackend.rules.run import verify

from .omissions import NAME, rich, verdicts

RULES = rules().values()
LINES = {item.text for item in NEW_BACKEND}
# What nobody is told about, and why not.
HARMLESS = {
    "dockerignore REG811": "the Makefile checks the pin out again on every build, so nothing stale is used",
    "readme-engines REG703": "whose engine it is cannot be seen in a checkout",
    "submodules REG820, together": "without the entry and the commit nothing speaks of an upstream",
    "importer-registry core/gallery/importers/NAME_test.go": "a test of the importer: without it nothing works less",
}
# For whom a note is enough: these are no items of the guide's checklist.
NOTES = {"test-workflow REG710", "dockerignore REG811"}


@pytest.fixture(scope="module")
def fresh(_sample_template: Path) -> Checkout:
    return open_checkout(_sample_template)


@pytest.mark.parametrize("item", GUIDE)
def test_each_item_of_the_guide_has_a_rule(item: str) -> None:
    for line in GUIDE[item]:
        assert line in LINES
        decided = [rule for rule in RULES if rule.checklist == line]
        assert any((rule.when_new or rule.severity) is not Severity.NOTE for rule in decided)


def test_each_rule_belongs_to_a_line_of_the_checklist() -> None:
    assert {rule.checklist for rule in RULES if rule.checklist} <= LINES


@pytest.mark.localai
@pytest.mark.xdist_group("localai")
def test_the_guide_has_no_item_that_is_not_known(localai_at: Callable[[str], Path]) -> None:
    text = (localai_at(NEWEST) / ".agents/adding-backends.md").read_text()
    items = [row.replace("*", "") for row in re.findall(r"^- \[ \] (.*)$", text, re.M)]
    assert len(items) > 9
    unknown = [item for item in items if not item.startswith(tuple(GUIDE))]
    assert [item[:6] for item in unknown] == ["`Load`"]  # no checkout shows it


@pytest.mark.parametrize("lang", languages())
def test_nothing_of_it_can_be_left_out_of_a_new_backend(fresh: Checkout, lang: str) -> None:
    found = list(verdicts(fresh, rich(lang, languages()[lang].default_flavour), strictly=(NAME,)))
    assert {one.omission.label for one in found if one.silent} <= HARMLESS.keys()
    assert {one.omission.label for one in found if one.only_a_note} <= NOTES


@pytest.mark.parametrize("lang", languages())
def test_what_create_writes_passes_it(fresh: Checkout, lang: str) -> None:
    spec = rich(lang, languages()[lang].default_flavour)
    report = verify(planned(plan_create(spec, fresh), fresh), names=(NAME,), strict=True)
    left = [finding.rule.id for finding in report.findings if finding.level is not Severity.NOTE]
    assert left == ["REG262"], "no model to try it with was named"


def test_an_old_backend_keeps_its_notes(fresh: Checkout) -> None:
    bare = fresh.with_changes(
        {"Makefile": re.sub(r".*\$\(MAKE\) -C backend/go/goquill.*\n", "", fresh.need("Makefile"))}
    )

    def levels(strict: bool) -> set[tuple[str, str]]:
        report = verify(bare, names=("goquill",), strict=strict)
        return {(one.rule.id, one.level.value) for one in report.findings if one.status is Status.FAIL}

    assert ("REG302", "note") in levels(strict=False)
    assert ("REG302", "warning") in levels(strict=True)


def test_tests_are_asked_of_new_backends_alone(fresh: Checkout) -> None:
    bare = fresh.with_changes({"backend/go/goquill/quill_test.go": None})
    ids = [
        {one.rule.id for one in verify(bare, names=("goquill",), strict=strict).findings} for strict in (False, True)
    ]
    assert "REG836" not in ids[0]
    assert "REG836" in ids[1]


def test_a_reason_in_the_answers_explains_an_os(fresh: Checkout) -> None:
    silent = rich("go", "pure", variants=["cpu"])
    told = rich("go", "pure", variants=["cpu"], os_excluded={"darwin": "it needs Linux"})
    ids = [
        {one.rule.id for one in verify(planned(plan_create(spec, fresh), fresh), names=(NAME,), strict=True).findings}
        for spec in (silent, told)
    ]
    assert "REG117" in ids[0]
    assert "REG117" not in ids[1]

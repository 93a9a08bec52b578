"""JUnit XML: the structure that dashboards read."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given

from newbackend.findings import Report, Severity, Status
from newbackend.report import render

from .sample import CLEAN, FULL, PACKAGE, context, full_with
from .test_report import HOSTILE, hostile_report

_OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def parsed(report: Report) -> ElementTree.Element:
    """The document's root."""
    return ElementTree.fromstring(render(report, "junit", context()))


@pytest.mark.parametrize("report", [FULL, CLEAN, PACKAGE, Report("newbackend/verify/1", "/src")])
def test_the_totals_are_those_of_the_cases(report: Report) -> None:
    root = parsed(report)
    assert root.tag == "testsuites"
    for element in (root, *root):
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        for total, outcome in _OUTCOMES.items():
            assert int(element.attrib[total]) == len(list(element.iter(outcome)))


def test_the_totals_are_those_of_the_report() -> None:
    counts = FULL.summary()
    root = parsed(FULL)
    assert int(root.attrib["failures"]) == counts["error"] + counts["warning"]
    assert int(root.attrib["errors"]) == counts["unknown"]
    assert int(root.attrib["skipped"]) == counts["skipped"] + len(FULL.suppressed)


def test_a_suite_holds_properties_and_then_cases_with_at_most_one_outcome() -> None:
    for suite in parsed(FULL):
        assert suite.tag == "testsuite"
        assert suite[0].tag == "properties"
        assert {child.tag for child in suite[1:]} <= {"testcase"}
        for case in suite.iter("testcase"):
            assert {"classname", "name", "time"} <= set(case.attrib)
            assert len(case) <= 1


def test_every_backend_has_a_suite_and_the_rest_is_the_repository() -> None:
    names = [suite.attrib["name"] for suite in parsed(FULL)]
    assert names == ["agate", "opal", "quartz", "repository"]


def test_a_failure_names_its_severity_and_shows_what_should_stand_there() -> None:
    failures = list(parsed(FULL).iter("failure"))
    assert {failure.attrib["type"] for failure in failures} == {"error", "warning"}
    route = next(failure for failure in failures if "starts no job" in failure.attrib["message"])
    assert 'endsWith("quartz")' in (route.text or "")


def test_a_note_is_no_failure_and_its_case_says_what_was_noted() -> None:
    notes = [found for found in FULL.findings if found.status is Status.FAIL and found.level is Severity.NOTE]
    said = [element.text or "" for element in parsed(FULL).iter("system-out")]
    assert len(said) == len(notes) > 0
    assert said[0].startswith(f"note: {notes[0].message}")


@given(HOSTILE)
def test_any_text_gives_well_formed_xml(text: str) -> None:
    assert len(list(parsed(hostile_report(text)).iter("testcase"))) == 5


def test_markup_in_a_message_stays_text() -> None:
    report = full_with([replace(FULL.findings[0], message="</failure><x a='1'>&")])
    (failure,) = parsed(report).iter("failure")
    assert failure.attrib["message"].startswith("</failure><x a='1'>&")

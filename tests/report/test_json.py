"""The JSON report has exactly the shape that scripts depend on."""

from __future__ import annotations

import json
from dataclasses import replace

from newbackend.findings import Report
from newbackend.report import render

from .sample import FULL, PACKAGE, context, full_with

FINDING_KEYS = [
    "rule",
    "name",
    "severity",
    "confidence",
    "status",
    "backend",
    "subject",
    "path",
    "line",
    "message",
    "expected",
    "related",
    "fix",
    "fingerprint",
]


def test_the_keys_are_the_documented_ones_in_the_documented_order() -> None:
    shown = json.loads(render(FULL, "json", context()))
    assert list(shown) == ["schema", "repo", "layout", "backends", "findings", "suppressed", "summary"]
    assert all(list(found) == FINDING_KEYS for found in shown["findings"])
    assert list(shown["findings"][3]["related"][0]) == ["path", "line"]
    assert list(shown["backends"][0]) == ["name", "lang", "status"]
    assert list(shown["suppressed"][0]) == [*FINDING_KEYS, "suppression"]
    assert list(shown["summary"]) == ["fail", "pass", "skipped", "unknown", "error", "warning", "note"]


def test_a_package_check_has_the_same_shape_with_the_package_as_repo() -> None:
    shown = json.loads(render(PACKAGE, "json", context()))
    assert list(shown) == list(json.loads(render(FULL, "json", context())))
    assert shown["schema"] == "newbackend/package-check/1"
    assert shown["repo"] == "/tmp/package"


def test_an_empty_report_has_every_key() -> None:
    shown = json.loads(render(Report("newbackend/verify/1", "/src"), "json", context()))
    assert shown["findings"] == shown["backends"] == shown["suppressed"] == []
    assert set(shown["summary"].values()) == {0}


def test_an_undecodable_file_name_survives_and_the_output_is_ascii() -> None:
    report = full_with([replace(FULL.findings[0], path="ü\udcff.yml")])
    shown = render(report, "json", context())
    assert shown.isascii()
    assert json.loads(shown)["findings"][0]["path"] == "ü\udcff.yml"

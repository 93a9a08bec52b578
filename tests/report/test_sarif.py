"""SARIF against the real 2.1.0 schema, and what GitHub needs beyond it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from newbackend.findings import Location, Report, Severity
from newbackend.report import render
from newbackend.report import sarif as sarif_format

from .sample import CLEAN, FULL, PACKAGE, context, full_with

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def run_of(report: Report) -> dict[str, Any]:
    """The only run of the report's log, after validation."""
    log = json.loads(render(report, "sarif", context()))
    VALIDATOR.validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_the_schema_itself_refuses_what_is_not_sarif() -> None:
    log = json.loads(render(FULL, "sarif", context()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(log)


@pytest.mark.parametrize("report", [FULL, CLEAN, PACKAGE, Report("newbackend/verify/1", "/src")])
def test_every_report_is_valid_sarif(report: Report) -> None:
    run = run_of(report)
    assert len(run["results"]) == len(report.findings) + len(report.suppressed)


def test_every_rule_that_occurs_is_described_and_pointed_at() -> None:
    run = run_of(FULL)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    for notification in run["invocations"][0]["toolExecutionNotifications"]:
        reference = notification["associatedRule"]
        assert rules[reference["index"]]["id"] == reference["id"]
    assert [rule["id"] for rule in rules] == sorted({rule["id"] for rule in rules})
    assert all(rule["help"]["markdown"].startswith(f"# {rule['id']}") for rule in rules)


def test_results_come_worst_first_because_github_shows_the_first() -> None:
    levels = [result["level"] for result in run_of(FULL)["results"] if "suppressions" not in result]
    ranks = {"error": 0, "warning": 1, "none": 1, "note": 2}
    assert [ranks[level] for level in levels] == sorted(ranks[level] for level in levels)


def test_a_suppressed_finding_carries_its_reason_and_place() -> None:
    suppressed = [result for result in run_of(FULL)["results"] if "suppressions" in result]
    (suppression,) = suppressed[0]["suppressions"]
    assert len(suppressed) == 1
    assert suppression["kind"] == "inSource"
    assert suppression["justification"] == "held until the upstream API settles"
    assert suppression["location"]["physicalLocation"]["region"] == {"startLine": 3}


def test_an_unknown_is_open_and_never_a_pass() -> None:
    run = run_of(FULL)
    (unknown,) = [result for result in run["results"] if result["kind"] == "open"]
    assert unknown["level"] == "none"
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["level"] for note in notes] == ["warning", "note"]
    assert notes[1]["message"]["text"] == "REG601 was skipped: this checkout has no BackendCapabilities"


def test_a_fingerprint_knows_neither_line_nor_message() -> None:
    found = FULL.findings[0]
    moved = replace(found, line=found.line + 90, message="in other words", expected="x", severity=Severity.NOTE)
    prints = [
        run_of(full_with([one]))["results"][0]["partialFingerprints"][sarif_format.FINGERPRINT_KEY]
        for one in (found, moved)
    ]
    assert prints[0] == prints[1] == found.fingerprint


@pytest.mark.parametrize("field", ["subject", "path", "backend"])
def test_a_fingerprint_knows_subject_path_and_backend(field: str) -> None:
    found = FULL.findings[0]
    assert replace(found, **{field: "other"}).fingerprint != found.fingerprint  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["a b/c#d?.yml", "x:y/z", "ü/100%.yml"])
def test_a_path_survives_as_a_relative_uri(path: str) -> None:
    run = run_of(full_with([replace(FULL.findings[0], path=path)]))
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert unquote(artifact["uri"]) == path
    assert not set(" #?:") & set(artifact["uri"])
    assert artifact["uriBaseId"] == "%SRCROOT%"
    assert artifact["uriBaseId"] in run["originalUriBaseIds"]


def test_an_undecodable_file_name_keeps_its_bytes() -> None:
    run = run_of(full_with([replace(FULL.findings[0], path="a\udcff.yml")]))
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%FF.yml"


def test_githubs_limits_are_kept_and_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif_format, "MAX_RESULTS", 5)
    monkeypatch.setattr(sarif_format, "MAX_RELATED", 2)
    related = tuple(Location("a", line) for line in range(1, 5))
    many = [replace(FULL.findings[0], subject=str(n), related=related) for n in range(10)]
    run = run_of(full_with(many))
    assert len(run["results"]) == 5
    assert len(run["results"][0]["relatedLocations"]) == 2
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert notes[-1]["message"]["text"] == "6 results left out: GitHub takes 5 of a run."

"""SARIF 2.1.0 as GitHub code scanning reads it.

Relative POSIX URIs under %SRCROOT%, 1-based lines, a rule for every id that occurs, suppressions with
their reason. A check that could not run is a result of kind `open` ("not enough information to
decide", SARIF 3.27.9) and a notification; a skipped one is a notification. `expected` goes into the
message and not into `fixes`: whether it inserts or replaces is not known here.

No `primaryLocationLineHash` is given: the upload action computes it and warns about every result whose
value differs from its own. Ours is in `partialFingerprints` under a key of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from newbackend.findings import Confidence, Finding, Location, Report, Rule, Severity, Status, Suppressed
from newbackend.report.context import RenderContext
from newbackend.report.rule_page import family_of, rule_markdown, rule_text
from newbackend.report.wording import message, plural, skip_reasons, verb_of
from newbackend.sanitize import one_line, printable

Json = dict[str, object]

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT_KEY = "newbackend/v1"

# GitHub rejects a run with more results, and a result with more than 1,000 locations (it shows 100).
MAX_RESULTS = 25_000
MAX_RELATED = 100

_PRECISION = {Confidence.CERTAIN: "very-high", Confidence.LIKELY: "high", Confidence.POSSIBLE: "medium"}
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}


def render(report: Report, *, context: RenderContext) -> str:
    """`report` as one SARIF log with one run."""
    rules = _Rules(report)
    live = sorted(report.findings, key=lambda finding: (finding.level.rank, finding.sort_key()))
    results = [
        *(_result(finding, rules) for finding in live),
        *(_result(entry.finding, rules) | _suppression(entry) for entry in report.suppressed),
    ]
    run: Json = {
        "tool": {"driver": {"name": "newbackend", "version": context.tool_version, "rules": rules.descriptors()}},
        "automationDetails": {"id": f"newbackend/{verb_of(report)}/"},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of what was checked."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_notifications(report, rules, len(results))),
            }
        ],
        "results": results[:MAX_RESULTS],
        "properties": {"summary": report.summary()},
    }
    return json.dumps({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


class _Rules:
    """The rules a report mentions, in id order, and their places in that order."""

    def __init__(self, report: Report) -> None:
        findings = [*report.findings, *(entry.finding for entry in report.suppressed)]
        skipped = [check.rule for check in report.checked if check.status is Status.SKIPPED]
        by_id = {rule.id: rule for rule in [*(f.rule for f in findings), *skipped]}
        self._rules = [by_id[rule_id] for rule_id in sorted(by_id)]
        self._index = {rule.id: place for place, rule in enumerate(self._rules)}

    def descriptors(self) -> list[Json]:
        """The `rules` array."""
        return [_descriptor(rule) for rule in self._rules]

    def reference(self, rule_id: str) -> Json:
        """A pointer into that array."""
        return {"id": rule_id, "index": self._index[rule_id]}


def _descriptor(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": f"{rule.what} {rule.why}".strip()},
        "help": {"text": rule_text(rule), "markdown": rule_markdown(rule)},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {
            "tags": ["localai", family_of(rule)[1]],
            "precision": _PRECISION[rule.confidence],
            "problem.severity": _PROBLEM[rule.severity],
        },
    }


def _result(finding: Finding, rules: _Rules) -> Json:
    unknown = finding.status is Status.UNKNOWN
    result: Json = {
        "ruleId": finding.rule.id,
        "ruleIndex": rules.reference(finding.rule.id)["index"],
        "kind": "open" if unknown else "fail",
        "level": "none" if unknown else finding.level.value,
        "message": {"text": _text(finding)},
        "locations": [_location(finding)],
        "partialFingerprints": {FINGERPRINT_KEY: finding.fingerprint},
        "properties": {
            "backend": printable(finding.backend),
            "subject": printable(finding.subject),
            "confidence": finding.certainty.value,
            "fix": finding.fixable.value,
            "expected": printable(finding.expected),
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_physical(where), "message": {"text": f"See {one_line(where.path)}."}}
            for number, where in enumerate(finding.related[:MAX_RELATED], start=1)
        ]
    return result


def _text(finding: Finding) -> str:
    text = message(finding)
    if finding.status is Status.UNKNOWN:
        text = f"Could not be checked: {text}"
    return f"{text}\n\nExpected:\n{printable(finding.expected.rstrip())}" if finding.expected else text


def _location(finding: Finding) -> Json:
    named: list[Json] = []
    if finding.subject or finding.backend:
        full = "/".join(filter(None, (finding.backend, finding.subject)))
        name = finding.subject or finding.backend
        named = [{"name": printable(name), "fullyQualifiedName": printable(full), "kind": "resource"}]
    place = _physical(Location(finding.path, finding.line))
    return {**place, "logicalLocations": named} if named else place


def _physical(where: Location) -> Json:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(where.path), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": max(where.line, 1)},
        }
    }


def _uri(path: str) -> str:
    """A relative URI reference; a file name that is not UTF-8 keeps its bytes."""
    try:
        return quote(path, safe="/", errors="surrogateescape")
    except UnicodeEncodeError:
        return quote(printable(path), safe="/")


def _suppression(entry: Suppressed) -> Json:
    return {
        "suppressions": [
            {
                "kind": entry.kind,
                "status": "accepted",
                "justification": printable(entry.reason),
                "location": _physical(entry.where),
            }
        ]
    }


def _notifications(report: Report, rules: _Rules, total: int) -> Iterator[Json]:
    for finding in report.findings:
        if finding.status is Status.UNKNOWN:
            yield _notification("warning", _text(finding), rules.reference(finding.rule.id), [_location(finding)])
    for reason, ids, _ in skip_reasons(report):
        for rule_id in ids:
            yield _notification("note", f"{rule_id} was skipped: {reason}", rules.reference(rule_id), [])
    if total > MAX_RESULTS:
        text = f"{plural(total - MAX_RESULTS, 'result')} left out: GitHub takes {MAX_RESULTS} of a run."
        yield _notification("warning", text, None, [])


def _notification(level: str, text: str, rule: Json | None, locations: Iterable[Json]) -> Json:
    optional: Json = {"associatedRule": rule} if rule else {}
    if places := list(locations):
        optional["locations"] = places
    return {"level": level, "message": {"text": text}, **optional}

"""The JSON report. Scripts depend on its shape.

`package check` has the same shape with the package as `repo` and its own schema string. Non-ASCII is
escaped, so a file name that is not UTF-8 survives and no terminal encoding can break the output.
"""

from __future__ import annotations

import json
from typing import Annotated, NotRequired, TypedDict

from newbackend.findings import Confidence, Finding, Fix, Report, Severity, Status, Suppressed
from newbackend.report.context import RenderContext


class PlaceJson(TypedDict):
    """A place in a file."""

    path: Annotated[str, "Relative to the checkout, or to the package."]
    line: Annotated[int, "Counted from 1; for something that is missing, where it belongs."]


class FindingJson(PlaceJson):
    """One failed check, or one that could not run."""

    rule: Annotated[str, "The id of the rule, which is never reused, such as REG401."]
    name: Annotated[str, "The name of the rule, such as route-missing."]
    severity: Severity
    confidence: Confidence
    status: Annotated[Status, "fail, or unknown when it could not be decided."]
    backend: Annotated[str, 'The backend that it is about; "" for none.']
    subject: Annotated[str, "What it is about: a tag suffix, an entry, a library."]
    message: str
    expected: Annotated[str, 'The text that belongs there; "" when there is none to paste.']
    related: list[PlaceJson]
    fix: Annotated[Fix, "safe: --fix repairs it; unsafe: --unsafe-fixes does."]
    fingerprint: Annotated[str, "The same for the same rule, backend, subject and path, whatever the line."]


class SuppressionJson(PlaceJson):
    """Who silenced a finding, and why."""

    reason: str
    kind: Annotated[str, "inSource or external."]


class SuppressedJson(FindingJson):
    """A finding that was silenced."""

    suppression: SuppressionJson


class BackendJson(TypedDict):
    """One backend that was looked at."""

    name: str
    lang: Annotated[str, 'Its language; "" when it has no directory.']
    status: Status


# `pass` is a keyword of Python, so these keys are declared as a call.
SummaryJson = TypedDict(
    "SummaryJson",
    {"fail": int, "pass": int, "skipped": int, "unknown": int, "error": int, "warning": int, "note": int},
)


class ChecklistLineJson(TypedDict):
    """One line of the checklist for a new backend."""

    text: str
    done: bool
    note: str


class ReportJson(TypedDict):
    """A report of `verify`, `package check` or `gallery check`."""

    schema: str
    repo: Annotated[str, "The checkout, or the package."]
    layout: Annotated[dict[str, object], "What was probed; its keys differ between revisions."]
    backends: list[BackendJson]
    findings: list[FindingJson]
    suppressed: list[SuppressedJson]
    summary: Annotated[SummaryJson, "The number of checks by result, and of failures by severity."]
    base: NotRequired[Annotated[str, "The commit that --base compared with."]]
    healed: NotRequired[Annotated[list[FindingJson], "What the base has and the work tree no longer."]]
    checklists: NotRequired[Annotated[dict[str, list[ChecklistLineJson]], "For each backend judged as a new one."]]


def render(report: Report, *, context: RenderContext) -> str:  # noqa: ARG001 - every format has this signature
    """`report` as indented JSON."""
    return json.dumps(as_json(report), indent=2) + "\n"


def as_json(report: Report) -> ReportJson:
    """`report` as plain values, in the documented order."""
    whole: ReportJson = {
        "schema": report.schema,
        "repo": report.root,
        "layout": report.layout,
        "backends": [{"name": b.name, "lang": b.lang, "status": b.status} for b in report.backends],
        "findings": [finding_json(finding) for finding in report.findings],
        "suppressed": [_suppressed_json(entry) for entry in report.suppressed],
        "summary": summary_json(report),
    }
    if report.base:
        whole["base"] = report.base
        whole["healed"] = [finding_json(finding) for finding in report.healed]
    if report.checklists:
        whole["checklists"] = _checklists(report)
    return whole


def summary_json(report: Report) -> SummaryJson:
    """The counts of a report."""
    n = report.summary()
    return {
        "fail": n["fail"], "pass": n["pass"], "skipped": n["skipped"], "unknown": n["unknown"],
        "error": n["error"], "warning": n["warning"], "note": n["note"],
    }  # fmt: skip


def _checklists(report: Report) -> dict[str, list[ChecklistLineJson]]:
    """Backend -> the lines of its checklist, for backends that were judged as new ones."""
    return {
        name: [{"text": line.text, "done": line.ticked, "note": line.note} for line in lines]
        for name, lines in report.checklists.items()
    }


def finding_json(finding: Finding) -> FindingJson:
    """One finding as plain values."""
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": finding.level,
        "confidence": finding.certainty,
        "status": finding.status,
        "backend": finding.backend,
        "subject": finding.subject,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "expected": finding.expected,
        "related": [{"path": where.path, "line": where.line} for where in finding.related],
        "fix": finding.fixable,
        "fingerprint": finding.fingerprint,
    }


def _suppressed_json(entry: Suppressed) -> SuppressedJson:
    """The finding, with reason, kind and place of its suppression."""
    where, kind = entry.where, entry.kind
    return {
        **finding_json(entry.finding),
        "suppression": {"reason": entry.reason, "kind": kind, "path": where.path, "line": where.line},
    }

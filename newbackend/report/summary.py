"""The small form of the JSON report: what is wrong and where, without what a reader can look up.

For a coding agent, whose attention is the scarce thing: no layout, no passing backends, no related places, no
fingerprints. `newbackend rule ID` explains a rule.
"""

from __future__ import annotations

import json
from typing import Annotated, NotRequired, TypedDict

from newbackend.findings import Finding, Fix, Report, Severity, Status
from newbackend.report.context import RenderContext
from newbackend.report.json import SummaryJson, summary_json


class SmallFinding(TypedDict):
    """One finding in a few words."""

    rule: str
    severity: Severity
    status: Annotated[Status, "fail, or unknown when it could not be decided."]
    backend: str
    at: Annotated[str, "path:line."]
    message: str
    expected: NotRequired[Annotated[str, "The text that belongs there."]]
    fix: NotRequired[Annotated[Fix, "safe: --fix repairs it; unsafe: --unsafe-fixes does. Left out: by hand."]]


class SmallReport(TypedDict):
    """The small form of a report."""

    schema: Annotated[str, "That of the whole report, with /summary behind it."]
    findings: list[SmallFinding]
    left_to_tick: NotRequired[Annotated[dict[str, list[str]], "For each new backend the open lines of its checklist."]]
    summary: SummaryJson


def render(report: Report, *, context: RenderContext) -> str:  # noqa: ARG001 - every format has this signature
    """`report` as JSON, indented by one."""
    return json.dumps(as_json(report), indent=1) + "\n"


def as_json(report: Report) -> SmallReport:
    """The findings, worst first."""
    worst = sorted(report.findings, key=lambda finding: finding.level.rank)
    small: SmallReport = {
        "schema": f"{report.schema}/summary",
        "findings": [_finding(finding) for finding in worst],
        "summary": summary_json(report),
    }
    if report.checklists:
        small["left_to_tick"] = {
            name: [f"{line.text} ({line.note})" if line.note else line.text for line in lines if not line.ticked]
            for name, lines in report.checklists.items()
        }
    return small


def _finding(finding: Finding) -> SmallFinding:
    small: SmallFinding = {
        "rule": f"{finding.rule.id} {finding.rule.name}",
        "severity": finding.level,
        "status": finding.status,
        "backend": finding.backend,
        "at": f"{finding.path}:{finding.line}",
        "message": finding.message,
    }
    if finding.expected:
        small["expected"] = finding.expected
    if finding.fixable is not Fix.NONE:
        small["fix"] = finding.fixable
    return small

"""The JSON report. Scripts depend on its shape.

`package check` has the same shape with the package as `repo` and its own schema string. Non-ASCII is
escaped, so a file name that is not UTF-8 survives and no terminal encoding can break the output.
"""

from __future__ import annotations

import json

from newbackend.findings import Finding, Report, Suppressed
from newbackend.report.context import RenderContext


def render(report: Report, *, context: RenderContext) -> str:  # noqa: ARG001 - every format has this signature
    """`report` as indented JSON."""
    return json.dumps(as_json(report), indent=2) + "\n"


def as_json(report: Report) -> dict[str, object]:
    """`report` as plain values, in the documented order."""
    compared: dict[str, object] = {}
    if report.base:
        compared = {"base": report.base, "healed": [finding_json(finding) for finding in report.healed]}
    return {
        "schema": report.schema,
        "repo": report.root,
        "layout": report.layout,
        "backends": [{"name": b.name, "lang": b.lang, "status": b.status.value} for b in report.backends],
        "findings": [finding_json(finding) for finding in report.findings],
        "suppressed": [_suppressed_json(entry) for entry in report.suppressed],
        "summary": report.summary(),
        **compared,
        **({"checklists": _checklists(report)} if report.checklists else {}),
    }


def _checklists(report: Report) -> dict[str, object]:
    """Backend -> the lines of its checklist, for backends that were judged as new ones."""
    return {
        name: [{"text": line.text, "done": line.ticked, "note": line.note} for line in lines]
        for name, lines in report.checklists.items()
    }


def finding_json(finding: Finding) -> dict[str, object]:
    """One finding as plain values."""
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": finding.level.value,
        "confidence": finding.certainty.value,
        "status": finding.status.value,
        "backend": finding.backend,
        "subject": finding.subject,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "expected": finding.expected,
        "related": [{"path": where.path, "line": where.line} for where in finding.related],
        "fix": finding.fixable.value,
        "fingerprint": finding.fingerprint,
    }


def _suppressed_json(entry: Suppressed) -> dict[str, object]:
    """The finding, with reason, kind and place of its suppression."""
    return finding_json(entry.finding) | {
        "suppression": {
            "reason": entry.reason,
            "kind": entry.kind,
            "path": entry.where.path,
            "line": entry.where.line,
        }
    }

"""The JSON report, whose shape scripts depend on (design, section 2).

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
    """`report` as plain values in the order that is documented."""
    compared: dict[str, object] = {}
    if report.base:
        compared = {"base": report.base, "healed": [finding_json(found) for found in report.healed]}
    return {
        "schema": report.schema,
        "repo": report.root,
        "layout": report.layout,
        "backends": [{"name": b.name, "lang": b.lang, "status": b.status.value} for b in report.backends],
        "findings": [finding_json(found) for found in report.findings],
        "suppressed": [_suppressed_json(entry) for entry in report.suppressed],
        "summary": report.summary(),
        **compared,
    }


def finding_json(found: Finding) -> dict[str, object]:
    """One finding as plain values."""
    return {
        "rule": found.rule.id,
        "name": found.rule.name,
        "severity": found.level.value,
        "confidence": found.certainty.value,
        "status": found.status.value,
        "backend": found.backend,
        "subject": found.subject,
        "path": found.path,
        "line": found.line,
        "message": found.message,
        "expected": found.expected,
        "related": [{"path": where.path, "line": where.line} for where in found.related],
        "fix": found.fixable.value,
        "fingerprint": found.fingerprint,
    }


def _suppressed_json(entry: Suppressed) -> dict[str, object]:
    """The finding, and under `suppression` who silenced it: reason, kind and place."""
    return finding_json(entry.finding) | {
        "suppression": {
            "reason": entry.reason,
            "kind": entry.kind,
            "path": entry.where.path,
            "line": entry.where.line,
        }
    }

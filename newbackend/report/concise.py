"""One line per finding, for editors and problem matchers.

`path:line:1: error REG401 message [name]`; a check that could not run has `unknown` instead of the severity. Nothing
else is printed, so the output of a clean run is empty.
"""

from __future__ import annotations

from newbackend.findings import Finding, Report
from newbackend.report.context import RenderContext
from newbackend.report.wording import label, message, place


def render(report: Report, *, context: RenderContext) -> str:  # noqa: ARG001 - every format has this signature
    """The findings of `report`, one per line, in report order."""
    return "".join(f"{_line(finding)}\n" for finding in report.findings)


def _line(finding: Finding) -> str:
    where = place(finding.path, finding.line)
    return f"{where}:1: {label(finding)} {finding.rule.id} {message(finding)} [{finding.rule.name}]"

"""One line per finding, the form that editors and problem matchers read.

`path:line:1: error REG401 message [name]`; a check that could not run says `unknown` in place of the
severity. Nothing else is printed, so the output of a clean run is empty.
"""

from __future__ import annotations

from newbackend.findings import Finding, Report
from newbackend.report.context import RenderContext
from newbackend.report.wording import label, message, place


def render(report: Report, *, context: RenderContext) -> str:  # noqa: ARG001 - every format has this signature
    """The findings of `report`, one per line, in report order."""
    return "".join(f"{_line(found)}\n" for found in report.findings)


def _line(found: Finding) -> str:
    where = place(found.path, found.line)
    return f"{where}:1: {label(found)} {found.rule.id} {message(found)} [{found.rule.name}]"

"""GitHub workflow commands: one annotation per finding.

GitHub shows ten annotations of each kind per step and silently drops the rest (actions/toolkit, problem-matchers.md).
So the worst come first, each kind stops at ten, and the last line counts the others. Annotations have no column,
because GitHub misplaces those with a column that span lines.
"""

from __future__ import annotations

from newbackend.findings import Finding, Report, Severity, Status
from newbackend.report.context import RenderContext
from newbackend.report.wording import counts, message, passes, verb_of
from newbackend.sanitize import one_line, printable

PER_KIND = 10

# The summary at the end is a notice too.
_LIMITS = {"error": PER_KIND, "warning": PER_KIND, "notice": PER_KIND - 1}


def render(report: Report, *, context: RenderContext) -> str:  # noqa: ARG001 - every format has this signature
    """At most ten commands of each kind, errors first; the last line is a notice with all counts."""
    lines: list[str] = []
    left_out: list[str] = []
    for kind, limit in _LIMITS.items():
        of_kind = [finding for finding in report.findings if _kind(finding) == kind]
        lines += [_annotation(kind, finding) for finding in of_kind[:limit]]
        if (more := len(of_kind) - limit) > 0:
            left_out.append(f"{more} more {kind}{'s' if more > 1 else ''}")
    rest = f"; not shown here: {', '.join(left_out)}" if left_out else ""
    closing = command("notice", {"title": f"newbackend {verb_of(report)}"}, f"{counts(report)}; {passes(report)}{rest}")
    return "\n".join([*lines, closing]) + "\n"


def command(kind: str, properties: dict[str, str], text: str) -> str:
    """One workflow command, with its values escaped so that no text can end it or start another one."""
    inside = ",".join(f"{key}={escape_property(value)}" for key, value in properties.items())
    return f"::{kind} {inside}::{escape_data(text)}"


def escape_data(text: str) -> str:
    """The message part: `%`, CR and LF (actions/toolkit, command.ts)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """A property's value: as in the message, and `:` and `,`."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _kind(finding: Finding) -> str:
    if finding.status is Status.UNKNOWN:
        return "warning"
    return {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}[finding.level]


def _annotation(kind: str, finding: Finding) -> str:
    title = f"{finding.rule.id} {finding.rule.name}"
    text = message(finding)
    if finding.status is Status.UNKNOWN:
        title, text = f"{title}: unknown", f"Could not be checked: {text}"
    if finding.expected:
        text += f"\nExpected:\n{printable(finding.expected.rstrip())}"
    properties = {"file": one_line(finding.path), "line": str(finding.line), "title": title}
    return command(kind, properties, text)

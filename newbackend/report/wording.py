"""Counts and labels that all formats share."""

from __future__ import annotations

from newbackend.findings import Confidence, Finding, Fix, Report, Status
from newbackend.sanitize import one_line

REPOSITORY = "repository"
"""The group of findings that belong to no single backend."""


def verb_of(report: Report) -> str:
    """The verb that made a report, from its schema: `newbackend/verify/1` gives `verify`."""
    parts = report.schema.split("/")
    return parts[1] if len(parts) > 2 else report.schema


def ownerless(report: Report) -> str:
    """The group of findings without a backend: the repository, or the checked package."""
    return report.backends[0].name if verb_of(report) == "package" and report.backends else REPOSITORY


def label(finding: Finding) -> str:
    """`error`, `warning`, `note`, or `unknown` for a check that could not run."""
    return "unknown" if finding.status is Status.UNKNOWN else finding.level.value


def doubt(finding: Finding) -> str:
    """` (likely)` or ` (possible)`; nothing when the rule is certain."""
    return "" if finding.certainty is Confidence.CERTAIN else f" ({finding.certainty.value})"


def message(finding: Finding) -> str:
    """The message on one line, with its confidence."""
    return one_line(finding.message) + doubt(finding)


def place(path: str, line: int) -> str:
    """`path:line`, on one line whatever the file is called."""
    return f"{one_line(path)}:{line}"


def plural(count: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counts(report: Report) -> str:
    """`0 errors, 0 warnings, 2 notes`, with `ok: ` before it when nothing is wrong or unknown.

    What could not be checked and what is suppressed is counted where there is any.
    """
    n = report.summary()
    parts = [plural(n[level], level) for level in ("error", "warning", "note")]
    parts += [f"{n['unknown']} unknown"] if n["unknown"] else []
    parts += [f"{len(report.suppressed)} suppressed"] if report.suppressed else []
    return f"{'ok: ' if clean(report) else ''}{', '.join(parts)}"


def clean(report: Report) -> bool:
    """Whether there is no error, no warning and nothing that could not be checked; notes are no failures."""
    n = report.summary()
    return not (n["error"] or n["warning"] or n["unknown"])


def passes(report: Report) -> str:
    """`96 checks passed, 8 skipped`."""
    n = report.summary()
    return f"{plural(n['pass'], 'check')} passed, {n['skipped']} skipped"


def fixes(report: Report) -> str:
    """How many findings `--fix` and `--unsafe-fixes` would repair; empty when none."""
    safe = sum(f.fixable is Fix.SAFE for f in report.findings)
    unsafe = sum(f.fixable is Fix.UNSAFE for f in report.findings)
    if safe and unsafe:
        return f"{safe} fixable with --fix, {unsafe} more with --unsafe-fixes"
    if safe:
        return f"{safe} fixable with --fix"
    return f"{unsafe} fixable with --unsafe-fixes" if unsafe else ""


def skip_reasons(report: Report, status: Status = Status.SKIPPED) -> tuple[tuple[str, tuple[str, ...], int], ...]:
    """Why checks were skipped, or are unknown: (reason, rule ids, number of checks), in order of appearance.

    Checks with the same reason are merged, so seventy backends without a place are one row.
    """
    rules: dict[str, dict[str, None]] = {}
    totals: dict[str, int] = {}
    for check in report.checked:
        if check.status is status:
            reason = one_line(check.reason) or "no reason given"
            rules.setdefault(reason, {})[check.rule.id] = None
            totals[reason] = totals.get(reason, 0) + 1
    return tuple((reason, tuple(ids), totals[reason]) for reason, ids in rules.items())

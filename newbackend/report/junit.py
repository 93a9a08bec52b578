"""JUnit XML: one suite per backend, one case per check.

A failure keeps its severity in `type`; JUnit has no warnings. A note is no failure: its case passes, and says what was
noted in `system-out`. A check that could not run is an `error`, never a passed case; a suppressed finding is a skipped
case with its reason. There is no time stamp: the same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from newbackend.findings import CheckResult, Finding, Report, Severity, Status, Suppressed
from newbackend.records import dataclass
from newbackend.report.context import RenderContext
from newbackend.report.wording import message, ownerless, place, verb_of
from newbackend.sanitize import one_line, printable


@dataclass(frozen=True, slots=True)
class _Case:
    """One test case: `outcome` is "" for a pass, else the name of the element inside."""

    suite: str
    name: str
    file: str = ""
    line: int = 0
    outcome: str = ""
    kind: str = ""
    summary: str = ""
    body: str = ""


def render(report: Report, *, context: RenderContext) -> str:
    """`report` as one `testsuites` document."""
    suites: dict[str, list[_Case]] = {backend.name: [] for backend in report.backends}
    for case in _cases(report):
        suites.setdefault(case.suite or ownerless(report), []).append(case)
    name = f"newbackend {verb_of(report)}"
    root = ElementTree.Element("testsuites", {"name": name, **_totals([c for s in suites.values() for c in s])})
    for suite, cases in suites.items():
        _add_suite(root, suite, cases, context.tool_version)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _cases(report: Report) -> Iterator[_Case]:
    yield from map(_from_finding, report.findings)
    yield from map(_from_suppressed, report.suppressed)
    yield from map(_from_checked, report.checked)


def _from_finding(finding: Finding) -> _Case:
    unknown = finding.status is Status.UNKNOWN
    lines = [place(finding.path, finding.line), printable(finding.message)]
    if finding.expected:
        lines += ["expected:", printable(finding.expected.rstrip())]
    lines += [f"see {place(where.path, where.line)}" for where in finding.related]
    return _Case(
        suite=finding.backend,
        name=_name(finding),
        file=one_line(finding.path),
        line=finding.line,
        outcome="error" if unknown else "system-out" if finding.level is Severity.NOTE else "failure",
        kind="unknown" if unknown else finding.level.value,
        summary=message(finding),
        body="\n".join(lines),
    )


def _from_suppressed(entry: Suppressed) -> _Case:
    finding = entry.finding
    reason = f"suppressed: {one_line(entry.reason)} ({place(entry.where.path, entry.where.line)})"
    return _Case(finding.backend, _name(finding), one_line(finding.path), finding.line, "skipped", summary=reason)


def _from_checked(check: CheckResult) -> _Case:
    outcome = "skipped" if check.status is Status.SKIPPED else ""
    name = f"{check.rule.id} {check.rule.name}"
    return _Case(check.backend, name, outcome=outcome, summary=one_line(check.reason))


def _name(finding: Finding) -> str:
    subject = one_line(finding.subject)
    return f"{finding.rule.id} {finding.rule.name}" + (f" [{subject}]" if subject else "")


def _add_suite(root: ElementTree.Element, name: str, cases: list[_Case], version: str) -> None:
    suite = ElementTree.SubElement(root, "testsuite", {"name": one_line(name), **_totals(cases)})
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", {"name": "newbackend", "value": version})
    for case in cases:
        _add_case(suite, one_line(name), case)


def _add_case(suite: ElementTree.Element, classname: str, case: _Case) -> None:
    where = {"file": case.file, "line": str(case.line)} if case.file else {}
    element = ElementTree.SubElement(
        suite, "testcase", {"classname": classname, "name": case.name, "time": "0", **where}
    )
    if case.outcome:
        if case.outcome == "system-out":  # takes no attributes
            ElementTree.SubElement(element, case.outcome).text = f"{case.kind}: {case.summary}\n{case.body}"
            return
        kind = {"type": case.kind} if case.kind else {}
        inner = ElementTree.SubElement(element, case.outcome, {**kind, "message": case.summary})
        inner.text = case.body or None


def _totals(cases: list[_Case]) -> dict[str, str]:
    def total(outcome: str) -> str:
        return str(sum(case.outcome == outcome for case in cases))

    return {
        "tests": str(len(cases)),
        "failures": total("failure"),
        "errors": total("error"),
        "skipped": total("skipped"),
        "time": "0",
    }

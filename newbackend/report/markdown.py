"""The ticked checklist and a table of the findings, for a pull request or GITHUB_STEP_SUMMARY.

A box is ticked only when all of its rules ran and none failed; a finding that is only worth knowing is named beside it.
A check that could not run leaves it open, with a note.
An item whose place this checkout does not have gets no box.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import field

from newbackend.findings import Finding, Report, Severity, Status
from newbackend.records import dataclass
from newbackend.report.context import RenderContext
from newbackend.report.markdown_escape import block, code, inline
from newbackend.report.package import package_lines
from newbackend.report.wording import REPOSITORY, counts, label, message, passes, place, plural, skip_reasons, verb_of

# GitHub cuts a pull request description at 65,536 characters; leave room for the author's own words.
_BUDGET = 50_000


@dataclass(slots=True)
class _Item:
    """The results of the rules of one checklist line; dicts are ordered sets."""

    rules: dict[str, None] = field(default_factory=dict)
    ran: set[str] = field(default_factory=set)
    failed: dict[str, None] = field(default_factory=dict)
    noted: dict[str, None] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)
    accepted: dict[str, None] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def silent(self) -> tuple[str, ...]:
        """Rules without any result."""
        return tuple(rule for rule in self.rules if rule not in self.ran and rule not in self.skipped)

    @property
    def is_absent(self) -> bool:
        """Whether every rule was skipped: the item does not apply to this checkout."""
        return not self.ran and not self.silent


def render(report: Report, *, context: RenderContext) -> str:
    """`report` as GitHub-flavoured Markdown."""
    names = [backend.name for backend in report.backends]
    of_whom = f": {inline(names[0])}" if len(names) == 1 else ""
    parts = [f"### newbackend {verb_of(report)}{of_whom}", f"**{counts(report)}**; {passes(report)}"]
    if checklist := list(_checklist(report, context)):
        parts.append("\n".join(checklist))
    if report.findings:
        parts.append(_table(report))
        parts += _expected(_worst_first(report), sum(map(len, parts)))
    if report.healed:
        rows = [f"- healed: {f.rule.id} {inline(f.backend or REPOSITORY)}: {inline(message(f))}" for f in report.healed]
        parts.append("\n".join(rows))
    if report.suppressed:
        parts.append(_suppressed(report))
    if about := [f"- {word}: {inline(text)}" for word, text in package_lines(report)]:
        parts.append("\n".join(about))
    if context.verbose and (reasons := skip_reasons(report)):
        lines = [f"- {inline(reason)} ({plural(total, 'check')}: {', '.join(ids)})" for reason, ids, total in reasons]
        parts.append("\n".join(["Skipped:", "", *lines]))
    return "\n\n".join(parts) + "\n"


def _checklist(report: Report, context: RenderContext) -> Iterator[str]:
    for name, lines in report.checklists.items():
        yield from (f"{inline(name)}:", "")
        for line in lines:
            yield f"- [{'x' if line.ticked else ' '}] {line.text}" + (f" ({inline(line.note)})" if line.note else "")
        yield ""
    if report.checklists:
        return
    several = len(report.backends) > 1
    for text, item in _items(report, context).items():
        yield _line(text, item, several_backends=several)


def _items(report: Report, context: RenderContext) -> dict[str, _Item]:
    """Checklist text -> results; several rules may share a line."""
    items: dict[str, _Item] = defaultdict(_Item)
    for rule in context.rules.values():
        if rule.checklist:
            items[rule.checklist].rules[rule.id] = None
    for finding in report.findings:
        if item := items.get(finding.rule.checklist):
            item.ran.add(finding.rule.id)
            bucket = item.unknown if finding.status is Status.UNKNOWN else item.failed
            if finding.status is Status.FAIL and finding.level is Severity.NOTE:
                bucket = item.noted
            bucket[f"{finding.rule.id} {finding.backend or REPOSITORY}"] = None
    for entry in report.suppressed:
        if item := items.get(entry.finding.rule.checklist):
            item.ran.add(entry.finding.rule.id)
            item.accepted[entry.reason] = None
    for check in report.checked:
        if item := items.get(check.rule.checklist):
            if check.status is Status.SKIPPED:
                item.skipped[check.rule.id] = check.reason
            elif check.status is Status.UNKNOWN:
                item.ran.add(check.rule.id)
                item.unknown[f"{check.rule.id} {check.backend or REPOSITORY}"] = None
            else:
                item.ran.add(check.rule.id)
    return dict(items)


def _line(text: str, item: _Item, *, several_backends: bool) -> str:
    """One line of the checklist. `text` comes from the registry and may hold Markdown of its own."""
    if item.is_absent:
        reasons = dict.fromkeys(item.skipped.values())
        return f"- {text} (not applicable: {_joined(reasons, '; ')})"
    remarks = []
    for word, whose in (("", item.failed), ("could not be checked: ", item.unknown)):
        shown = whose if several_backends else dict.fromkeys(who.split(" ")[0] for who in whose)
        if shown:
            remarks.append(word + _joined(shown, ", "))
    if item.silent:
        remarks.append("not checked: " + ", ".join(item.silent))
    box = " " if remarks else "x"
    if item.noted:
        remarks.append("note: " + _joined(dict.fromkeys(who.split(" ")[0] for who in item.noted), ", "))
    if item.accepted:
        remarks.append("accepted: " + _joined(item.accepted, "; "))
    return f"- [{box}] {text}" + (f" ({'; '.join(remarks)})" if remarks else "")


def _joined(texts: Iterable[str], separator: str) -> str:
    return separator.join(map(inline, texts))


def _table(report: Report) -> str:
    rows = ["| | Rule | Backend | Where | What |", "|---|---|---|---|---|"]
    size = 0
    for number, finding in enumerate(_worst_first(report)):
        cells = (
            label(finding),
            f"{finding.rule.id} {finding.rule.name}",
            inline(finding.backend),
            code(place(finding.path, finding.line)),
            inline(message(finding)),
        )
        rows.append(f"| {' | '.join(cells)} |")
        size += len(rows[-1])
        rest = len(report.findings) - number - 1
        if size > _BUDGET // 2 and rest:
            return "\n".join(rows) + f"\n\n{plural(rest, 'more finding')}: see another format for them."
    return "\n".join(rows)


def _worst_first(report: Report) -> list[Finding]:
    """Worst first, because a long table is cut at the bottom."""
    return sorted(report.findings, key=lambda finding: finding.level.rank)


def _expected(findings: Iterable[Finding], used: int) -> Iterator[str]:
    """The expected texts, folded; stops at the maximum size of a pull request description."""
    wanted = [finding for finding in findings if finding.expected]
    for number, finding in enumerate(wanted):
        title = f"{finding.rule.id} {finding.rule.name}: expected at {place(finding.path, finding.line)}"
        part = f"<details><summary>{inline(title)}</summary>\n\n{block(finding.expected)}\n\n</details>"
        used += len(part)
        if used > _BUDGET:
            yield f"{plural(len(wanted) - number, 'more expected text')}: see another format for them."
            return
        yield part


def _suppressed(report: Report) -> str:
    rows = ["| Suppressed | Where | Reason |", "|---|---|---|"]
    for entry in report.suppressed:
        finding = entry.finding
        where = code(place(finding.path, finding.line))
        rows.append(f"| {finding.rule.id} {finding.rule.name} | {where} | {inline(entry.reason)} |")
    return "\n".join(rows)

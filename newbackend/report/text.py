"""The report for people, in the manner of cargo and ruff.

Grouped by backend, worst first; repeats are one entry. Each finding shows its source line, the expected text (never
shortened, so that it can be pasted) and how to repair it. The last line has the counts; what was skipped is for
--verbose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from newbackend.findings import BackendStatus, Finding, Fix, Report, Rule, Status
from newbackend.report.context import RenderContext
from newbackend.report.folding import Entry, folded
from newbackend.report.package import package_lines
from newbackend.report.wording import (
    REPOSITORY,
    clean,
    counts,
    doubt,
    fixes,
    label,
    message,
    ownerless,
    passes,
    place,
    plural,
    skip_reasons,
    verb_of,
)
from newbackend.sanitize import one_line, printable
from newbackend.style import Style, wrapped

_NAMES_SHOWN = 8
_REPEATS_SHOWN = 8
_NARROWEST = 20


def render(report: Report, *, context: RenderContext) -> str:
    """`report` for a terminal of `context.width` columns."""
    return "\n".join(_Page(report, context).lines()) + "\n"


class _Page:
    """One rendering, with the report, the context and the style."""

    def __init__(self, report: Report, context: RenderContext) -> None:
        self.report = report
        self.context = context
        self.style = Style(colour=context.colour)
        self.owner = ownerless(report)
        self.width = max(context.width, _NARROWEST)

    def lines(self) -> Iterator[str]:
        """The whole page."""
        yield from self._groups()
        for finding in self.report.healed:
            whom = one_line(finding.backend or REPOSITORY)
            yield from self._listed("healed", f"{finding.rule.id} {whom}: {message(finding)}")
        yield from self._checklists()
        if self.context.verbose:
            yield from self._checked()
            yield from self._suppressed()
        yield from self._closing()

    def _groups(self) -> Iterator[str]:
        known = {backend.name: backend for backend in self.report.backends}
        alone = not known and all(not finding.backend for finding in self.report.findings)
        explained: set[str] = set()
        for name, group in groupby(self.report.findings, key=lambda finding: finding.backend):
            if not alone:
                yield self.style.paint("strong", f"== {_heading(name or self.owner, known.get(name or self.owner))}")
                yield ""
            for entry in folded(group):
                rule = entry.first.rule.id
                yield from self._entry(entry, is_first=rule not in explained)
                if entry.first.status is Status.FAIL:
                    explained.add(rule)
                yield ""

    def _entry(self, entry: Entry, *, is_first: bool) -> Iterator[str]:
        finding = entry.first
        role = label(finding)
        head = f"{role}[{finding.rule.id}]"
        text = f"could not be checked: {message(finding)}" if role == "unknown" else message(finding)
        first, *rest = self._wrap(f"{head} {finding.rule.name}: {text}", indent="  ")
        yield self.style.paint(role, head) + first.removeprefix(head)
        yield from rest
        gutter = len(str(finding.line)) + 1
        yield self.style.paint("gutter", " " * (gutter - 1) + "-->") + f" {place(finding.path, finding.line)}"
        yield from self._snippet(finding, entry.expected, gutter)
        for key, value in (*self._repeated(entry), *self._remarks(finding, is_first=is_first)):
            first, *rest = self._wrap(f"{' ' * gutter}= {key}: {value}", indent=" " * (gutter + 4))
            mark = " " * gutter + "="
            yield self.style.paint("gutter", mark) + first.removeprefix(mark)
            yield from rest

    def _snippet(self, finding: Finding, expected: str, gutter: int) -> Iterator[str]:
        source = self.context.read_line(finding.path, finding.line)
        bar = self.style.paint("gutter", " " * gutter + "|")
        if source is not None:
            number = self.style.paint("gutter", f"{finding.line} |")
            yield bar
            yield f"{number} {_shorten(_untabbed(source), self.width - gutter - 2)}".rstrip()
        if expected:
            if source is None:
                yield bar
            for line in printable(expected.rstrip("\n")).split("\n"):
                yield self.style.paint("expected", " " * gutter + ("+ " + line if line else "+"))
        if source is not None or expected:
            yield bar

    def _repeated(self, entry: Entry) -> Iterator[tuple[str, str]]:
        """The repeats of a finding by what they are about, with the line where it is another one."""
        if not entry.repeats:
            return
        at = entry.first.line
        names = [one_line(row.subject) + (f" (line {row.line})" if row.line != at else "") for row in entry.repeats]
        limit = len(names) if self.context.verbose else _REPEATS_SHOWN
        more = [f"and {len(names) - limit} more"] if len(names) > limit else []
        yield f"{len(names)} more like it", ", ".join([*names[:limit], *more])

    def _remarks(self, finding: Finding, *, is_first: bool) -> Iterator[tuple[str, str]]:
        rule = finding.rule
        for where in finding.related:
            yield "see", place(where.path, where.line)
        if self.context.verbose and is_first:
            yield from ((key, one_line(text)) for key, text in _reasons(rule) if text)
        if finding.fixable is Fix.SAFE:
            yield "fix", "apply it with --fix"
        elif finding.fixable is Fix.UNSAFE:
            yield "fix", "apply it with --unsafe-fixes, then read the result"
        elif finding.status is Status.FAIL and is_first and rule.how:
            yield "help", one_line(rule.how)

    def _checklists(self) -> Iterator[str]:
        for name, lines in self.report.checklists.items():
            yield self.style.paint("strong", f"checklist of {one_line(name)}")
            for line in lines:
                note = f" ({one_line(line.note)})" if line.note else ""
                box = "[x]" if line.ticked else "[ ]"
                role = "pass" if line.ticked else "warning"
                first, *rest = self._wrap(f"  {box} {line.text}{note}", indent=" " * 6)
                yield first.replace(box, self.style.paint(role, box), 1)
                yield from rest
            yield ""

    def _checked(self) -> Iterator[str]:
        passed: dict[str, dict[str, None]] = {}
        for check in self.report.checked:
            if check.status is Status.PASS:
                passed.setdefault(check.backend or self.owner, {})[check.rule.id] = None
        for name, ids in passed.items():
            yield from self._listed("passed", f"{one_line(name)}: {', '.join(ids)}")

    def _suppressed(self) -> Iterator[str]:
        for entry in self.report.suppressed:
            finding = entry.finding
            what = f"{finding.rule.id} {place(finding.path, finding.line)} {one_line(finding.message)}{doubt(finding)}"
            by = f"({one_line(entry.reason)}; {place(entry.where.path, entry.where.line)})"
            yield from self._listed("suppressed", f"{what} {by}")

    def _closing(self) -> Iterator[str]:
        for word, text in package_lines(self.report):
            yield from self._listed(word, text)
        yield from self._skipped()
        passing = [backend.name for backend in self.report.backends if backend.status is Status.PASS]
        if 0 < len(passing) <= _NAMES_SHOWN:
            yield from self._listed("pass", ", ".join(map(one_line, passing)))
        elif passing:
            yield from self._listed("pass", plural(len(passing), "backend"))
        more = f"; {passes(self.report)}" if self.context.verbose else ""
        verb = "" if clean(self.report) else f"{verb_of(self.report)}: "
        yield from self._wrap(f"{verb}{counts(self.report)}{more}", indent="  ", role=self._mood())
        if hint := fixes(self.report):
            yield from self._wrap(hint, indent="  ")
        if self.report.findings:
            example = min(self.report.findings, key=lambda finding: finding.level.rank).rule.id
            # Not wrapped: it is there to be copied.
            yield self.style.paint("quiet", f"more about a rule: newbackend rule {example}")

    def _skipped(self) -> Iterator[str]:
        for reason, ids, total in skip_reasons(self.report, Status.UNKNOWN):
            yield from self._listed("unknown", f"{reason} ({plural(total, 'check')}: {', '.join(ids)})")
        for reason, ids, total in skip_reasons(self.report) if self.context.verbose else ():
            yield from self._listed("skipped", f"{reason} ({plural(total, 'check')}: {', '.join(ids)})")

    def _mood(self) -> str:
        if clean(self.report):
            return "pass"
        if any(finding.status is Status.FAIL for finding in self.report.findings):
            return min(
                (finding for finding in self.report.findings if finding.status is Status.FAIL),
                key=lambda finding: finding.level.rank,
            ).level.value
        return "unknown"

    def _listed(self, word: str, text: str) -> Iterator[str]:
        first, *rest = self._wrap(f"{word}: {text}", indent="  ")
        head = f"{word}:"
        role = "pass" if word.endswith(("pass", "passed")) else "quiet"
        yield self.style.paint(role, head) + first.removeprefix(head)
        yield from rest

    def _wrap(self, text: str, *, indent: str, role: str = "") -> Iterable[str]:
        if len(text) <= self.width and text.isprintable() and not text.endswith(" "):
            return [self.style.paint(role, text)]  # the result of `wrap`
        lines = wrapped(text, self.width, indent=indent)
        return [self.style.paint(role, line) for line in lines]


def _heading(name: str, backend: BackendStatus | None) -> str:
    return f"{one_line(name)} ({one_line(backend.lang)})" if backend and backend.lang else one_line(name)


def _reasons(rule: Rule) -> tuple[tuple[str, str], ...]:
    return (("what", rule.what), ("why", rule.why), ("seen", rule.incident))


def _untabbed(source: str) -> str:
    return printable(source.rstrip("\r\n")).expandtabs(4)


def _shorten(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 3, 1)] + "..."

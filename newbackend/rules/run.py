"""Runs the checks over one checkout: `newbackend verify` without the command line and output.

A failing check does not stop the others: what it cannot decide is `unknown`. A rule without a finding for a backend
passes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from newbackend.checkout.tree import Checkout
from newbackend.errors import NewbackendError
from newbackend.findings import (
    BackendStatus,
    CheckResult,
    Finding,
    Report,
    Severity,
    Status,
    Suppressed,
    sort_findings,
)
from newbackend.records import dataclass
from newbackend.registrations.support.backend_names import unknown_backend
from newbackend.rulebook import Check, Scope
from newbackend.rules import rules
from newbackend.rules.context import Context
from newbackend.rules.registry import RULES, UNREADABLE, Result, Undecidable
from newbackend.suppress import CONFIG_NAME

SCHEMA = "newbackend/verify/1"
ContextCheck = Check[Context, Iterable[Result]]
_MARK = b"newbackend:"


@dataclass(frozen=True)
class Results:
    """The results of the checks, before selection and suppression."""

    findings: tuple[Finding, ...]
    checked: tuple[CheckResult, ...]


def verify(checkout: Checkout, *, names: Sequence[str] = (), strict: bool = False, today: date | None = None) -> Report:
    """Every rule over the checkout, reported for the backends `names`, or for everything.

    `strict` judges `names` as new backends, by the whole checklist. Raises NotFoundError for a name that the checkout
    does not know. `today` decides which suppressions have expired.
    """
    context = Context(checkout)
    chosen = resolve(context, names)
    context.new = frozenset(chosen if strict else ())
    results = run(context)
    return report(context, results, chosen, today or date.today())


def for_release(report: Report) -> Report:
    """The same report with what may not be announced as errors: a placeholder engine (`verify --release`)."""
    severe = {finding.backend for finding in report.findings if finding.rule.blocks_release}
    findings = [
        replace(finding, severity=Severity.ERROR) if finding.rule.blocks_release else finding
        for finding in report.findings
    ]
    backends = tuple(
        replace(backend, status=Status.FAIL) if backend.name in severe else backend for backend in report.backends
    )
    return replace(report, findings=sort_findings(findings), backends=backends)


def with_statuses(report: Report) -> Report:
    """The report with the status of each backend by the findings that are in it."""
    names = {backend.name: backend.lang for backend in report.backends}
    return replace(report, backends=_statuses(names, report.findings, report.checked))


def resolve(context: Context, names: Sequence[str]) -> tuple[str, ...]:
    """Backend names as the matrix has them, gallery names understood; empty stays empty, for all."""
    by_gallery = {info.gallery: name for name, info in context.backends.items()}
    chosen = []
    for name in names:
        known = name if name in context.backends else by_gallery.get(name)
        if known is None:
            raise unknown_backend(name, context.checkout, context.backends)
        chosen.append(known)
    return tuple(dict.fromkeys(chosen))


def run(context: Context, only: Iterable[ContextCheck] | None = None) -> Results:
    """All checks, each alone: no finding of one depends on another."""
    findings: list[Finding] = []
    checked: list[CheckResult] = []
    for check in RULES.checks if only is None else only:
        fails, verdicts = _one(check, context)
        findings += fails
        checked += verdicts
    return Results(tuple(findings), tuple(checked))


def _one(check: ContextCheck, context: Context) -> tuple[list[Finding], list[CheckResult]]:
    """A check's findings, and a result for every rule and backend without one."""
    for place in check.needs:
        probe = context.probe(place)
        if probe.absent:
            return [], [CheckResult(rule, Status.SKIPPED, reason=probe.absent) for rule in check.rules]
        if probe.unrecognised:
            reason = f"{context.places[place].path(context.checkout)}: {probe.unrecognised}"
            return [], [CheckResult(rule, Status.UNKNOWN, reason=reason) for rule in check.rules]
    findings: list[Finding] = []
    checked: list[CheckResult] = []
    try:
        for result in check.run(context):
            if isinstance(result, Finding):
                findings.append(_judged(result, context))
            else:
                checked.append(result)
    except NewbackendError as error:
        path, _, line = error.where.partition(":")
        findings += _unknown(check, error.message, path, int(line) if line.isdigit() else 1)
    except Undecidable as error:
        findings += _unknown(check, str(error), error.path, error.line)
    except Exception as error:  # a defect of the rule must not hide what other rules know
        what = f"the check itself failed ({type(error).__name__}: {error}); please report this"
        findings += _unknown(check, what, "", 1)
    return findings, checked + _passes(check, context, findings, checked)


def _judged(finding: Finding, context: Context) -> Finding:
    """The finding with the severity that its rule has for a new backend, if that is worse."""
    least = finding.rule.when_new
    if least is None or finding.backend not in context.new or finding.level.rank <= least.rank:
        return finding
    return replace(finding, severity=least)


def _unknown(check: ContextCheck, reason: str, path: str, line: int) -> list[Finding]:
    return [
        Finding(rule, path or rule.name, path or "backend", line, reason, status=Status.UNKNOWN) for rule in check.rules
    ]


def _passes(
    check: ContextCheck, context: Context, findings: Sequence[Finding], checked: Sequence[CheckResult]
) -> list[CheckResult]:
    names: Collection[str] = ("",) if check.scope is Scope.REPO else context.backends
    decided: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        decided[finding.rule.id].add(finding.backend)
    for verdict in checked:
        decided[verdict.rule.id].add(verdict.backend)
    passes = []
    for rule in check.rules:
        done = decided[rule.id]
        undecided = any(f.rule is rule and f.status is Status.UNKNOWN and not f.backend for f in findings)
        if undecided or (check.scope is Scope.REPO and done):
            continue
        passes += [CheckResult(rule, Status.PASS, name) for name in names if name not in done]
    return passes


def report(context: Context, results: Results, chosen: Sequence[str], today: date) -> Report:
    """The report for the chosen backends (none: everything), suppressions applied."""
    findings, suppressed = _suppress(context, results, today, whole=not chosen)
    checked = results.checked
    if chosen:
        own = set(chosen)
        findings = tuple(f for f in findings if f.backend in own or _concerns_all(f))
        checked = tuple(c for c in checked if c.backend in own or not c.backend)
        suppressed = tuple(s for s in suppressed if s.finding.backend in own)
    langs = {name: context.backends[name].lang for name in chosen or context.backends}
    return Report(
        schema=SCHEMA,
        root=str(context.checkout.root),
        layout=context.layout.describe(),
        backends=_statuses(langs, findings, checked),
        findings=sort_findings(findings),
        suppressed=tuple(sorted(suppressed, key=lambda entry: entry.finding.sort_key())),
        checked=checked,
        new=tuple(sorted(context.new)),
    )


def _concerns_all(finding: Finding) -> bool:
    """Whether a finding without a backend is reported for every backend, as for an unreadable file."""
    return not finding.backend and (finding.status is Status.UNKNOWN or finding.rule in UNREADABLE.values())


def _statuses(
    langs: Mapping[str, str], findings: Sequence[Finding], checked: Sequence[CheckResult]
) -> tuple[BackendStatus, ...]:
    """The status of each backend, given the language of each: it fails by an error or a warning, not by a note."""
    failed = {f.backend for f in findings if f.status is Status.FAIL and f.level is not Severity.NOTE}
    unknown = {f.backend for f in findings if f.status is Status.UNKNOWN}
    unknown |= {c.backend for c in checked if c.status is Status.UNKNOWN}
    statuses = []
    for name, lang in langs.items():
        undecided = name in unknown or "" in unknown
        status = Status.FAIL if name in failed else Status.UNKNOWN if undecided else Status.PASS
        statuses.append(BackendStatus(name, lang, status))
    return tuple(statuses)


def _suppress(
    context: Context, results: Results, today: date, *, whole: bool
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...]]:
    """The remaining findings, with those about suppressions, and the suppressed ones."""
    text = context.read(CONFIG_NAME)
    marked = {path: source for path, source in context.checkout.texts_read().items() if _is_marked(source)}
    if text is None and not marked:
        return results.findings, ()
    from newbackend.suppress.comments import parse_comments
    from newbackend.suppress.config import SuppressConfig, parse_config
    from newbackend.suppress.engine import apply_suppressions, ran_everywhere, ran_for

    config = SuppressConfig() if text is None else parse_config(text)
    comments = [comment for path, source in marked.items() for comment in parse_comments(path, source)]
    decide = ran_everywhere if whole else ran_for
    outcome = apply_suppressions(
        results.findings,
        comments,
        config,
        rules=rules(),
        ran_rules=decide(results.findings, results.checked),
        today=today,
    )
    return (*outcome.kept, *outcome.meta_findings), outcome.suppressed


def _is_marked(source: str) -> bool:
    """Whether a text contains the keyword of suppressions, in any case; lower-casing bytes is twice as fast."""
    return _MARK in source.encode("utf-8", "surrogatepass").lower()

"""The plan of `verify --fix`: the changes of every fixable finding, made by the places that `create` uses.

Proved like any other plan, and by the rules: with the plan applied in memory, the findings that it repairs must be gone
and none may be new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.findings import Finding, Fix, Report, Status
from newbackend.plan.build import assemble, planned, prove
from newbackend.plan.model import Plan
from newbackend.records import dataclass
from newbackend.registrations.base import Change
from newbackend.rules.context import Context
from newbackend.rules.registry import RULES
from newbackend.suppress.rules import SUPPRESSIONS

Verify = Callable[[Checkout], Report]


@dataclass(frozen=True)
class Fixes:
    """The plan, which findings it repairs, and which are fixable by their rule and are not repaired by it."""

    plan: Plan
    repaired: tuple[Finding, ...]
    left: tuple[Finding, ...] = ()


def without_repairs(report: Report, left: Iterable[Finding]) -> Report:
    """The report after a repair: findings that it could not repair are not offered for another one."""
    known = {finding.fingerprint for finding in left}
    findings = tuple(replace(row, fix=Fix.NONE) if row.fingerprint in known else row for row in report.findings)
    return replace(report, findings=findings)


def plan_fixes(
    checkout: Checkout,
    report: Report,
    verify: Verify,
    *,
    allowed: frozenset[Fix],
    wanted: Callable[[Finding], bool] = lambda _: True,
) -> Fixes:
    """The plan that repairs a report's fixable findings of the allowed kinds, those that are wanted.

    `verify` makes the same report of another tree. Raises UsageError when a proof fails, before anything is written.
    """
    context = Context(checkout)
    repairs = {**RULES.repairs, **SUPPRESSIONS.repairs}
    fixable = [finding for finding in report.findings if finding.fixable in allowed and wanted(finding)]
    offered: list[tuple[Finding, tuple[Change, ...]]] = []
    for finding in fixable:
        if finding.rule.id in repairs:
            offered.append((finding, tuple(repairs[finding.rule.id](context, finding))))
    notes: tuple[str, ...] = ()
    while True:
        changes = _distinct(change for _, repair in offered for change in repair)
        plan = assemble("fix", {}, checkout, changes)
        prove(plan, checkout, planned(plan, checkout), changes)
        after = _after(plan, checkout, verify)
        bad = _caused(report, after)
        if bad is None:
            fixes = _judged(replace(plan, notes=notes), [finding for finding, repair in offered if repair], after)
            left = tuple(finding for finding in fixable if finding not in fixes.repaired)
            return replace(fixes, left=left)
        kept = [(finding, repair) for finding, repair in offered if finding.backend != bad.backend]
        if len(kept) == len(offered):
            where = f"{bad.path}:{bad.line}"
            raise UsageError("fix-not-clean", f"the fixes were dropped: they would cause {bad.rule.id}", where=where)
        notes += (f"{bad.backend}: left alone, its fixes would cause {bad.rule.id} ({bad.message})",)
        offered = kept


def _distinct(changes: Iterable[Change]) -> list[Change]:
    """Changes without repeats: two findings may need the same edit."""
    seen: dict[tuple[str, object], Change] = {}
    for change in changes:
        seen.setdefault((change.path, change.outcome), change)
    return list(seen.values())


def _after(plan: Plan, checkout: Checkout, verify: Verify) -> Report | None:
    """The report of the tree with the plan applied; None for a plan that changes nothing."""
    if plan.empty:
        return None
    return verify(planned(plan, checkout))


def _caused(before: Report, after: Report | None) -> Finding | None:
    """A failure that the plan would cause, or None."""
    known = {finding.fingerprint for finding in before.findings}
    fails = (finding for finding in after.findings if finding.status is Status.FAIL) if after else ()
    return next((finding for finding in fails if finding.fingerprint not in known), None)


def _judged(plan: Plan, wanted: Sequence[Finding], after: Report | None) -> Fixes:
    left = {finding.fingerprint for finding in after.findings if finding.status is Status.FAIL} if after else set()
    repaired = tuple(finding for finding in wanted if after and finding.fingerprint not in left)
    stuck = [finding for finding in wanted if finding.fingerprint in left]
    more = tuple(f"{finding.rule.id} of {finding.backend or finding.path} is not repaired by this" for finding in stuck)
    return Fixes(replace(plan, notes=(*plan.notes, *more)), repaired)

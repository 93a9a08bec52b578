"""The plan behind `verify --fix`: every fixable finding's changes, from the places that `create` uses.

Proved like any other plan, and by the rules themselves: on the tree with the plan laid over it the
findings that it repairs must be gone and none may be new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from newbackend.checkout.tree import Checkout
from newbackend.errors import UsageError
from newbackend.findings import Finding, Fix, Report, Status
from newbackend.plan.build import assemble, planned, prove
from newbackend.plan.model import Plan
from newbackend.registrations.base import Change
from newbackend.rules import checks
from newbackend.rules.base import Fixer
from newbackend.rules.context import Context
from newbackend.splice.outcome import Inserted, Splice
from newbackend.suppress.config import CONFIG_NAME
from newbackend.suppress.removal import without_comment, without_entry
from newbackend.suppress.rules import UNUSED

Verify = Callable[[Checkout], Report]


@dataclass(frozen=True)
class Fixes:
    """The plan, and which findings it repairs."""

    plan: Plan
    repaired: tuple[Finding, ...]


def plan_fixes(checkout: Checkout, report: Report, verify: Verify, *, allowed: frozenset[Fix]) -> Fixes:
    """The plan that repairs a report's fixable findings of the allowed kinds.

    `verify` makes the same report of another tree. Raises UsageError when a proof fails; nothing has been
    written then.
    """
    context = Context(checkout)
    fixers = _fixers()
    offered: list[tuple[Finding, tuple[Change, ...]]] = []
    for finding in report.findings:
        fixer = fixers.get(finding.rule.id)
        if fixer is not None and finding.fixable is not Fix.NONE and finding.fixable in allowed:
            offered.append((finding, tuple(fixer(context, finding))))
    notes: tuple[str, ...] = ()
    while True:
        changes = _distinct(change for _, found in offered for change in found)
        plan = assemble("fix", {}, checkout, changes)
        prove(plan, checkout, planned(plan, checkout), changes)
        after = _after(plan, checkout, verify)
        bad = _caused(report, after)
        if bad is None:
            return _judged(replace(plan, notes=notes), [finding for finding, found in offered if found], after)
        kept = [(finding, found) for finding, found in offered if finding.backend != bad.backend]
        if len(kept) == len(offered):
            where = f"{bad.path}:{bad.line}"
            raise UsageError("fix-not-clean", f"the fixes were dropped: they would cause {bad.rule.id}", where=where)
        notes += (f"{bad.backend}: left alone, its fixes would cause {bad.rule.id} ({bad.message})",)
        offered = kept


def _fixers() -> Mapping[str, Fixer]:
    every: dict[str, Fixer] = {UNUSED.id: _drop_suppression}
    for check in checks():
        every.update(check.fixers)
    return every


def _distinct(changes: Iterable[Change]) -> list[Change]:
    """Changes without repeats: two findings may ask for one and the same edit."""
    seen: dict[tuple[str, object], Change] = {}
    for change in changes:
        seen.setdefault((change.path, change.outcome), change)
    return list(seen.values())


def _after(plan: Plan, checkout: Checkout, verify: Verify) -> Report | None:
    """The report of the tree as the plan would leave it; None for a plan that changes nothing."""
    if plan.empty:
        return None
    return verify(planned(plan, checkout))


def _caused(before: Report, after: Report | None) -> Finding | None:
    """A failure that the plan would bring, or None."""
    known = {found.fingerprint for found in before.findings}
    found = after.findings if after else ()
    return next((one for one in found if one.status is Status.FAIL and one.fingerprint not in known), None)


def _judged(plan: Plan, wanted: Sequence[Finding], after: Report | None) -> Fixes:
    left = {found.fingerprint for found in after.findings if found.status is Status.FAIL} if after else set()
    repaired = tuple(found for found in wanted if after and found.fingerprint not in left)
    stuck = [found for found in wanted if found.fingerprint in left]
    more = tuple(f"{found.rule.id} of {found.backend or found.path} is not repaired by this" for found in stuck)
    return Fixes(replace(plan, notes=(*plan.notes, *more)), repaired)


def _drop_suppression(context: Context, finding: Finding) -> Iterable[Change]:
    """REG901: the comment or [[allow]] entry goes, and nothing else."""
    text = context.checkout.need(finding.path)
    try:
        if finding.path == CONFIG_NAME:
            result = without_entry(text, finding.line)
        else:
            result = without_comment(finding.path, text, finding.line)
    except ValueError:
        return
    yield Change(
        "suppressions",
        finding.path,
        Inserted((_difference(text, result),), finding.line),
        "an unused suppression",
        (UNUSED.id,),
    )


def _difference(before: str, after: str) -> Splice:
    """The one splice that turns a text into another that lacks a piece of it."""
    start = 0
    while start < len(after) and before[start] == after[start]:
        start += 1
    end = len(before) - (len(after) - start)
    if before[end:] == after[start:]:
        return Splice(start, end, "")
    tail = 0
    while tail < len(after) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return Splice(start, len(before) - tail, after[start : len(after) - tail])

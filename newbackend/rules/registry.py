"""The book of `newbackend verify`, and what its checks give back.

A check yields findings for what is wrong, and `skipped` where a rule does not apply and why. What it is
silent about passed: `run` fills that in, so a check cannot forget it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from newbackend.checklist import SYNTAX
from newbackend.findings import CheckResult, Finding, Rule, Severity, Status
from newbackend.rulebook import Rulebook, Scope

if TYPE_CHECKING:
    from newbackend.rules.context import Context

Result = Finding | CheckResult

RULES: Rulebook[Context, Iterable[Result]] = Rulebook("REG", "registrations/*/rules*.py", "rules/directory/*.py")
UNREADABLE: dict[str, Rule] = {}
"""Place id -> the rule that reports its file as unreadable."""

check, repair = RULES.check, RULES.repair
rule = RULES.rule


class Undecidable(Exception):
    """Raised by a check that cannot run: the reason, and the line that stopped it."""

    def __init__(self, reason: str, path: str, line: int = 1) -> None:
        super().__init__(reason)
        self.path, self.line = path, line


def skipped(rule: Rule, backend: str = "", reason: str = "") -> CheckResult:
    """The rule does not apply to a backend, or to this checkout, and why."""
    return CheckResult(rule, Status.SKIPPED, backend, reason)


_NOT_PARSED = (
    "No rule can look into a file that does not parse, and neither can LocalAI's own CI: a registration "
    "in it has no effect until the file is repaired."
)


def unreadable(
    place: str, id_: str, name: str, *, what: str, how: str, bad: str, good: str, why: str = _NOT_PARSED
) -> Rule:
    """Registers the rule that a place's file cannot be read, with its check.

    One finding per broken file; the rules that would have read it are unknown, with the same reason.
    """
    unread = rule(id_, name, Severity.ERROR, what=what, why=why, how=how, bad=bad, good=good, checklist=SYNTAX)
    UNREADABLE[place] = unread

    @check(unread, scope=Scope.REPO)
    def readable(context: Context) -> Iterable[Result]:
        probe = context.probe(place)
        if probe.absent:
            yield skipped(unread, reason=probe.absent)
        elif not probe.usable:
            path = context.places[place].path(context.checkout)
            # A broken file is a defect; a shape that no place supports is a limit of newbackend.
            status = Status.FAIL if probe.defect else Status.UNKNOWN
            message = f"{path} {probe.unrecognised}"
            yield Finding(unread, path, path, line=probe.line, message=message, status=status)

    return unread

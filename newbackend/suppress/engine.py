"""Applies suppressions to findings, and reports those that are unused, expired or malformed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from newbackend.findings import CheckResult, Finding, Rule, Status, Suppressed, sort_findings
from newbackend.suppress.config import SuppressConfig
from newbackend.suppress.model import AllowEntry, IgnoreComment, Malformed, Suppression
from newbackend.suppress.rules import SUPPRESSIONS, Useless

EVERYWHERE = "*"
"""In place of a backend's name: the rule ran for the whole tree."""

Ran = Collection[tuple[str, str]]
"""Which rules ran for which scope: (rule id, backend), where the backend may be "" or EVERYWHERE."""


class Outcome(NamedTuple):
    """The remaining findings, the suppressed ones, and findings about the suppressions themselves."""

    kept: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    meta_findings: tuple[Finding, ...]


def apply_suppressions(
    findings: Iterable[Finding],
    comments: Iterable[IgnoreComment | Malformed],
    config: SuppressConfig,
    *,
    rules: Mapping[str, Rule],
    ran_rules: Ran,
    today: date,
    shared_config: bool = False,
) -> Outcome:
    """Divides `findings` into kept and suppressed ones.

    `rules` has every rule by id. `ran_rules` says which of them ran where, because a suppression whose rule did not run
    is not unused. An expired entry suppresses nothing. Two suppressions of the same finding are both in use; the
    comment's reason is the one recorded. With `shared_config` the entries may be meant for other runs (a checkout's
    file, read for one package): an entry is unused only if it names a backend of this run.
    """
    written = [*comments, *config.entries, *config.malformed]
    active, expired, malformed = _in_force(written, rules, today)
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[Suppression] = set()
    by_rule: dict[str, list[Suppression]] = defaultdict(list)
    for suppression in active:
        by_rule[suppression.rule].append(suppression)
    for finding in findings:
        matching = [suppression for suppression in by_rule.get(finding.rule.id, ()) if suppression.matches(finding)]
        used.update(matching)
        if matching:
            suppressed.append(_record(finding, matching[0]))
        else:
            kept.append(finding)
    unused = tuple(
        suppression
        for suppression in active
        if suppression not in used and _ran_for(suppression, ran_rules, shared_config)
    )
    useless = Useless(unused, tuple(expired), tuple(malformed))
    meta = (finding for check in SUPPRESSIONS.checks for finding in check.run(useless))
    return Outcome(tuple(kept), tuple(suppressed), sort_findings(meta))


def ran_for(findings: Iterable[Finding], checked: Iterable[CheckResult]) -> frozenset[tuple[str, str]]:
    """Which rules have a result for which backend; a rule with an unknown result there does not count."""
    findings = tuple(findings)
    ran = {(finding.rule.id, finding.backend) for finding in findings if finding.status is Status.FAIL}
    ran |= {(check.rule.id, check.backend) for check in checked if check.status is Status.PASS}
    return frozenset(ran - _undecided(findings))


def ran_everywhere(findings: Iterable[Finding], checked: Iterable[CheckResult]) -> frozenset[tuple[str, str]]:
    """Like `ran_for`, for a run over the whole tree: a rule without an unknown result ran EVERYWHERE."""
    findings = tuple(findings)
    ran = ran_for(findings, checked)
    undecided = {rule for rule, _ in _undecided(findings)}
    return ran | {(rule, EVERYWHERE) for rule, _ in ran if rule not in undecided}


def _undecided(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    return {(finding.rule.id, finding.backend) for finding in findings if finding.status is Status.UNKNOWN}


def _in_force(
    written: Iterable[Suppression | Malformed], rules: Mapping[str, Rule], today: date
) -> tuple[list[Suppression], list[AllowEntry], list[Malformed]]:
    """The active suppressions, the expired ones, and those that cannot be applied."""
    active: list[Suppression] = []
    expired: list[AllowEntry] = []
    malformed: list[Malformed] = []
    for entry in written:
        if isinstance(entry, Malformed):
            malformed.append(entry)
        elif problem := _unknown_rule(entry.rule, rules):
            malformed.append(Malformed(problem, entry.where, entry.rule))
        elif isinstance(entry, AllowEntry) and entry.is_expired(today):
            expired.append(entry)
        else:
            active.append(entry)
    return active, expired, malformed


def _unknown_rule(rule: str, rules: Mapping[str, Rule]) -> str:
    if rule in SUPPRESSIONS.rules:
        return f"names {rule}, which is about suppressions and cannot be suppressed"
    if rule[:3] not in {known[:3] for known in rules}:
        return ""  # `verify` and `package check` read the same file; each checks only its own rules
    return "" if rule in rules else f"names {rule}, which does not exist; newbackend rule lists them"


def _ran_for(suppression: Suppression, ran: Ran, shared_config: bool) -> bool:
    """Whether the rule ran everywhere that this suppression applies to."""
    if (suppression.rule, EVERYWHERE) in ran and not (shared_config and isinstance(suppression, AllowEntry)):
        return True
    return (
        isinstance(suppression, AllowEntry)
        and bool(suppression.backend)
        and (suppression.rule, suppression.backend) in ran
    )


def _record(finding: Finding, by: Suppression) -> Suppressed:
    kind = "inSource" if isinstance(by, IgnoreComment) else "external"
    return Suppressed(finding, by.reason, kind, by.where)

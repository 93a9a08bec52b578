"""Apply suppressions to findings, and report the ones that are unused, expired or malformed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from newbackend.findings import CheckResult, Finding, Rule, Status, Suppressed, sort_findings
from newbackend.suppress.config import SuppressConfig
from newbackend.suppress.model import AllowEntry, IgnoreComment, Malformed, Suppression
from newbackend.suppress.rules import EXPIRED, MALFORMED, SUPPRESSION_RULES, UNUSED

EVERYWHERE = "*"
"""In place of a backend's name: the rule ran for the whole tree."""

Ran = Collection[tuple[str, str]]
"""Which rules ran for which scope: (rule id, backend), where the backend may be "" or EVERYWHERE."""

_OWN_IDS = frozenset(rule.id for rule in SUPPRESSION_RULES)


class Outcome(NamedTuple):
    """What is left to report, what was silenced, and what is to be said about the suppressions."""

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
) -> Outcome:
    """Part `findings` into kept and suppressed.

    `rules` is every rule that exists, by id; `ran_rules` says which of them ran where, because a
    suppression whose rule did not run is not unused. An expired entry suppresses nothing. Two
    suppressions of the same finding are both in use; the comment's reason is the one recorded.
    """
    written = [*comments, *config.entries, *config.malformed]
    active, meta = _sorted_out(written, rules, today)
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[Suppression] = set()
    by_rule: dict[str, list[Suppression]] = defaultdict(list)
    for one in active:
        by_rule[one.rule].append(one)
    for found in findings:
        matching = [one for one in by_rule.get(found.rule.id, ()) if one.matches(found)]
        used.update(matching)
        if matching:
            suppressed.append(_record(found, matching[0]))
        else:
            kept.append(found)
    unused = (one for one in active if one not in used and _ran_for(one, ran_rules))
    meta.extend(map(_unused, unused))
    return Outcome(tuple(kept), tuple(suppressed), sort_findings(meta))


def ran_for(findings: Iterable[Finding], checked: Iterable[CheckResult]) -> frozenset[tuple[str, str]]:
    """Which rules came to a verdict for which backend; one that is unknown anywhere there did not."""
    findings = tuple(findings)
    ran = {(found.rule.id, found.backend) for found in findings if found.status is Status.FAIL}
    ran |= {(check.rule.id, check.backend) for check in checked if check.status is Status.PASS}
    return frozenset(ran - _undecided(findings))


def ran_everywhere(findings: Iterable[Finding], checked: Iterable[CheckResult]) -> frozenset[tuple[str, str]]:
    """As `ran_for`, after a run over the whole tree: a rule with no unknown verdict ran EVERYWHERE."""
    findings = tuple(findings)
    ran = ran_for(findings, checked)
    undecided = {rule for rule, _ in _undecided(findings)}
    return ran | {(rule, EVERYWHERE) for rule, _ in ran if rule not in undecided}


def _undecided(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    return {(found.rule.id, found.backend) for found in findings if found.status is Status.UNKNOWN}


def _sorted_out(
    written: Iterable[Suppression | Malformed], rules: Mapping[str, Rule], today: date
) -> tuple[list[Suppression], list[Finding]]:
    """The suppressions in force, and findings about those that are not."""
    active: list[Suppression] = []
    meta: list[Finding] = []
    for one in written:
        if isinstance(one, Malformed):
            meta.append(_malformed(one))
        elif problem := _unknown_rule(one.rule, rules):
            meta.append(_malformed(Malformed(problem, one.where, one.rule)))
        elif isinstance(one, AllowEntry) and one.is_expired(today):
            meta.append(_expired(one))
        else:
            active.append(one)
    return active, meta


def _unknown_rule(rule: str, rules: Mapping[str, Rule]) -> str:
    if rule in _OWN_IDS:
        return f"names {rule}, which speaks of suppressions and cannot be suppressed"
    if rule[:3] not in {known[:3] for known in rules}:
        return ""  # `verify` and `package check` read the same file; each judges the rules it has
    return "" if rule in rules else f"names {rule}, which does not exist; newbackend rule lists them"


def _ran_for(one: Suppression, ran: Ran) -> bool:
    """Whether the rule ran wherever this suppression could have mattered."""
    if (one.rule, EVERYWHERE) in ran:
        return True
    return isinstance(one, AllowEntry) and bool(one.backend) and (one.rule, one.backend) in ran


def _record(found: Finding, by: Suppression) -> Suppressed:
    kind = "inSource" if isinstance(by, IgnoreComment) else "external"
    return Suppressed(found, by.reason, kind, by.where)


def _about(rule: Rule, one: Suppression, message: str) -> Finding:
    subject = ":".join(filter(None, (one.rule, one.subject)))
    backend = one.backend if isinstance(one, AllowEntry) else ""
    return Finding(rule, subject, one.where.path, one.where.line, message, backend=backend)


def _unused(one: Suppression) -> Finding:
    whom = f"{one.rule} for {one.subject}" if one.subject else one.rule
    return _about(UNUSED, one, f"this suppression of {whom} silences nothing; remove it")


def _expired(one: AllowEntry) -> Finding:
    day = one.expires.isoformat() if one.expires else ""
    return _about(EXPIRED, one, f"this suppression of {one.rule} ended on {day}: {one.reason}")


def _malformed(one: Malformed) -> Finding:
    message = f"this suppression has no effect: it {one.problem}"
    return Finding(MALFORMED, one.subject, one.where.path, one.where.line, message)

"""Rules, findings and reports: the vocabulary that `verify` and `package check` share.

A rule is data (what it checks, why, an incident, examples); a check yields findings. Status has
four values, because a check that could not run must never read as a pass.
Pure values: no I/O here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import NamedTuple

from newbackend.checklist import Line
from newbackend.records import dataclass


class Severity(StrEnum):
    """ERROR: a user or CI is broken or silently skipped. WARNING: a checklist gap. NOTE: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for error, 1 for warning, 2 for note: sorts worst first."""
        return ("error", "warning", "note").index(self.value)


class Confidence(StrEnum):
    """How sure the rule is, apart from how bad it would be."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Status(StrEnum):
    """Outcome of one check on one subject."""

    FAIL = "fail"
    PASS = "pass"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class Since(StrEnum):
    """Whether a finding is new, by comparison with a base commit: introduced by the change, or older."""

    INTRODUCED = "introduced"
    STILL_BROKEN = "still broken"


class Fix(StrEnum):
    """Whether `--fix` can repair it: SAFE never changes meaning beyond the rule, UNSAFE may."""

    NONE = "none"
    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the registry; help, `newbackend rule`, docs/rules.md and SARIF are generated from it.

    `id` is `REGnnn`, `PKGnnn` or `GALnnn` and is never reused; `name` is kebab-case. `what` and `why` are
    sentences; `incident` names where it happened (an upstream issue, PR or commit); `bad`, `good`
    are short examples; `how` says how to fix it by hand. `blocks_release` makes it an error of `verify --release`.
    `when_new` is the least severity for a backend that is judged as a new one, by the whole checklist: much of it is
    a note elsewhere, because a third of LocalAI's backends came before it.
    """

    id: str
    name: str
    severity: Severity
    what: str
    why: str
    how: str
    confidence: Confidence = Confidence.CERTAIN
    fix: Fix = Fix.NONE
    incident: str = ""
    bad: str = ""
    good: str = ""
    added_in: str = "0.1.0"
    checklist: str = ""
    blocks_release: bool = False
    when_new: Severity | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: `path` relative to the checkout (or package), `line` 1-based."""

    path: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One failed (or not runnable) check.

    `subject` is what the rule is about (a tag suffix, an entry name, a library). Rule, backend, subject and path make
    the fingerprint, so edits elsewhere in the file do not change it. When something is missing, `line` is where it
    belongs and `expected` is its text. `since` is set only after a comparison.
    """

    rule: Rule
    subject: str
    path: str
    line: int
    message: str
    backend: str = ""
    status: Status = Status.FAIL
    severity: Severity | None = None
    confidence: Confidence | None = None
    expected: str = ""
    related: tuple[Location, ...] = ()
    fix: Fix | None = None
    since: Since | None = None

    @property
    def level(self) -> Severity:
        """The effective severity: the finding's own, else the rule's."""
        return self.severity or self.rule.severity

    @property
    def certainty(self) -> Confidence:
        """The effective confidence: the finding's own, else the rule's."""
        return self.confidence or self.rule.confidence

    @property
    def fixable(self) -> Fix:
        """How this finding can be fixed: the finding's own value, else the rule's; never for an unknown one."""
        if self.status is not Status.FAIL:
            return Fix.NONE
        return self.rule.fix if self.fix is None else self.fix

    @property
    def identity(self) -> str:
        """Rule, backend, subject and path; never a line number or the message."""
        return "\x1f".join((self.rule.id, self.backend, self.subject, self.path))

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the identity."""
        import hashlib

        return hashlib.sha256(self.identity.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Backend, severity, then place: the order of every output."""
        return (self.backend, self.level.rank, self.line, self.rule.id, self.subject)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that was suppressed, with the reason and the place of the suppression."""

    finding: Finding
    reason: str
    kind: str  # "inSource" or "external", SARIF's words
    where: Location


class CheckResult(NamedTuple):
    """One check that ran without a finding (PASS), does not apply here (SKIPPED, with the reason), or
    could not run because of something that is reported already (UNKNOWN, with the reason).

    A run creates thousands, one for every rule and backend; creating a tuple is four times as fast as a dataclass."""

    rule: Rule
    status: Status
    backend: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """One line of the report's `backends`: `status` is fail, pass or unknown."""

    name: str
    lang: str
    status: Status


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. `schema` names the JSON shape; `root` the checkout or package that was read.

    `base` is the commit that the run was compared with, "" for none; `healed` are findings of that commit that are gone
    now. `new` are the backends that were judged as new ones, `checklists` the state of the checklist for each of them.
    """

    schema: str
    root: str
    layout: dict[str, object] = field(default_factory=dict)
    backends: tuple[BackendStatus, ...] = ()
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    checked: tuple[CheckResult, ...] = ()
    base: str = ""
    healed: tuple[Finding, ...] = ()
    new: tuple[str, ...] = ()
    checklists: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)

    def summary(self) -> dict[str, int]:
        """Counts per status and, among the failures, per severity."""
        fails = [f.level for f in self.findings if f.status is Status.FAIL]
        checks = [c.status for c in self.checked]
        return {
            "fail": len(fails),
            "pass": checks.count(Status.PASS),
            "skipped": checks.count(Status.SKIPPED),
            "unknown": sum(f.status is Status.UNKNOWN for f in self.findings) + checks.count(Status.UNKNOWN),
            "error": fails.count(Severity.ERROR),
            "warning": fails.count(Severity.WARNING),
            "note": fails.count(Severity.NOTE),
        }

    def fails_at(self, threshold: Severity | None) -> bool:
        """Whether any failure is at or above `threshold`; None (`--fail-on never`) is always false."""
        if threshold is None:
            return False
        return any(f.status is Status.FAIL and f.level.rank <= threshold.rank for f in self.findings)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in output order, without repeats of the same identity, line and message."""
    seen: set[tuple[str, int, str]] = set()
    unique: list[Finding] = []
    for finding in sorted(findings, key=Finding.sort_key):
        key = (finding.identity, finding.line, finding.message)
        if key not in seen:
            seen.add(key)
            unique.append(finding)
    return tuple(unique)

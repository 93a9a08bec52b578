"""The kinds of suppressions, as values."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

from newbackend.findings import Finding, Location
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class IgnoreComment:
    """`newbackend: ignore[rule:subject] reason` in a comment; `covers` are the lines it applies to."""

    rule: str
    subject: str
    reason: str
    where: Location
    covers: tuple[int, ...]

    def matches(self, finding: Finding) -> bool:
        """Whether rule and file match, the line is covered, and the subject matches if one was given."""
        return (
            finding.rule.id == self.rule
            and finding.path == self.where.path
            and finding.line in self.covers
            and self.subject in ("", finding.subject)
        )


@dataclass(frozen=True, slots=True)
class AllowEntry:
    """One `[[allow]]` of .newbackend.toml. "" is anything.

    `subject` and `path` are globs whose `*` crosses `/`; `backend` is a name.
    """

    rule: str
    reason: str
    where: Location
    subject: str = ""
    path: str = ""
    backend: str = ""
    expires: date | None = None

    def matches(self, finding: Finding) -> bool:
        """Whether the rule and all given keys match."""
        return (
            finding.rule.id == self.rule
            and self.backend in ("", finding.backend)
            and (not self.subject or fnmatchcase(finding.subject, self.subject))
            and (not self.path or fnmatchcase(finding.path, self.path))
        )

    def is_expired(self, today: date) -> bool:
        """Whether `today` is after the expiry date."""
        return self.expires is not None and today > self.expires


@dataclass(frozen=True, slots=True)
class Malformed:
    """A suppression that has no effect; `problem` completes the sentence "this suppression ..."."""

    problem: str
    where: Location
    subject: str


Suppression = IgnoreComment | AllowEntry

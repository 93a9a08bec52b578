"""What a suppression is, wherever it was written. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from newbackend.findings import Finding, Location


@dataclass(frozen=True, slots=True)
class IgnoreComment:
    """`newbackend: ignore[rule:subject] reason` in a comment; `covers` are the lines it speaks for."""

    rule: str
    subject: str
    reason: str
    where: Location
    covers: tuple[int, ...]

    def matches(self, finding: Finding) -> bool:
        """Same rule, same file, a covered line, and the subject if one was given."""
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
        """Same rule, and every narrowing key that was given."""
        return (
            finding.rule.id == self.rule
            and self.backend in ("", finding.backend)
            and (not self.subject or fnmatchcase(finding.subject, self.subject))
            and (not self.path or fnmatchcase(finding.path, self.path))
        )

    def is_expired(self, today: date) -> bool:
        """Whether `today` is after the last day it holds."""
        return self.expires is not None and today > self.expires


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something that was meant to suppress and does not: `problem` completes "this suppression ..."."""

    problem: str
    where: Location
    subject: str


Suppression = IgnoreComment | AllowEntry

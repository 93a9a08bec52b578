"""The book of the static rules, and what their checks give back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from newbackend.findings import Confidence, Finding, Location, Rule, Severity
from newbackend.records import dataclass
from newbackend.rulebook import Rulebook
from newbackend.sanitize import printable_name

if TYPE_CHECKING:
    from newbackend.package.model import Package


@dataclass(frozen=True, slots=True)
class Skipped:
    """The rule does not apply to this package, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The rule was asked for and could not be judged, and why."""

    reason: str


Outcome = Iterable[Finding] | Skipped | Unknown

# What nobody asked for: unknown there is no proof that could not run.
UNASKED = frozenset({"PKG111"})
RULES: Rulebook[Package, Outcome] = Rulebook("PKG", "package/rules/[!_]*.py")
rule, check = RULES.rule, RULES.check


def finding(
    rule: Rule,
    path: str,
    message: str,
    *,
    subject: str | None = None,
    line: int = 1,
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    expected: str = "",
    related: Iterable[str] = (),
) -> Finding:
    """A finding about the file `path` of the package, which is also the subject where none is given.

    `related` are other files of the package. Control characters are spelled out: anybody may have made the
    names in an archive.
    """
    return Finding(
        rule,
        printable_name(path if subject is None else subject),
        printable_name(path),
        line,
        printable_name(message),
        severity=severity,
        confidence=confidence,
        expected=expected,
        related=tuple(Location(p) for p in related),
    )

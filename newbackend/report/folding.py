"""Repeats of one finding as one entry: the same rule says the same of several keys of one backend's map."""

from __future__ import annotations

import re
from collections.abc import Iterable

from newbackend.findings import Finding
from newbackend.records import dataclass

_WORD = re.compile(r"\S+")
_EDGES = ".,;:()'\"`"


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding and its repeats, in report order."""

    first: Finding
    repeats: tuple[Finding, ...] = ()

    @property
    def expected(self) -> str:
        """The expected texts of all of them, each once."""
        return "\n".join(
            dict.fromkeys(row.expected.rstrip("\n") for row in (self.first, *self.repeats) if row.expected)
        )


def folded(findings: Iterable[Finding]) -> list[Entry]:
    """The findings, those that differ in their subject alone as one entry where the first of them is.

    What is to be pasted at different lines stays apart.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_key(finding), []).append(finding)
    return [Entry(first, tuple(repeats)) for first, *repeats in groups.values()]


def _key(finding: Finding) -> tuple[object, ...]:
    same = (finding.rule.id, finding.backend, finding.path, finding.status, finding.level, finding.certainty)
    where = finding.line if finding.expected else None
    return (*same, finding.fixable, finding.since, where, _plain_words(finding))


def _plain_words(finding: Finding) -> tuple[str, ...]:
    """The message without the subject and without names, which have a hyphen, a digit, a dot or a slash in them."""
    subject = {word.strip(_EDGES) for word in _WORD.findall(finding.subject)}
    words = (word.strip(_EDGES) for word in _WORD.findall(finding.message))
    return tuple(word for word in words if word.isalpha() and word not in subject)

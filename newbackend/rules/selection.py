"""`--select`, `--ignore` and `--severity`: which findings of a report are shown and decide the exit status.

Every rule still runs: a suppression that allows nothing, and a repair that would break something else, are told by all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from newbackend.errors import UsageError
from newbackend.findings import Finding, Report, Rule, Severity, Status
from newbackend.records import dataclass
from newbackend.rules import rules
from newbackend.rules.run import with_statuses
from newbackend.suggest import did_you_mean, nearest


@dataclass(frozen=True)
class Selection:
    """Rules by id (empty: all), and the least severity."""

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    least: Severity = Severity.NOTE

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def _rule(self, rule: Rule) -> bool:
        return (not self.only or rule.id in self.only) and rule.id not in self.without

    def takes(self, finding: Finding) -> bool:
        """Whether a finding is shown; one that could not be decided has no severity to be left out for."""
        weighty = finding.status is not Status.FAIL or finding.level.rank <= self.least.rank
        return weighty and self._rule(finding.rule)

    def of(self, report: Report) -> Report:
        """The report with what is selected."""
        if self.everything:
            return report
        selected = replace(
            report,
            findings=tuple(filter(self.takes, report.findings)),
            healed=tuple(filter(self.takes, report.healed)),
            suppressed=tuple(entry for entry in report.suppressed if self.takes(entry.finding)),
            checked=tuple(check for check in report.checked if self._rule(check.rule)),
        )
        return with_statuses(selected)


def selection(
    select: Sequence[str], ignore: Sequence[str], least: Severity, more: Mapping[str, Rule] = MappingProxyType({})
) -> Selection:
    """The selection that options mean: ids, beginnings of ids (`REG7`) or names, with commas between.

    `more` are rules that run beside those of the checkout. Raises UsageError for a word that means no rule.
    """
    known = {**rules(), **more}
    return Selection(_ids(select, "select", known), _ids(ignore, "ignore", known), least)


def _ids(texts: Sequence[str], option: str, known: Mapping[str, Rule]) -> frozenset[str]:
    words = [word.strip() for text in texts for word in text.split(",") if word.strip()]
    if texts and not words:
        raise UsageError(f"{option}-empty", f"--{option} names no rule", hint="such as REG401, or REG7 for a family")
    return frozenset(id_ for word in words for id_ in _meant(word, option, known))


def _meant(word: str, option: str, known: Mapping[str, Rule]) -> list[str]:
    found = [id_ for id_, rule in known.items() if id_.startswith(word.upper()) or rule.name == word.lower()]
    if not found:
        names = {id_: (rule.name,) for id_, rule in known.items()}
        close = nearest(word, known, names)
        hint = did_you_mean(close) or "`newbackend rule` lists them"
        raise UsageError(
            "rule-unknown", f"--{option}: no rule of verify begins with {word!r}", hint=hint, choices=close
        )
    return found

"""A rule book: rules, the checks that decide them and their repairs, registered where they are written.

A module of rules reads from top to bottom:

    NOT_BUMPED = rule("REG501", "pin-not-bumped", Severity.WARNING, what="…", why="…", how="…", fix=Fix.SAFE)

    @check(NOT_BUMPED, needs=("bump-bot",))
    def pins(context):
        yield Finding(NOT_BUMPED, subject, path, line=…, message="…")

    @repair(NOT_BUMPED)
    def add_row(context, finding):
        yield Change(…)

`newbackend.rules.registry` holds the book of `verify`, `newbackend.package.rules.registry` the one of
`package check`, `newbackend.gallery.book` the one of `gallery check`. A book finds its modules by file name, so a new
module needs no other edit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from newbackend.findings import Confidence, Finding, Fix, Rule, Severity
from newbackend.records import dataclass

if TYPE_CHECKING:
    from newbackend.registrations.base import Change
    from newbackend.rules.context import Context

Subject = TypeVar("Subject")
Answer = TypeVar("Answer")
Function = TypeVar("Function", bound=Callable[..., object])
Repair = Callable[["Context", Finding], Iterable["Change"]]
"""The changes that repair one finding; none when it cannot be done safely after all. They come from the
`insert` of a registration place where there is one, so that `--fix` and `create` write the same."""

_PACKAGE = Path(__file__).parent


class Scope(StrEnum):
    """What a rule is about: one backend (the finding names it), or the repository as a whole."""

    BACKEND = "backend"
    REPO = "repo"


@dataclass(frozen=True)
class Check(Generic[Subject, Answer]):
    """`run` decides all of `rules` in one pass over the subject.

    `needs` are ids of registration places: where one of them does not exist in this checkout the rules are
    skipped with that reason, where one cannot be read they are unknown.
    """

    rules: tuple[Rule, ...]
    run: Callable[[Subject], Answer]
    needs: tuple[str, ...] = ()
    scope: Scope = Scope.BACKEND


class Rulebook(Generic[Subject, Answer]):
    """All rules whose ids begin with `prefix`, from the modules that match `patterns`.

    `patterns` are globs below the package `newbackend`. Checks take a `Subject` and give an `Answer`.
    A wrong registration is a programming error: it raises ValueError, at once or at the first lookup.
    """

    def __init__(self, prefix: str, *patterns: str) -> None:
        self._prefix, self._patterns = prefix, patterns
        self._rules: dict[str, Rule] = {}
        self._checks: list[Check[Subject, Answer]] = []
        self._decided: set[str] = set()
        self._repairs: dict[str, Repair] = {}

    def rule(
        self,
        id_: str,
        name: str,
        severity: Severity,
        *,
        what: str,
        why: str,
        how: str,
        confidence: Confidence = Confidence.CERTAIN,
        fix: Fix = Fix.NONE,
        incident: str = "",
        bad: str = "",
        good: str = "",
        added_in: str = "0.1.0",
        checklist: str = "",
        blocks_release: bool = False,
        when_new: Severity | None = None,
    ) -> Rule:
        """Registers a rule and returns it; see `Rule` for the texts.

        Raises ValueError for an id of another book, and for an id or a name that is taken.
        """
        if not id_.startswith(self._prefix):
            raise ValueError(f"rule {id_} does not belong into the book of {self._prefix}")
        if id_ in self._rules or any(name == known.name for known in self._rules.values()):
            raise ValueError(f"rule {id_} {name} is registered twice")
        self._rules[id_] = Rule(
            id=id_,
            name=name,
            severity=severity,
            what=what,
            why=why,
            how=how,
            confidence=confidence,
            fix=fix,
            incident=incident,
            bad=bad,
            good=good,
            added_in=added_in,
            checklist=checklist,
            blocks_release=blocks_release,
            when_new=when_new,
        )
        return self._rules[id_]

    def check(
        self, *rules: Rule, needs: tuple[str, ...] = (), scope: Scope = Scope.BACKEND
    ) -> Callable[[Callable[[Subject], Answer]], Callable[[Subject], Answer]]:
        """Decorator: the function decides these rules. Raises ValueError for a rule that has a check already."""
        self._own(rules)
        for rule in rules:
            if rule.id in self._decided:
                raise ValueError(f"rule {rule.id} has two checks")
        self._decided.update(rule.id for rule in rules)

        def register(function: Callable[[Subject], Answer]) -> Callable[[Subject], Answer]:
            self._checks.append(Check(rules, function, needs, scope))
            return function

        return register

    def repair(self, *rules: Rule) -> Callable[[Repair], Repair]:
        """Decorator: the function repairs findings of these rules. Raises ValueError for a rule with `Fix.NONE`,
        and for one that has a repair already."""
        self._own(rules)
        for rule in rules:
            if rule.fix is Fix.NONE:
                raise ValueError(f"rule {rule.id} declares no fix")
            if rule.id in self._repairs:
                raise ValueError(f"rule {rule.id} has two repairs")

        def register(function: Repair) -> Repair:
            self._repairs.update({rule.id: function for rule in rules})
            return function

        return register

    def _own(self, rules: tuple[Rule, ...]) -> None:
        for rule in rules:
            if self._rules.get(rule.id) is not rule:
                raise ValueError(f"rule {rule.id} is not registered in this book")

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Every rule by id, in order of id. Raises ValueError for a rule without a check, or with a `fix` and no
        repair."""
        return self._complete

    @property
    def checks(self) -> tuple[Check[Subject, Answer], ...]:
        """Every check, in the order of the modules. Raises ValueError as `rules` does."""
        return tuple(self._checks) if self._complete else ()

    @property
    def repairs(self) -> Mapping[str, Repair]:
        """Rule id -> its repair. Raises ValueError as `rules` does."""
        return self._repairs if self._complete else {}

    @cached_property
    def _complete(self) -> Mapping[str, Rule]:
        for path in self._files():
            import_module(".".join(("newbackend", *path.relative_to(_PACKAGE).with_suffix("").parts)))
        checked = {rule.id for check in self._checks for rule in check.rules}
        for rule in self._rules.values():
            if rule.id not in checked:
                raise ValueError(f"rule {rule.id} has no check")
            if rule.fix is not Fix.NONE and rule.id not in self._repairs:
                raise ValueError(f"rule {rule.id} has a fix and no repair")
        return MappingProxyType(dict(sorted(self._rules.items())))

    def _files(self) -> list[Path]:
        return [path for pattern in self._patterns for path in sorted(_PACKAGE.glob(pattern))]

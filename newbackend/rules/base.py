"""What a check is: a plain function over the context, registered with its rules.

A check yields findings for what is wrong, and `Checked` for what it left out and why. Everything it is
silent about passed: the engine (`run`) fills that in, so a check cannot forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from newbackend.findings import CheckResult, Finding, Rule

if TYPE_CHECKING:
    from newbackend.registrations.base import Change
    from newbackend.rules.context import Context

Result = Finding | CheckResult
Run = Callable[["Context"], Iterable[Result]]
Fixer = Callable[["Context", Finding], Iterable["Change"]]
"""The changes that repair one finding: what a place's own `insert` would do, so that `--fix` and
`create` cannot disagree. Nothing when it cannot be done safely after all."""


class Scope(StrEnum):
    """What a rule speaks of: each backend (the finding names it), or the repository as a whole."""

    BACKEND = "backend"
    REPO = "repo"


class Undecidable(Exception):
    """Raised by a check that cannot run: the reason, and the line that stopped it."""

    def __init__(self, reason: str, path: str, line: int = 1) -> None:
        super().__init__(reason)
        self.path, self.line = path, line


@dataclass(frozen=True)
class Check:
    """`run` decides all of `rules` in one pass over the facts.

    `needs` are ids of places: where one of them does not exist in this checkout the rules are skipped
    with that reason, where one cannot be read they are unknown. `fixers` maps a rule id to its repair;
    a rule whose `fix` is not NONE has one.
    """

    rules: tuple[Rule, ...]
    run: Run
    needs: tuple[str, ...] = ()
    scope: Scope = Scope.BACKEND
    fixers: Mapping[str, Fixer] = field(default_factory=dict)

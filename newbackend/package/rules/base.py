"""Rules of packages: the registry read from data/rules.toml, and what a check gives back."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from newbackend.findings import Confidence, Finding, Location, Rule, Severity, registry
from newbackend.package.model import Package


def _rules() -> tuple[Rule, ...]:
    text = resources.files("newbackend.package").joinpath("data/rules.toml").read_text("utf-8")
    enums: dict[str, Any] = {"severity": Severity, "confidence": Confidence}
    rows = tomllib.loads(text)["rule"]
    typed: list[dict[str, Any]] = [{k: enums[k](v) if k in enums else v for k, v in r.items()} for r in rows]
    return tuple(Rule(**row) for row in typed)


RULES: tuple[Rule, ...] = _rules()
RULES_BY_ID: dict[str, Rule] = registry(RULES)


@dataclass(frozen=True, slots=True)
class Skipped:
    """The rule does not apply to this package, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The rule was asked for and could not be judged, and why."""

    reason: str


Outcome = Iterable[Finding] | Skipped | Unknown


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and the function that judges a package by it."""

    rule: Rule
    run: Callable[[Package], Outcome]


def check(rule_id: str) -> Callable[[Callable[[Package], Outcome]], Check]:
    """Decorator: the function is the check of that rule."""
    return lambda function: Check(RULES_BY_ID[rule_id], function)


def printable(text: str) -> str:
    """Names come from archives that anybody may have made: no control character reaches a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def found(
    rule_id: str,
    path: str,
    subject: str,
    message: str,
    *,
    line: int = 1,
    severity: Severity | None = None,
    confidence: Confidence | None = None,
    expected: str = "",
    related: Iterable[str] = (),
) -> Finding:
    """A finding about the file `path` of the package; `related` are other files of it."""
    return Finding(
        RULES_BY_ID[rule_id],
        printable(subject),
        printable(path),
        line,
        printable(message),
        severity=severity,
        confidence=confidence,
        expected=expected,
        related=tuple(Location(p) for p in related),
    )

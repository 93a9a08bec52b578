"""The findings of some rules on the sample, with files replaced: what the tests of single rules ask for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from newbackend.checkout.tree import Checkout
from newbackend.findings import Finding
from newbackend.rules.context import Context
from newbackend.rules.registry import RULES
from newbackend.rules.run import Results, run


def results(checkout: Checkout, *prefixes: str) -> Results:
    """What the checks of the rules give whose ids begin so."""
    return run(
        Context(checkout),
        [check for check in RULES.checks if any(rule.id.startswith(prefixes) for rule in check.rules)],
    )


def found(checkout: Checkout, *prefixes: str) -> list[Finding]:
    """The findings of the rules whose ids begin so."""
    return [finding for finding in results(checkout, *prefixes).findings if finding.rule.id.startswith(prefixes)]


def ids(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """Rule and backend of each."""
    return {(finding.rule.id, finding.backend) for finding in findings}


def edited(root: Path, path: str, *pairs: tuple[str, str]) -> Checkout:
    """A tree with pieces of one file replaced, each of which must be there."""
    text = (root / path).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, f"{path} has no {old!r}"
        text = text.replace(old, new)
    return Checkout(root, {path: text})

"""Results as a text that says at a glance what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from .session import CheckResult


def failures(results: Iterable[CheckResult]) -> list[CheckResult]:
    """The checks that found something wrong."""
    return [result for result in results if not result.ok]


def report(results: Iterable[CheckResult]) -> str:
    """One line per check."""
    return "\n".join(f"{'ok  ' if result.ok else 'FAIL'} {result.name}: {result.detail}" for result in results)

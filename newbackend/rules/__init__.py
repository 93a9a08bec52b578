"""The rules of `newbackend verify` and their execution.

`registry` is the book of its rules, `context` their input, `run` runs them.
"""

from __future__ import annotations

from collections.abc import Mapping

from newbackend.findings import Rule


def rules() -> Mapping[str, Rule]:
    """Every rule of `newbackend verify` by id: about the checkout, and about suppressions."""
    from newbackend.rules.registry import RULES
    from newbackend.suppress.rules import SUPPRESSIONS

    return {**RULES.rules, **SUPPRESSIONS.rules}

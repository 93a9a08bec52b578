"""Rules about a backend's Makefile do not judge what they cannot see."""

from __future__ import annotations

from pathlib import Path

from rules.found import edited, found, results

from newbackend.findings import Status

GO = "backend/go/goquill"


def test_a_makefile_that_includes_another_is_not_judged(sample: Path) -> None:
    checkout = edited(
        sample, f"{GO}/Makefile", ("\nbuild: package\n", "\n"), (".DEFAULT_GOAL", "include more.mk\n.DEFAULT_GOAL")
    )
    assert found(checkout, "REG802") == []
    skipped = [
        one for one in results(checkout, "REG802").checked if one.rule.id == "REG802" and one.backend == "goquill"
    ]
    assert [one.status for one in skipped] == [Status.SKIPPED]

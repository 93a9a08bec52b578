"""Rules about a backend's Makefile do not judge what they cannot see."""

from __future__ import annotations

from pathlib import Path

from rules.found import edited, found, results

from newbackend.checkout.tree import Checkout
from newbackend.findings import Severity, Status

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


def test_a_build_type_that_is_handed_on_is_not_ignored(sample: Path) -> None:
    path = "backend/cpp/neo-cppanvil/Makefile"
    silent = edited(sample, path, ("# The server", "# sycl is not looked at here. The server"))
    assert found(silent, "REG815") == []


def test_a_go_backend_without_native_code_is_only_noted(sample: Path) -> None:
    native = (sample / "backend/go/gotide/Makefile").read_text(encoding="utf-8").replace("gotide", "goquill")
    noted = found(Checkout(sample, {f"{GO}/Makefile": native}), "REG815")
    assert {finding.level for finding in noted} == {Severity.NOTE}
    assert {finding.subject for finding in noted} == {"cublas", "hipblas", "sycl", "vulkan"}

"""A script that cannot be read makes its own rules unknown."""

from __future__ import annotations

from pathlib import Path

from rules.found import found

from newbackend.checkout.tree import Checkout
from newbackend.findings import Status


def test_a_binary_file_makes_its_own_rules_unknown_and_no_others(sample: Path) -> None:
    (sample / "backend/go/gotide/run.sh").write_bytes(b"\xff\xfe\x00")
    findings = found(Checkout(sample), "REG8")
    assert {finding.status for finding in findings} == {Status.UNKNOWN}
    assert {finding.rule.id for finding in findings} <= {"REG805", "REG806", "REG807", "REG808", "REG809", "REG832"}
    assert {finding.path for finding in findings} == {"backend/go/gotide/run.sh"}

"""Scripts that cannot be read, and scripts that do not parse."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules.found import found

from newbackend.checkout.tree import Checkout
from newbackend.findings import Severity, Status


def test_a_binary_file_makes_its_own_rules_unknown_and_no_others(sample: Path) -> None:
    (sample / "backend/go/gotide/run.sh").write_bytes(b"\xff\xfe\x00")
    findings = found(Checkout(sample), "REG8")
    assert {finding.status for finding in findings} == {Status.UNKNOWN}
    assert {finding.rule.id for finding in findings} <= {"REG805", "REG806", "REG807", "REG808", "REG809", "REG832"}
    assert {finding.path for finding in findings} == {"backend/go/gotide/run.sh"}


def test_what_bash_cannot_read_is_said_rather_than_a_missing_first_line(sample: Path) -> None:
    script = sample / "backend/go/gotide/package.sh"
    script.write_text("mkdir -p package\n")
    (finding,) = found(Checkout(sample), "REG832")
    assert (finding.level, "no `#!` line" in finding.message) == (Severity.WARNING, True)
    script.write_text("if true; then\nmkdir -p package\n")
    (finding,) = found(Checkout(sample), "REG832")
    assert (finding.level, "bash cannot read it" in finding.message) == (Severity.ERROR, True)
    script.write_text("#!/usr/bin/env python3\nif True:\n    pass\n")
    assert found(Checkout(sample), "REG832") == []


def test_without_bash_a_missing_first_line_is_found_all_the_same(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sample / "backend/go/gotide/package.sh").write_text("mkdir -p package\n")
    monkeypatch.setattr("newbackend.rules.directory.syntax.bash", lambda: None)
    findings = found(Checkout(sample), "REG832")
    assert {finding.status for finding in findings} == {Status.FAIL, Status.UNKNOWN}

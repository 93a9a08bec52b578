"""`verify --strict NAME`, and `--base` for a backend that a change adds: the checklist with its state."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cli.runner import newbackend

CREATE = ["create", "oak", "--lang", "go", "--variants", "cpu,metal", "--no-input", "--yes"]


def without_tests(root: Path) -> None:
    """Takes oak's lines out of the recipes of the root Makefile."""
    makefile = root / "Makefile"
    makefile.write_text(re.sub(r".*\$\(MAKE\) -C backend/go/oak.*\n", "", makefile.read_text()))


def test_it_needs_a_name(sample: Path) -> None:
    done = newbackend("verify", "--strict", "--repo", sample)
    assert done.status == 2
    assert "--strict needs the NAME" in done.err


def test_the_checklist_is_printed_line_by_line(sample: Path) -> None:
    assert newbackend(*CREATE, "--repo", sample).status == 0
    fresh = newbackend("verify", "oak", "--strict", "--repo", sample)
    assert fresh.status == 0
    assert "checklist of oak" in fresh.out
    assert "  [x] Root Makefile: all six edits\n" in fresh.out
    assert "  [ ] The placeholder engine is replaced" in fresh.out
    without_tests(sample)
    left = newbackend("verify", "oak", "--strict", "--fail-on", "warning", "--repo", sample)
    assert left.status == 1
    assert "  [ ] Root Makefile: all six edits (" in left.out
    assert "checklist of oak" not in newbackend("verify", "oak", "--repo", sample).out


def test_a_change_that_adds_a_backend_is_judged_by_it(sample: Path) -> None:
    assert newbackend(*CREATE, "--repo", sample).status == 0
    without_tests(sample)
    done = newbackend("verify", "--base", "HEAD", "--format", "json", "--repo", sample)
    report = json.loads(done.out)
    assert list(report["checklists"]) == ["oak"]
    lines = {line["text"]: line for line in report["checklists"]["oak"]}
    assert lines["Build rows in `.github/backend-matrix.yml` for every chosen platform"]["done"]
    assert not lines["Root Makefile: all six edits"]["done"]
    assert {one["severity"] for one in report["findings"] if one["rule"] == "REG302"} == {"warning"}


def test_a_pull_request_gets_it_as_task_list(sample: Path) -> None:
    assert newbackend(*CREATE, "--repo", sample).status == 0
    done = newbackend("verify", "oak", "--strict", "--format", "markdown", "--repo", sample)
    assert "- [x] Root Makefile: all six edits\n" in done.out

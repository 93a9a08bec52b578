"""The small form of the JSON report, and the reports that `--output` writes beside the one that is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import newbackend

FILTER = "scripts/lib/backend-filter.mjs"


def without_a_branch(root: Path) -> None:
    """Takes the path filter's branch of cppreed away."""
    file = root / FILTER
    text = file.read_text()
    branch = '  if (item.dockerfile.endsWith("cppreed")) {\n    return `backend/cpp/cppreed/`;\n  }\n'
    assert branch in text
    file.write_text(text.replace(branch, ""))


def test_one_run_prints_and_writes_the_same_findings(sample: Path, tmp_path: Path) -> None:
    without_a_branch(sample)
    files = {name: tmp_path / f"report.{name}" for name in ("json", "sarif", "markdown")}
    options = [word for name, path in files.items() for word in ("--output", f"{name}={path}")]
    result = newbackend("verify", "cppreed", "--repo", sample, "--format", "json", "--summary", *options)
    assert result.status == 1
    small, whole = json.loads(result.out), json.loads(files["json"].read_text())
    assert small["summary"] == whole["summary"]
    assert small["findings"][0]["rule"] == "REG401 route-missing"
    assert small["findings"][0]["at"].startswith(f"{FILTER}:")
    assert small["findings"][0]["fix"] == "safe"
    assert {row["rule"].split()[0] for row in small["findings"]} == {row["rule"] for row in whole["findings"]}
    assert len(result.out) < len(files["json"].read_text()) / 2
    assert json.loads(files["sarif"].read_text())["runs"][0]["results"]
    assert "REG401" in files["markdown"].read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--output", "sarif"), "output-malformed"),
        (("--output", "yaml=x"), "output-unknown"),
        (("--output", "json={gone}/x"), "output-not-written"),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence(sample: Path, tmp_path: Path, words: tuple[str, ...], code: str) -> None:
    filled = [word.format(gone=tmp_path / "gone") for word in words]
    result = newbackend("verify", "gotide", "--repo", sample, *filled)
    assert (result.status, "Traceback" in result.err) == (2, False)
    as_json = newbackend("verify", "gotide", "--repo", sample, "--format", "json", *filled)
    assert code in as_json.out


def test_only_json_has_a_small_form(sample: Path) -> None:
    result = newbackend("verify", "--summary", "--repo", sample)
    assert result.error().endswith("--summary is a form of --format json, not of text")

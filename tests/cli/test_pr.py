"""`newbackend pr NAME` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newbackend.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(words))
    said = capsys.readouterr()
    return int(stopped.value.code or 0), said.out, said.err


def test_a_created_backend_has_its_text(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--lang", "go", "--variants", "cpu", "--no-input", "--yes", "--repo", str(sample)]
    status, _, error = run(capsys, "create", "newly", *words)
    assert status == 0, error
    status, out, _ = run(capsys, "pr", "newly", "--repo", str(sample))
    assert status == 0
    assert out.splitlines()[0] == "feat(backend): add newly text generation backend"
    assert "- [x] Root Makefile: all six edits" in out


def test_a_backend_that_was_not_created_here_is_described(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "pr", "goquill", "--repo", str(sample), "--format", "json")
    assert status == 0
    assert json.loads(out)["backend"] == "goquill"


@pytest.mark.parametrize("name", ["nobody", "../goquill"])
def test_a_name_that_nothing_knows_is_not_found(sample: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    status, out, error = run(capsys, "pr", name, "--repo", str(sample))
    assert (status, out) == (3, "")
    assert name in error

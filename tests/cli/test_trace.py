"""The command line of `newbackend trace`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newbackend.cli.main import main


def run(*words: str, root: Path) -> int:
    """The exit status of a command line."""
    with pytest.raises(SystemExit) as left:
        main(["trace", *words, "--repo", str(root)])
    return int(left.value.code or 0)


def test_text_and_json_agree(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("goquill", "--variant", "cuda12", root=sample) == 0
    text = capsys.readouterr().out
    assert run("goquill", "--variant", "cuda12", "--format", "json", root=sample) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "newbackend/trace/1"
    assert [row["variant"] for row in found["rows"]] == ["cuda12"]
    assert found["rows"][0]["route"] in text
    assert "-DQUILL_CUDA=ON" in found["rows"][0]["make"]["flags"]
    assert "-DQUILL_CUDA=ON" in text


def test_two_variants(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("goquill", "--diff", "cpu", "rocm", "--format", "json", root=sample) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["variant"] for row in found["rows"]] == ["cpu", "rocm"]
    assert {entry["part"] for entry in found["differences"]} >= {"Dockerfile", "make", "gallery"}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("nobody",), 3, "no backend 'nobody'"),
        (("goquill", "--variant", "rocm9"), 3, "builds the variant 'rocm9'"),
        (("goquill", "--diff", "cpu", "cuda12", "--run"), 2, "--diff takes two variants"),
        (("goquill", "--diff", "cpu", "nothing"), 3, "'nothing'"),
    ],
)
def test_a_wrong_word_is_one_sentence(
    words: tuple[str, ...], status: int, said: str, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words, root=sample) == status
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_broken_files_are_said_and_do_not_stop_the_trace(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sample / "backend/go/goquill/package.sh").write_bytes(b"\xff\xfe not text\n")
    (sample / "backend/Dockerfile.cppreed").unlink()
    (sample / ".github/workflows/backend_build.yml").write_text("jobs: [unclosed\n")
    assert run("goquill", "--variant", "cpu", root=sample) == 0
    assert run("cppreed", "--variant", "cpu", root=sample) == 0
    assert "unknown" in capsys.readouterr().out

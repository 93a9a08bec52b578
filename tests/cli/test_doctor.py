"""`newbackend doctor` and `--version --verbose`: what is here, and nothing of the checkout is run."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from cli.runner import newbackend
from conftest import git, tree

from newbackend import __version__
from newbackend.doctor.model import State
from newbackend.doctor.programs import programs
from newbackend.doctor.surroundings import network


def diagnosis(*words: str | Path, cwd: Path) -> dict[str, Any]:
    """What `doctor --format json` says, and its exit status under `status`."""
    result = newbackend("doctor", *words, "--format", "json", cwd=cwd)
    data: dict[str, Any] = json.loads(result.out)
    return {**data, "status": result.status, "by": {check["id"]: check for check in data["checks"]}}


def test_all_that_create_and_verify_need_is_status_0(sample: Path) -> None:
    found = diagnosis(cwd=sample)
    assert (found["schema"], found["ok"], found["status"]) == ("newbackend/doctor/1", True, 0)
    assert found["by"]["git"]["state"] == "ok"
    assert found["checkout"]["revision"] == git(sample, "rev-parse", "HEAD").strip()
    assert found["checkout"]["layout"]["path_filter"]
    wanted = "python bash make cc cmake protoc go cargo sandbox qemu gh"
    assert set(found["by"]) >= set(wanted.split())


def test_no_checkout_is_status_1_and_says_what_needs_one(tmp_path: Path) -> None:
    found = diagnosis(cwd=tmp_path)
    assert (found["ok"], found["status"], found["checkout"]) == (False, 1, None)
    assert "newbackend demo" in found["by"]["checkout"]["without"]


def test_an_old_layout_is_said_in_its_sentence(tmp_path: Path) -> None:
    for name in ("backend/index.yaml", "backend/backend.proto", ".github/workflows/backend.yml", "go.mod"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("module github.com/mudler/LocalAI\n")
    found = diagnosis(cwd=tmp_path)
    assert "older than 2026-05-08" in found["by"]["checkout"]["found"]
    assert found["status"] == 1


def test_without_git_it_says_what_will_not_work(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = newbackend("doctor", cwd=sample)
    assert result.status == 1
    said = " ".join(result.out.split())
    assert "missing git not found in PATH so: create, change and apply refuse to write" in said
    assert "missing go not found in PATH so: Go backends" in said
    assert result.out.rstrip().endswith("create and verify will not work here: git")


def test_a_missing_compiler_is_no_fault(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("git", "bash"):
        found = next(Path(folder) / name for folder in os.get_exec_path() if (Path(folder) / name).exists())
        (tmp_path / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = newbackend("doctor", cwd=sample)
    assert result.status == 0
    assert "C++ backends" in result.out
    assert result.out.rstrip().endswith("create and verify work here")


@pytest.mark.parametrize("entry", ["bin", "."])
def test_a_program_of_the_checkout_is_never_run(sample: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    folder = sample / entry
    folder.mkdir(exist_ok=True)
    for name in ("git", "go", "cmake", "gh"):
        (folder / name).write_text(f"#!/bin/sh\ntouch {sample}/ran-{name}\necho {name} 9.9.9\n")
        (folder / name).chmod(0o755)
    path = str(folder) if entry == "bin" else entry
    monkeypatch.setenv("PATH", path)
    monkeypatch.chdir(sample)
    found = {check.id: check for check in programs(sample)}
    assert not list(sample.glob("ran-*"))
    assert found["go"].state is State.MISSING
    assert "PATH leads into the checkout" in found["go"].found


def test_a_program_that_hangs_or_fails_is_named(tmp_path: Path, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, body in {"cargo": "exit 3", "go": "exec /bin/sleep 60", "gh": "echo gh version 2.40.1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("newbackend.doctor.programs.SECONDS", 0.3)
    found = {check.id: check for check in programs(sample)}
    assert "fails with status 3" in found["cargo"].found
    assert "did not answer" in found["go"].found
    assert found["gh"].found.startswith("2.40.1, ")


def test_the_network_is_asked_only_when_wanted(upstream_base: Path) -> None:
    assert network(online=False).state is State.SKIPPED
    assert "--online" in network(online=False).found
    assert network(online=True).state is State.OK


def test_an_unreachable_host_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", (tmp_path / "absent").as_uri())
    check = network(online=True)
    assert check.state is State.MISSING
    assert "cannot be reached" in check.found


def test_a_read_only_checkout_can_be_looked_at_but_not_written(sample: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    sample.chmod(0o555)
    try:
        found = diagnosis(cwd=sample)
    finally:
        sample.chmod(0o755)
    assert found["by"]["writable"]["state"] == "missing"
    assert found["status"] == 1


def test_it_changes_nothing(sample: Path) -> None:
    before = tree(sample)
    newbackend("doctor", cwd=sample)
    assert tree(sample) == before
    assert not (sample / ".git/newbackend").exists()


@pytest.mark.parametrize("words", [("--version", "--verbose"), ("--verbose", "--version")])
def test_the_long_version_has_what_a_report_needs(sample: Path, words: tuple[str, ...]) -> None:
    out = newbackend(*words, cwd=sample).out
    assert out.startswith(f"newbackend {__version__} (")
    assert sys.executable in out
    assert f"{sample} at {git(sample, 'rev-parse', 'HEAD').strip()}" in out
    assert re.search(r"^  typer +\d", out, re.M)
    assert re.search(r"^  iced-x86 +.*for package check", out, re.M)
    assert not re.search(r"^  pytest ", out, re.M), "what only development needs is left out"


def test_the_long_version_outside_of_a_checkout(tmp_path: Path) -> None:
    assert re.search(r"^  checkout +none here$", newbackend("--version", "--verbose", cwd=tmp_path).out, re.M)


def test_verbose_without_version_is_refused(sample: Path) -> None:
    result = newbackend("--verbose", "list", cwd=sample)
    assert result.status == 2
    assert "only goes with --version" in result.error()


@pytest.fixture
def upstream_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base of repositories on disk that has LocalAI's."""
    bare = tmp_path / "git/mudler/LocalAI"
    bare.mkdir(parents=True)
    git(bare, "init", "--quiet", "--bare")
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", (tmp_path / "git").as_uri())
    return bare

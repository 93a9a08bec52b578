"""`newbackend create` end to end: the main job, its previews, and every bad input of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import git, tree
from specs import SHA

from newbackend.checkout.layout import BUMP, INDEX, MAKEFILE, MATRIX

CREATE = ["create", "ds4", "--lang", "cpp", "--pin", f"antirez/ds4@{SHA}", "--variants", "cpu,cuda13,l4t-cuda13"]
GO = [*CREATE, "--no-input", "--yes"]


def test_create_then_create_again_then_undo(any_sample: Path) -> None:
    first = newbackend(*GO, cwd=any_sample / "backend")
    assert first.status == 0, first.err
    assert "New files" in first.out
    assert "[REG401]" in first.out
    assert "undo" in first.err
    again = newbackend(*GO, cwd=any_sample)
    assert again.status == 0
    assert "nothing to do" in again.out
    undone = newbackend("undo", cwd=any_sample)
    assert undone.status == 0
    assert git(any_sample, "status", "--porcelain") == ""


def test_a_dry_run_shows_the_diff_that_git_can_apply_and_writes_nothing(sample: Path) -> None:
    before = tree(sample)
    result = newbackend(*CREATE, "--no-input", "--dry-run", "--repo", sample)
    assert result.status == 0, result.err
    assert tree(sample) == before
    assert "# the nightly bump of DS4_VERSION [REG501]" in result.out
    assert "\x1b[" not in result.out
    assert not (sample / ".git/newbackend").exists()


RUST_PIN = ["create", "ferris", "--lang", "rust", "--pin", f"antirez/ds4@{SHA}"]


@pytest.mark.parametrize("words", [CREATE, RUST_PIN], ids=["cpp", "submodule"])
def test_the_saved_diff_applies_with_git_and_gives_what_apply_gives(
    sample: Path, tmp_path: Path, words: list[str]
) -> None:
    diff = tmp_path / "change.diff"
    assert newbackend(*words, "--no-input", "--dry-run", "--diff-out", diff, "--repo", sample).status == 0
    other = tmp_path / "other"
    shutil.copytree(sample, other, symlinks=True)
    assert newbackend(*words, "--no-input", "--yes", "--repo", sample).status == 0
    git(other, "update-index", "--refresh")
    git(other, "apply", "--index", "--whitespace=nowarn", str(diff))
    assert tree(other) == tree(sample)
    git(sample, "add", "--all")
    assert git(other, "ls-files", "--stage") == git(sample, "ls-files", "--stage")


def test_only_a_pin_that_the_bump_bot_follows_has_a_branch_assumed(sample: Path) -> None:
    said = [newbackend(*words, "--no-input", "--dry-run", "--repo", sample).out for words in (CREATE, RUST_PIN)]
    assert ["follow branch main" in text for text in said] == [True, False]


def test_a_saved_plan_is_applied_later_and_refused_when_stale(sample: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert newbackend(*CREATE, "--no-input", "--dry-run", "--plan-out", plan, "--repo", sample).status == 0
    stale = tmp_path / "stale"
    shutil.copytree(sample, stale, symlinks=True)
    (stale / INDEX).write_text((stale / INDEX).read_text() + "# later\n")
    refused = newbackend("apply", plan, "--repo", stale)
    assert refused.status == 2
    assert INDEX in refused.error()
    applied = newbackend("apply", plan, "--repo", sample)
    assert applied.status == 0, applied.err
    assert (sample / "backend/Dockerfile.ds4").exists()


def test_json_is_the_plan_on_stdout_and_nothing_else(sample: Path) -> None:
    result = newbackend(*CREATE, "--no-input", "--dry-run", "--format", "json", "--repo", sample)
    data = json.loads(result.out)
    assert data["schema"] == "newbackend/plan/1"
    assert {edit["op"] for edit in data["edits"]} == {"create", "modify"}
    again = newbackend(*CREATE, "--no-input", "--dry-run", "--format", "json", "--repo", sample)
    assert again.out == result.out, "a plan is deterministic"


def test_answers_file_set_and_flags_are_layers(sample: Path, tmp_path: Path) -> None:
    answers = tmp_path / "a.yml"
    answers.write_text(f"name: ds4\nlang: cpp\nvariants: [cpu]\nlicense: mit\npin: {{repo: antirez/ds4, sha: {SHA}}}\n")
    words: list[str | Path] = [
        "create",
        "--answers",
        answers,
        "--variants",
        "cuda13",
        "--set",
        "pin.branch=dev",
        "--set",
        "license=bsd-2-clause",
    ]
    result = newbackend(*words, "--no-input", "--dry-run", "--format", "json", "--repo", sample)
    assert result.status == 0, result.err
    found = json.loads(result.out)["answers"]
    assert (found["variants"], found["pin"]["branch"], found["license"]) == (["cuda13"], "dev", "bsd-2-clause")


def test_the_answers_that_were_saved_give_the_same_backend(sample: Path, tmp_path: Path) -> None:
    assert newbackend(*GO, "--repo", sample).status == 0
    saved = tmp_path / "saved.yml"
    shutil.copy(sample / "backend/cpp/ds4/.newbackend.yml", saved)
    made = tree(sample)
    assert newbackend("undo", "--repo", sample).status == 0
    assert newbackend("create", "--answers", saved, "--no-input", "--yes", "--repo", sample).status == 0
    assert tree(sample) == made


BAD: list[tuple[list[str], int, str]] = [
    (["create", "--no-input"], 2, "newbackend create NAME"),
    (["create", "ds4", "--no-input"], 2, "--lang"),
    (["create", "Cuda!", "--lang", "cpp", "--no-input"], 2, "lower-case"),
    (["create", "cuda-x", "--lang", "cpp", "--no-input"], 2, "'cuda'"),
    (["create", "cppreed", "--lang", "cpp", "--no-input"], 2, "already"),
    (["create", "ds4", "--lang", "perl", "--no-input"], 2, "python, go, cpp, rust"),
    (["create", "ds4", "--lang", "cpp", "--variants", "tpu", "--no-input"], 2, "'tpu'"),
    (["create", "ds4", "--lang", "rust", "--variants", "cuda12", "--no-input"], 2, "cannot ship cuda12"),
    (["create", "ds4", "--lang", "cpp", "--modality", "smell", "--no-input"], 2, "'smell'"),
    (["create", "ds4", "--lang", "cpp", "--pin", "nonsense", "--no-input"], 2, "OWNER/REPO"),
    (["create", "ds4", "--lang", "cpp", "--pin", "antirez/ds4@ae302c2", "--no-input"], 2, "all 40 digits"),
    (["create", "ds4", "--lang", "cpp", "--pin", "antirez/ds4", "--no-input"], 3, "<40 hex digits>"),
    (["create", "ds4", "--lang", "cpp", "--set", "colour=red", "--no-input"], 2, "colour"),
    (["create", "ds4", "--lang", "cpp", "--answers", "/nonexistent.yml", "--no-input"], 3, "/nonexistent.yml"),
    (["create", "ds4", "--lang", "cpp", "--no-input"], 2, "--yes"),
    (["create", "ds4", "--lang", "cpp", "--format", "xml", "--no-input"], 2, "xml"),
    (["create", "ds4", "--colour"], 2, "--help"),
    (["frobnicate"], 2, "frobnicate"),
    (["apply", "/nonexistent.json"], 3, "no such plan"),
    (["remove", "nobody", "--yes"], 3, "nobody"),
    (["undo"], 3, "nothing"),
]


@pytest.mark.parametrize(
    ("words", "status", "says"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_bad_input_is_one_sentence_the_documented_status_and_no_change(
    sample: Path, words: list[str], status: int, says: str
) -> None:
    before = tree(sample)
    result = newbackend(*words, cwd=sample)
    assert result.status == status, result.err
    assert says in result.error()
    assert result.out == "" or "--no-input" in words, result.out
    assert tree(sample) == before


def test_outside_a_checkout_is_exit_3(tmp_path: Path) -> None:
    result = newbackend(*GO, cwd=tmp_path)
    assert result.status == 3
    assert "no LocalAI checkout" in result.error()


def test_a_checkout_from_before_the_matrix_file_is_an_unsupported_layout(sample: Path) -> None:
    (sample / MATRIX).unlink()
    (sample / ".github/workflows/backend.yml").write_text("on: push\n")
    result = newbackend(*GO, cwd=sample)
    assert result.status == 2
    assert "2026-05-08" in result.error()


def test_a_file_that_is_not_utf8_is_named_with_its_line(sample: Path) -> None:
    file = sample / MAKEFILE
    file.write_bytes(file.read_bytes() + b"# caf\xe9\n")
    result = newbackend(*GO, cwd=sample)
    assert result.status == 2
    assert f"{MAKEFILE}:" in result.error()
    assert "UTF-8" in result.error()


def test_a_dirty_target_is_refused_and_can_be_allowed(sample: Path) -> None:
    (sample / BUMP).write_text((sample / BUMP).read_text() + "# mine\n")
    refused = newbackend(*GO, cwd=sample)
    assert refused.status == 2
    assert BUMP in refused.error()
    assert newbackend(*GO, "--allow-dirty", cwd=sample).status == 0


HOSTILE = [
    "quotes \" and ' and $(touch pwned) and `touch pwned` # not a comment",
    '*/ #include "x" \\ ${{ github.token }} {{ 7*7 }} {% raw %} !!python/object',
    "emoji \U0001f680 und Umlaute äöü, 中文, العربية",
    "- list: like\nkey: value\n---\n...",
    "x" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=["shell", "templates", "unicode", "yaml", "10kB"])
def test_a_hostile_description_injects_nothing(sample: Path, text: str, tmp_path: Path) -> None:
    import yaml

    answers = tmp_path / "a.yml"
    answers.write_text(json.dumps({"name": "ds4", "lang": "cpp", "description": text}, ensure_ascii=False))
    result = newbackend("create", "--answers", answers, "--no-input", "--yes", cwd=sample)
    assert result.status == 0, result.err
    index = yaml.safe_load((sample / INDEX).read_text())
    meta = next(entry for entry in index if entry["name"] == "ds4")
    assert meta["description"].strip() == text
    for script in (sample / "backend/cpp/ds4").rglob("*.sh"):
        subprocess.run(["bash", "-n", str(script)], check=True)
    for file in (sample / "backend/cpp/ds4").rglob("*"):
        if file.is_file() and file.name not in ("README.md", ".newbackend.yml"):
            assert "pwned" not in file.read_text()
    assert not list(sample.rglob("pwned"))


def test_the_help_of_every_verb_fits_and_names_its_options() -> None:
    result = newbackend("--help")
    assert result.status == 0
    for verb in ("create", "apply", "undo", "remove", "demo"):
        assert verb in result.out
        page = newbackend(verb, "--help")
        assert page.status == 0
        assert "Usage: newbackend" in page.out


def test_ctrl_c_while_planning_is_one_sentence_and_nothing_is_left(sample: Path, tmp_path: Path) -> None:
    """The pin is resolved by git, which is made to hang: the interrupt arrives in the middle."""
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "git").write_text('#!/bin/sh\necho started > "$MARK"\nexec sleep 60\n')
    (slow / "git").chmod(0o755)
    mark = tmp_path / "mark"
    env = {**os.environ, "PATH": f"{slow}:{os.environ['PATH']}", "MARK": str(mark)}
    env["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    before = tree(sample)
    words = ["create", "ds4", "--lang", "cpp", "--pin", "antirez/ds4", "--no-input", "--yes", "--repo", str(sample)]
    process = subprocess.Popen(
        [sys.executable, "-m", "newbackend", *words], env=env, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 20
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert err.strip().splitlines()[-1] == "newbackend: stopped; nothing was changed"
    assert "Traceback" not in err
    assert tree(sample) == before


def test_a_page_of_its_own_is_one_more_file(sample: Path) -> None:
    words = [*CREATE, "--docs-page", "--description", "An engine", "--no-input", "--dry-run", "--format", "json"]
    plan = json.loads(newbackend(*words, "--repo", sample).out)
    (page,) = [edit for edit in plan["edits"] if edit["path"] == "docs/content/features/ds4.md"]
    assert (page["op"], plan["answers"]["docs"]) == ("create", {"page": True})
    assert '+title = "ds4 backend"' in page["diff"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "a page of its own needs a description of the engine"),
        (["--standalone", "elsewhere"], "--model and --docs-page do not go with --standalone"),
    ],
)
def test_a_page_that_cannot_be_written_is_refused(sample: Path, words: list[str], said: str) -> None:
    result = newbackend(*GO, "--docs-page", *words, cwd=sample)
    assert result.status == 2
    assert said in result.err
    assert git(sample, "status", "--porcelain") == ""

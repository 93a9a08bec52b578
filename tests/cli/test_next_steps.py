"""What is said after a write, and at the end of a dry run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from cli.runner import newbackend
from conftest import git
from wizard.terminal import ENTER, Terminal

CREATE = ("create", "oak", "--lang", "go", "--variants", "cpu", "--no-input")


def steps(said: str) -> list[str]:
    """The commands below `Next:`."""
    return [line.strip() for line in said.partition("Next:\n")[2].splitlines()]


def test_the_next_steps_are_commands_that_work(sample: Path) -> None:
    done = newbackend(*CREATE, "--yes", cwd=sample)
    assert "files written; `newbackend undo` takes them back" in done.err
    edit, *commands = steps(done.err)
    assert edit.split()[:2] == ["edit", "backend/go/oak/engine.go"]
    assert commands == ["make -C backend/go/oak test", "newbackend verify oak", "newbackend pr oak"]
    assert newbackend("verify", "oak", cwd=sample).status == 0
    assert newbackend("pr", "oak", cwd=sample).status == 0


def test_from_elsewhere_the_commands_name_the_checkout(sample: Path, tmp_path: Path) -> None:
    done = newbackend(*CREATE, "--yes", "--repo", sample, cwd=tmp_path)
    *_, verify, pr = steps(done.err)
    assert verify == "newbackend verify oak --repo checkout"
    assert newbackend(*verify.split()[1:], cwd=tmp_path).status == 0
    assert pr == "newbackend pr oak --repo checkout"


def test_an_engine_that_was_written_is_not_named_again(sample: Path) -> None:
    newbackend(*CREATE, "--yes", cwd=sample)
    engine = sample / "backend/go/oak/engine.go"
    engine.write_text(engine.read_text().replace("NEWBACKEND-PLACEHOLDER", "ours"))
    git(sample, "add", "-A")
    git(sample, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "oak")
    done = newbackend("change", "oak", "--add-variants", "metal", "--yes", cwd=sample)
    assert steps(done.err)[0].startswith("make -C backend/go/oak"), done.err


def test_apply_says_what_it_did_and_what_is_next(sample: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    newbackend(*CREATE, "--dry-run", "--plan-out", plan, cwd=sample)
    done = newbackend("apply", plan, "--yes", cwd=sample)
    assert done.status == 0
    assert "files written; `newbackend undo` takes them back" in done.err
    assert "newbackend verify oak" in steps(done.err)
    assert "backend/go/oak/engine.go" in done.out


def test_at_a_terminal_apply_asks_unless_told(sample: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    newbackend(*CREATE, "--dry-run", "--plan-out", plan, cwd=sample)
    asked = Terminal("apply", plan, cwd=sample)
    asked.answers("files? [y/N]", "n", ENTER)
    asked.sees("nothing was written")
    assert asked.ends() == 0
    assert git(sample, "status", "--porcelain") == ""
    told = Terminal("apply", plan, "--yes", cwd=sample)
    told.sees("newbackend verify oak")
    assert told.ends() == 0
    assert git(sample, "status", "--porcelain") != ""


def test_a_dry_run_ends_in_a_total_behind_the_overview_and_the_diff(sample: Path) -> None:
    done = newbackend(*CREATE, "--dry-run", cwd=sample)
    lines = done.out.splitlines()
    plan = json.loads(newbackend(*CREATE, "--dry-run", "--format", "json", cwd=sample).out)
    made = {edit["path"]: edit["op"] for edit in plan["edits"]}
    new, changed = (list(made.values()).count(op) for op in ("create", "modify"))
    assert lines[-1].startswith(f"{len(made)} files, {new} new, {changed} changed, +")
    assert lines[-1].endswith("; nothing was written")
    assert lines.index("Registration") > max(n for n, line in enumerate(lines) if line.startswith("@@"))
    removed = newbackend("remove", "cppreed", "--dry-run", cwd=sample).out.splitlines()[-1]
    assert "deleted" in removed
    assert removed.endswith("; nothing was written")
    applies = subprocess.run(["git", "apply", "--check"], input=done.out, text=True, cwd=sample, check=False)
    assert applies.returncode == 0, "what is below the diff does not spoil it"


def test_a_path_is_understood_as_its_backend(sample: Path) -> None:
    for path in ("backend/cpp/cppreed", "./backend/cpp/cppreed/", "backend/cpp/cppreed/Makefile"):
        assert newbackend("describe", path, cwd=sample).out.count("name: cppreed") == 1
    assert newbackend("verify", ".", cwd=sample / "backend/cpp/cppreed").status == 0
    assert newbackend("pr", "cpp/cppreed", cwd=sample / "backend").status == 0
    gone = newbackend("remove", "backend/cpp/cppreed/", "--dry-run", cwd=sample)
    assert gone.out == newbackend("remove", "cppreed", "--dry-run", cwd=sample).out
    traced = newbackend("trace", "backend/cpp/cppreed", cwd=sample)
    assert traced.out == newbackend("trace", "cppreed", cwd=sample).out
    jobs = newbackend("route", "backend/cpp/cppreed", cwd=sample).out
    assert jobs.splitlines()[1:] == newbackend("route", "backend/cpp/cppreed/Makefile", cwd=sample).out.splitlines()[1:]
    made = newbackend("create", "backend/go/oak", "--variants", "cpu", "--no-input", "--yes", cwd=sample)
    assert made.status == 0, made.err
    assert (sample / "backend/go/oak/engine.go").exists()


def test_a_flag_for_every_answer_of_the_wizard(sample: Path) -> None:
    flags = ("--flavour", "purego", "--description", "An oak", "--license", "MIT", "--tags", "a,b")
    done = newbackend(*CREATE, *flags, "--import-of", "cppreed", "--dry-run", "--format", "json", cwd=sample)
    answers = json.loads(done.out).get("answers", {})
    assert answers["flavour"] == "purego"
    assert (answers["description"], answers["license"], answers["tags"]) == ("An oak", "MIT", ["a", "b"])
    assert answers["import"] == {"kind": "drop-in", "of": "cppreed"}

"""A journal that came with the checkout is not followed: reading verbs write nothing, writing ones refuse."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import tree
from specs import spec

from newbackend.apply import journal
from newbackend.apply.run import ApplyOptions, apply_plan, start
from newbackend.apply.state import state_dir
from newbackend.apply.undo import plan_undo, run_undo
from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import digest
from newbackend.cli.main import main
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create
from newbackend.plan.model import Plan
from newbackend.scaffold.render import RenderedFile

from .killing import killed_at

READING = (
    ["verify", "--all"],
    ["list"],
    ["describe", "fast-pywhistle"],
    ["pr", "fast-pywhistle"],
    ["route", "Makefile"],
)
ESCAPE = "\x1b]0;owned\x07\u202e"


def the_plan(root: Path) -> Plan:
    """A C++ backend of one generated file."""
    files = {"backend/cpp/ds4/.newbackend.yml": RenderedFile(0o644, "name: ds4\n")}
    return plan_create(spec(), open_checkout(root), scaffold=lambda *_: files)


def run(*words: str) -> None:
    """A command, whatever its exit status."""
    with pytest.raises(SystemExit):
        main(list(words))


def plant(folder: Path, path: str = "run-me", mode: int = 0o4755, made_dirs: tuple[str, ...] = ()) -> None:
    """A journal of an unfinished change that would write `path`."""
    (folder / "journal").mkdir(parents=True)
    (folder / "journal/old-0").write_bytes(b"#!/bin/sh\n")
    step = {"path": path, "before": digest(b"#!/bin/sh\n"), "after": "", "mode": mode, "made_dirs": list(made_dirs)}
    data = {"title": ESCAPE, "phase": "committing", "steps": [step], "schema": journal.SCHEMA}
    (folder / "journal/journal.json").write_text(json.dumps(data))


@pytest.mark.parametrize("place", [".newbackend-state", ".git/newbackend"])
def test_reading_verbs_never_recover(
    sample: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    if place == ".newbackend-state":
        shutil.rmtree(sample / ".git")
    plant(sample / place, made_dirs=(str(victim), "../victim"))
    before = tree(sample)
    for words in READING:
        run(*words, "--repo", str(sample))
    out = "".join(capfd.readouterr())
    assert tree(sample) == before
    assert victim.is_dir()
    assert not set("\x1b\x07\u202e") & set(out)


def test_a_journal_in_the_checkout_is_nothing_to_a_writing_verb(sample: Path) -> None:
    shutil.rmtree(sample / ".git")
    plant(sample / ".newbackend-state")
    assert start(sample) == ""
    assert not (sample / "run-me").exists()


def test_a_journal_without_our_seal_is_refused(sample: Path) -> None:
    plant(sample / ".git/newbackend")
    before = tree(sample)
    assert _refused(lambda: start(sample)) == "journal-foreign"
    assert _refused(lambda: apply_plan(the_plan(sample), sample)) == "journal-foreign"
    (sample / ".git/newbackend/journal").rename(sample / ".git/newbackend/last")
    assert _refused(lambda: plan_undo(sample)) == "journal-foreign"
    assert tree(sample) == before


@pytest.mark.parametrize("part", ["title", "phase", "mode", "path", "made_dirs"])
def test_a_seal_covers_every_part(sample: Path, part: str) -> None:
    apply_plan(the_plan(sample), sample)
    file = state_dir(sample) / "last/journal.json"
    data = json.loads(file.read_text())
    if part in data:
        data[part] = "other"
    else:
        data["steps"][0][part] = {"mode": 0o4755, "path": "other", "made_dirs": [".."]}[part]
    file.write_text(json.dumps(data))
    assert _refused(lambda: plan_undo(sample)) == "journal-foreign"


@pytest.mark.parametrize(
    "content", ["[]", "{}", "null", '{"seal": 1}', '{"seal": "", "steps": 3}', "\ud800", "not json"]
)
def test_no_text_is_a_crash(sample: Path, content: str) -> None:
    plant(sample / ".git/newbackend")
    (sample / ".git/newbackend/journal/journal.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    assert _refused(lambda: start(sample)) in ("journal-foreign", "journal-broken")


def test_a_sealed_journal_cannot_set_special_bits_or_leave_the_checkout(sample: Path) -> None:
    state = state_dir(sample)
    journal.folder(state).mkdir(parents=True)
    (journal.folder(state) / "old-0").write_bytes(b"old")
    for path, mode, code in (
        ("x", 0o4755, "journal-mode"),
        ("../x", 0o644, "path-outside"),
        (".git/x", 0o644, "path-in-git"),
    ):
        journal.save(state, journal.Journal("t", "committing", (journal.Step(path, digest(b"old"), "", mode),)))
        assert _refused(lambda: start(sample)) == code


def test_old_bytes_are_checked_before_they_are_written(sample: Path) -> None:
    apply_plan(the_plan(sample), sample)
    (state_dir(sample) / "last/old-1").write_bytes(b"other")
    assert _refused(lambda: plan_undo(sample)) == "journal-broken"


@pytest.mark.parametrize("name", ["journal", "last", "", "lock"])
def test_a_symbolic_link_in_the_state_is_not_followed(sample: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    state = sample / ".git/newbackend"
    if name:
        state.mkdir()
    (state / name if name else state).symlink_to(target)
    with pytest.raises((UsageError, OSError)):
        apply_plan(the_plan(sample), sample)
    assert not list(target.iterdir())


@pytest.mark.parametrize("planted", ["file", "link", "commondir"])
def test_a_git_directory_that_is_not_the_checkouts_gets_no_folder(sample: Path, tmp_path: Path, planted: str) -> None:
    other = tmp_path / "other"
    shutil.copytree(sample / ".git", other)
    before = sorted(os.walk(other))
    if planted == "commondir":
        (sample / ".git/commondir").write_text(f"{other}\n")
    else:
        shutil.rmtree(sample / ".git")
        dot_git = sample / ".git"
        dot_git.write_text(f"gitdir: {other}\n") if planted == "file" else dot_git.symlink_to(other)
    assert other not in state_dir(sample).parents
    run("list", "--repo", str(sample))
    run("verify", "--all", "--repo", str(sample))
    run("create", "zz", "--lang", "python", "--no-input", "--yes", "--repo", str(sample))
    assert sorted(os.walk(other)) == before


def test_a_state_is_for_its_owner_alone(sample: Path) -> None:
    apply_plan(the_plan(sample), sample)
    state = state_dir(sample)
    assert state.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in state.rglob("*") if path.is_file()} == {0}


def test_an_undo_killed_before_its_last_step_leaves_no_empty_directory(sample: Path) -> None:
    """The directories go before the journal does, so the next start finishes the work."""
    apply_plan(the_plan(sample), sample)
    plan, record = plan_undo(sample)
    steps: list[str] = []
    run_undo(sample, plan, record, ApplyOptions(allow_dirty=True, at_step=steps.append))
    assert steps[-2:] == ["remove emptied directories", "keep for undo"]
    assert not (sample / "backend/cpp/ds4").exists()


def _undo(root: Path, at_step: Callable[[str], None]) -> None:
    plan, record = plan_undo(root)
    run_undo(root, plan, record, ApplyOptions(allow_dirty=True, at_step=at_step))


def test_an_undo_killed_at_any_step_leaves_all_or_nothing(sample: Path, tmp_path: Path) -> None:
    """Directories count too: an empty one is in the way of the next `create`."""
    before = sorted(sample.rglob("backend/**"))
    apply_plan(the_plan(sample), sample)
    after = sorted(sample.rglob("backend/**"))
    outcomes = []
    root = tmp_path / "victim"
    for step in range(100):
        shutil.copytree(sample, root, symlinks=True)
        killed = killed_at(step, lambda at_step: _undo(root, at_step))
        start(root)
        paths = sorted(sample / path.relative_to(root) for path in root.rglob("backend/**"))
        assert paths in (before, after), step
        outcomes.append(paths == before)
        shutil.rmtree(root)
        if not killed:
            break
    assert outcomes[0] is False
    assert outcomes[-3:] == [True, True, True], "with the journal done, the undo is finished at the next start"


def test_a_home_that_cannot_keep_a_key_is_no_reason_not_to_write(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null/state")
    assert apply_plan(the_plan(sample), sample)
    assert _refused(lambda: plan_undo(sample)) == "journal-foreign"


def _refused(act: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        act()
    assert "\n" not in caught.value.sentence()
    return caught.value.code

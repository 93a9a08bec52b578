"""All or nothing, on disk: refusals leave the tree as it was, kills are mended by the next start."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import git, tree
from specs import PIN, spec

from newbackend.apply import journal
from newbackend.apply.run import ApplyOptions, apply_plan, start
from newbackend.apply.state import locked, state_dir
from newbackend.apply.undo import plan_undo, run_undo
from newbackend.checkout.layout import BUMP, INDEX, MAKEFILE, MATRIX, open_checkout
from newbackend.cli.main import main
from newbackend.errors import UsageError
from newbackend.plan.build import plan_create
from newbackend.plan.model import Edit, Plan, sha
from newbackend.scaffold.render import RenderedFile

from .killing import killed_at


def small_scaffold(*_: object) -> dict[str, RenderedFile]:
    """Two files are enough here: rendering the real template is tested elsewhere."""
    folder = "backend/cpp/ds4"
    return {
        f"{folder}/.newbackend.yml": RenderedFile(0o644, "name: ds4\n"),
        f"{folder}/run.sh": RenderedFile(0o755, "#!/bin/bash\n"),
    }


def the_plan(root: Path) -> Plan:
    return plan_create(spec(), open_checkout(root), scaffold=small_scaffold)


def plan_with_submodule(root: Path) -> Plan:
    """A pinned Rust backend: among the edits are the entry in .gitmodules and the commit in git's index."""
    ferris = spec(name="ferris", lang="rust", variants=["cpu"], pin={**PIN, "variable": "FERRIS_VERSION"})
    files = {"backend/rust/ferris/.newbackend.yml": RenderedFile(0o644, "name: ferris\n")}
    return plan_create(ferris, open_checkout(root), scaffold=lambda *_: files)


def state(root: Path) -> object:
    """Files and modes, and what git's index has: what a change may touch."""
    return tree(root), git(root, "ls-files", "--stage")


def refused(plan: Plan, root: Path, reference: str, options: ApplyOptions | None = None) -> UsageError:
    """The plan is refused with this reference and not one byte or mode of the tree differs."""
    before = tree(root)
    with pytest.raises(UsageError) as caught:
        apply_plan(plan, root, options)
    assert caught.value.code == reference
    assert "\n" not in caught.value.sentence()
    assert tree(root) == before
    assert not journal.folder(state_dir(root)).exists()
    return caught.value


def test_everything_is_written_with_its_mode_and_git_sees_only_that(sample: Path) -> None:
    plan = the_plan(sample)
    paths = apply_plan(plan, sample)
    assert set(paths) == set(plan.base)
    assert (sample / "backend/cpp/ds4/run.sh").stat().st_mode & 0o777 == 0o755
    for change in plan.changes(dict.fromkeys(plan.base)):
        if change.path.startswith("backend/cpp/ds4/"):
            assert (sample / change.path).read_text() == change.after
    status = git(sample, "status", "--porcelain", "--untracked-files=all").splitlines()
    assert {line[3:] for line in status} == set(plan.base)


def test_the_mode_of_an_existing_file_is_kept(sample: Path) -> None:
    (sample / MAKEFILE).chmod(0o600)
    apply_plan(the_plan(sample), sample)
    assert (sample / MAKEFILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("path", [INDEX, MAKEFILE, BUMP])
def test_a_file_that_changed_since_the_plan_is_named(sample: Path, path: str) -> None:
    plan = the_plan(sample)
    (sample / path).write_text((sample / path).read_text() + "# later\n")
    assert refused(plan, sample, "plan-stale").where == path


def test_a_file_that_appeared_since_the_plan_is_not_overwritten(sample: Path) -> None:
    plan = the_plan(sample)
    (sample / "backend/cpp/ds4").mkdir()
    (sample / "backend/cpp/ds4/run.sh").write_text("mine\n")
    assert "appeared" in refused(plan, sample, "plan-stale").message


def test_a_dirty_target_is_refused_and_a_dirty_bystander_is_not(sample: Path) -> None:
    (sample / "README.md").write_text("edited\n")
    (sample / MATRIX).write_text((sample / MATRIX).read_text() + "# mine\n")
    plan = the_plan(sample)
    assert refused(plan, sample, "file-dirty").where == MATRIX
    assert apply_plan(plan, sample, ApplyOptions(allow_dirty=True))


def test_a_read_only_file_is_refused(sample: Path) -> None:
    plan = the_plan(sample)
    (sample / MAKEFILE).chmod(0o444)
    assert refused(plan, sample, "file-read-only").where == MAKEFILE


def test_a_symbolic_link_that_leads_out_is_refused(sample: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.move(sample / "backend/cpp", outside / "cpp")
    (sample / "backend/cpp").symlink_to(outside / "cpp")
    plan = Plan("x", {}, {"backend/cpp/ds4/x": ""}, (_creation("backend/cpp/ds4/x"),))
    refused(plan, sample, "symlink-escape")


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", ".git/hooks/post-checkout", "a\\..\\b"])
def test_a_plan_cannot_leave_the_checkout(sample: Path, path: str) -> None:
    plan = Plan("x", {}, {path: ""}, (_creation(path),))
    before = tree(sample)
    with pytest.raises(UsageError):
        apply_plan(plan, sample)
    assert tree(sample) == before


def _creation(path: str) -> Edit:
    return Edit(path, "create", "scaffold", "why", (), "inserted", "", 0o644, "text\n")


@pytest.mark.parametrize("after", range(0, 40, 3))
def test_a_full_disk_at_any_write_leaves_the_tree_as_it_was(
    sample: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    plan = the_plan(sample)
    real, count = journal.write_file, 0

    def full(path: Path, data: bytes, mode: int) -> None:
        nonlocal count
        count += 1
        if count == after + 1:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, data, mode)

    monkeypatch.setattr(journal, "write_file", full)
    before = tree(sample)
    said = ""
    with contextlib.suppress(UsageError):
        try:
            apply_plan(plan, sample)
        except UsageError as error:
            said = error.code
            raise
    if count > after:
        assert said == "disk-full"
        assert tree(sample) == before
    else:
        assert not said, "the disk was never full in this run"
        assert tree(sample) != before


@pytest.mark.parametrize("after", [0, 1, 5, 9, 14])
def test_without_memory_one_sentence_is_said_and_nothing_is_half_written(
    sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], after: int
) -> None:
    real, count = journal.write_file, 0

    def none_left(path: Path, data: bytes, mode: int) -> None:
        nonlocal count
        count += 1
        if count == after + 1:
            raise MemoryError
        real(path, data, mode)

    monkeypatch.setattr(journal, "write_file", none_left)
    before = tree(sample)
    words = ["create", "ds4", "--lang", "cpp", "--variants", "cpu", "--no-input", "--yes", "--repo", str(sample)]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert count > after
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said == "newbackend: error: there is not enough memory for this; nothing was left half written\n"
    assert tree(sample) == before


def test_a_ctrl_c_in_the_middle_rolls_back_at_once(sample: Path) -> None:
    plan, before = the_plan(sample), tree(sample)

    def interrupt(step: str) -> None:
        if step == f"rename {MAKEFILE}":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_plan(plan, sample, ApplyOptions(at_step=interrupt))
    assert tree(sample) == before
    assert not (sample / "backend/cpp/ds4").exists()


@pytest.mark.parametrize("plan_of", [the_plan, plan_with_submodule])
def test_a_kill_at_every_step_leaves_the_old_tree_or_the_new_one(
    sample: Path, tmp_path: Path, plan_of: Callable[[Path], Plan]
) -> None:
    """Acceptance 5: SIGKILL before each journal write, stage and rename, then a start."""
    plan = plan_of(sample)
    before = state(sample)
    done = tmp_path / "done"
    shutil.copytree(sample, done, symlinks=True)
    steps: list[str] = []
    apply_plan(plan, done, ApplyOptions(at_step=steps.append))
    after = state(done)
    assert len(steps) > 2 * len(plan.base)
    outcomes = set()
    root = tmp_path / "victim"
    for step in range(len(steps)):
        shutil.copytree(sample, root, symlinks=True)
        assert killed_at(step, lambda at_step: apply_plan(plan, root, ApplyOptions(at_step=at_step)))
        start(root)
        found = state(root)
        assert found in (before, after), f"step {step} left something between"
        outcomes.add(found == after)
        assert not journal.folder(state_dir(root)).exists()
        assert start(root) == "", "a second start has nothing to mend"
        assert not list(root.rglob(".*.newbackend-*"))
        shutil.rmtree(root)
    assert outcomes == {True, False}


def test_an_interrupted_change_to_a_file_edited_since_is_not_overwritten(sample: Path) -> None:
    plan = the_plan(sample)

    class Killed(BaseException):
        pass

    def die(step: str) -> None:
        if step == f"rename {MAKEFILE}":
            raise Killed

    original = journal.roll_back
    try:
        journal.roll_back = lambda *_: None
        with pytest.raises(Killed):
            apply_plan(plan, sample, ApplyOptions(at_step=die))
    finally:
        journal.roll_back = original
    (sample / MATRIX).write_text("mine\n")
    with pytest.raises(UsageError) as caught:
        start(sample)
    assert caught.value.code == "rollback-conflict"
    assert (sample / MATRIX).read_text() == "mine\n"


def test_a_second_writer_is_told_to_wait(sample: Path) -> None:
    plan = the_plan(sample)
    with locked(state_dir(sample)):
        refused(plan, sample, "busy")


def test_a_linked_work_tree_keeps_its_journal_in_the_git_directory(sample: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(sample, "worktree", "add", "-q", "--detach", str(linked))
    apply_plan(the_plan(linked), linked)
    assert state_dir(linked).is_dir()
    assert linked not in state_dir(linked).parents


def test_without_git_the_state_is_the_users_and_not_in_the_checkout(sample: Path) -> None:
    shutil.rmtree(sample / ".git")
    before = tree(sample)
    apply_plan(the_plan(sample), sample)
    assert sample not in state_dir(sample).parents
    assert not list(sample.rglob("*newbackend-*"))
    plan, record = plan_undo(sample)
    run_undo(sample, plan, record, ApplyOptions())
    assert tree(sample) == before


def test_the_base_hash_is_of_the_bytes(sample: Path) -> None:
    plan = the_plan(sample)
    assert plan.base[INDEX] == sha((sample / INDEX).read_bytes().decode())

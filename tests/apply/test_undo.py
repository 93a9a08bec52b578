"""Undo gives back exact bytes, keeps later edits elsewhere, and refuses where they collide."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import git, tree
from specs import spec

from newbackend.apply.run import ApplyOptions, apply_plan
from newbackend.apply.undo import plan_undo, run_undo
from newbackend.checkout.layout import BUMP, INDEX, open_checkout
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.build import plan_create
from newbackend.plan.remove import plan_remove

DIRTY = ApplyOptions(allow_dirty=True)


def create(root: Path) -> None:
    apply_plan(plan_create(spec(), open_checkout(root)), root)


def undo(root: Path) -> None:
    plan, record = plan_undo(root)
    run_undo(root, plan, record, DIRTY)


def test_undo_leaves_git_status_clean_and_no_directory_behind(any_sample: Path) -> None:
    before = tree(any_sample)
    create(any_sample)
    undo(any_sample)
    assert tree(any_sample) == before
    assert git(any_sample, "status", "--porcelain") == ""
    assert not (any_sample / "backend/cpp/ds4").exists()


def test_an_edit_elsewhere_in_a_file_survives_undo(sample: Path) -> None:
    create(sample)
    file = sample / INDEX
    file.write_text(file.read_text().replace("---\n", "---\n# added later\n", 1))
    undo(sample)
    assert "---\n# added later\n" in file.read_text()
    assert "ds4" not in file.read_text()


def test_an_edit_of_the_same_lines_is_refused_by_name_and_nothing_moves(sample: Path) -> None:
    create(sample)
    file = sample / BUMP
    file.write_text(file.read_text().replace('"DS4_VERSION"', '"DS4_PINNED"'))
    before = tree(sample)
    with pytest.raises(UsageError) as caught:
        undo(sample)
    assert caught.value.where == BUMP
    assert tree(sample) == before


def test_a_new_file_that_was_edited_is_not_deleted(sample: Path) -> None:
    create(sample)
    engine = sample / "backend/cpp/ds4/engine.cpp"
    engine.write_text("my work\n")
    with pytest.raises(UsageError, match=r"new and was edited"):
        undo(sample)
    assert engine.read_text() == "my work\n"


def test_undo_takes_back_a_removal_with_modes(sample: Path) -> None:
    before = tree(sample)
    apply_plan(plan_remove("cppreed", open_checkout(sample)), sample)
    assert not (sample / "backend/cpp/cppreed").exists()
    undo(sample)
    assert tree(sample) == before


def test_nothing_to_undo_is_said_once_undone(sample: Path) -> None:
    with pytest.raises(NotFoundError):
        plan_undo(sample)
    create(sample)
    undo(sample)
    with pytest.raises(NotFoundError):
        plan_undo(sample)

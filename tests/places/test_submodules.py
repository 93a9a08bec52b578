"""A pinned Rust upstream is a section of `.gitmodules` and a commit in git's index, both written by the plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import git, tree
from place_trip import round_trip
from specs import PIN, SHA, spec

from newbackend.apply.run import ApplyOptions, apply_plan
from newbackend.apply.undo import plan_undo, run_undo
from newbackend.checkout.gitlink import GITLINK, record_link
from newbackend.checkout.layout import open_checkout
from newbackend.errors import UsageError
from newbackend.places.submodules import Submodules
from newbackend.plan.build import plan_create, planned
from newbackend.plan.remove import plan_remove
from newbackend.scaffold.update import plan_update

MODULES = """\
[submodule "docs/theme"]
\tpath = docs/theme
\turl = https://example.org/theme.git
"""
RUST = spec(name="ferris", lang="rust", variants=["cpu"], pin={**PIN, "variable": "FERRIS_VERSION"})
PATH = "backend/rust/ferris/sources/ds4"
SECTION = f'[submodule "{PATH}"]\n\tpath = {PATH}\n\turl = https://github.com/antirez/ds4\n'
DIRTY = ApplyOptions(allow_dirty=True)


@pytest.fixture
def with_modules(sample: Path) -> Path:
    """The sample with a submodule of its own."""
    (sample / ".gitmodules").write_text(MODULES)
    git(sample, "add", ".gitmodules")
    git(sample, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "a submodule")
    return sample


def create(root: Path) -> None:
    apply_plan(plan_create(RUST, open_checkout(root)), root)


def links(root: Path) -> list[str]:
    return [row for row in git(root, "ls-files", "--stage").splitlines() if row.startswith("160000 ")]


def test_the_section_is_added_below_the_others_and_the_commit_recorded(with_modules: Path) -> None:
    create(with_modules)
    assert (with_modules / ".gitmodules").read_text() == MODULES + SECTION
    assert links(with_modules) == [f"160000 {SHA} 0\t{PATH}"]
    assert (with_modules / PATH).is_dir()
    assert git(with_modules, "submodule", "status").split() == [f"-{SHA}", PATH]


def test_a_checkout_without_submodules_gets_the_file(sample: Path) -> None:
    create(sample)
    assert (sample / ".gitmodules").read_text() == SECTION
    assert git(sample, "submodule", "status").split() == [f"-{SHA}", PATH]


def test_a_second_run_plans_nothing(with_modules: Path) -> None:
    create(with_modules)
    again = plan_create(RUST, open_checkout(with_modules))
    assert again.empty
    assert again.manual == ()


def test_the_place_alone_makes_the_round_trip(with_modules: Path) -> None:
    after = round_trip(Submodules(), open_checkout(with_modules), RUST)
    assert after.need(".gitmodules") == MODULES + SECTION


@pytest.mark.parametrize("has_modules", [True, False])
def test_removing_gives_back_the_tree_and_the_index(
    request: pytest.FixtureRequest, sample: Path, has_modules: bool
) -> None:
    root = request.getfixturevalue("with_modules") if has_modules else sample
    before, index = tree(root), git(root, "ls-files", "--stage")
    create(root)
    apply_plan(plan_remove("ferris", open_checkout(root)), root, DIRTY)
    assert (tree(root), git(root, "ls-files", "--stage")) == (before, index)
    assert not (root / "backend/rust/ferris").exists()
    assert git(root, "status", "--porcelain") == ""


def test_undo_gives_back_the_tree_and_the_index(with_modules: Path) -> None:
    before, index = tree(with_modules), git(with_modules, "ls-files", "--stage")
    create(with_modules)
    run_undo(with_modules, *plan_undo(with_modules), DIRTY)
    assert (tree(with_modules), git(with_modules, "ls-files", "--stage")) == (before, index)
    assert not (with_modules / "backend/rust/ferris").exists()


def test_undoing_a_removal_brings_the_commit_back(with_modules: Path) -> None:
    create(with_modules)
    there = links(with_modules)
    apply_plan(plan_remove("ferris", open_checkout(with_modules)), with_modules, DIRTY)
    assert links(with_modules) == []
    run_undo(with_modules, *plan_undo(with_modules), DIRTY)
    assert links(with_modules) == there
    assert (with_modules / PATH).is_dir()


def test_a_removal_is_planned_on_a_plan_too(with_modules: Path) -> None:
    checkout = open_checkout(with_modules)
    created = planned(plan_create(RUST, checkout), checkout)
    gone = planned(plan_remove("ferris", created), created)
    assert gone.read(".gitmodules") == MODULES
    assert gone.link(PATH) is None


def test_a_submodule_that_was_moved_on_since_is_not_undone(with_modules: Path) -> None:
    create(with_modules)
    record_link(with_modules, PATH, "1" * 40)
    with pytest.raises(UsageError) as caught:
        plan_undo(with_modules)
    assert caught.value.where == PATH


def test_an_update_leaves_a_submodule_that_was_moved_on_and_says_so(with_modules: Path) -> None:
    create(with_modules)
    assert plan_update("ferris", open_checkout(with_modules), lambda _: None).plan.notes == ()
    record_link(with_modules, PATH, "1" * 40)
    update = plan_update("ferris", open_checkout(with_modules), lambda _: None).plan
    assert update.empty
    (note,) = update.notes
    assert PATH in note
    assert SHA in note


def test_a_submodule_that_is_checked_out_is_not_removed(with_modules: Path) -> None:
    create(with_modules)
    (with_modules / PATH / "work.txt").write_text("mine\n")
    before = tree(with_modules)
    with pytest.raises(UsageError) as caught:
        apply_plan(plan_remove("ferris", open_checkout(with_modules)), with_modules, DIRTY)
    assert caught.value.reference in ("submodule-checked-out", "file-unreadable")
    assert tree(with_modules) == before


def test_a_locked_index_is_said_and_leaves_everything_as_it_was(with_modules: Path) -> None:
    before = tree(with_modules)
    (with_modules / ".git/index.lock").write_text("")
    with pytest.raises(UsageError) as caught:
        create(with_modules)
    assert "index.lock" in caught.value.message
    (with_modules / ".git/index.lock").unlink()
    assert tree(with_modules) == before
    assert links(with_modules) == []


def test_a_commit_recorded_since_the_plan_makes_it_stale(with_modules: Path) -> None:
    plan = plan_create(RUST, open_checkout(with_modules))
    record_link(with_modules, PATH, "1" * 40)
    with pytest.raises(UsageError) as caught:
        apply_plan(plan, with_modules, DIRTY)
    assert (caught.value.reference, caught.value.where) == ("plan-stale", PATH)


def test_without_git_the_commit_is_a_command_to_run(sample: Path) -> None:
    shutil.rmtree(sample / ".git")
    plan = plan_create(RUST, open_checkout(sample))
    command = next(item.snippet for item in plan.manual if item.place == "submodules")
    assert f"160000,{SHA},{PATH}" in command
    assert all(edit.mode != GITLINK for edit in plan.edits)


def test_other_languages_pin_in_their_makefile(with_modules: Path) -> None:
    checkout = open_checkout(with_modules)
    assert Submodules().expect(spec(), checkout) == ()
    assert Submodules().files(checkout, spec()) == {}

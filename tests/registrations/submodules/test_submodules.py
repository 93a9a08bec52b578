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
from newbackend.plan.build import plan_create, planned
from newbackend.plan.change import Sources, plan_update
from newbackend.plan.remove import plan_remove
from newbackend.plan.review import hunks
from newbackend.registrations.submodules.place import Submodules
from newbackend.rules.run import verify

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
    assert again.by_hand == ()


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
    assert plan_update("ferris", open_checkout(with_modules), Sources(lambda _: None)).plan.notes == ()
    record_link(with_modules, PATH, "1" * 40)
    update = plan_update("ferris", open_checkout(with_modules), Sources(lambda _: None)).plan
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
    assert caught.value.code in ("submodule-checked-out", "file-unreadable")
    assert tree(with_modules) == before


@pytest.mark.parametrize("at", [PATH, "backend/rust/ferris/sources", "backend/rust/ferris"])
@pytest.mark.parametrize("tracked", [True, False])
def test_a_file_in_the_way_of_the_submodule_is_refused(with_modules: Path, at: str, tracked: bool) -> None:
    plan = plan_create(RUST, open_checkout(with_modules))
    (with_modules / at).parent.mkdir(parents=True, exist_ok=True)
    (with_modules / at).write_text("mine\n")
    if tracked:
        git(with_modules, "add", at)
    before, index = tree(with_modules), git(with_modules, "ls-files", "--stage")
    with pytest.raises(UsageError) as caught:
        apply_plan(plan, with_modules, DIRTY)
    assert caught.value.code in ("file-in-the-way", "plan-stale")
    assert (tree(with_modules), git(with_modules, "ls-files", "--stage")) == (before, index)


def test_a_file_that_only_the_index_has_is_not_pushed_out(with_modules: Path) -> None:
    plan = plan_create(RUST, open_checkout(with_modules))
    (with_modules / PATH).parent.mkdir(parents=True)
    (with_modules / PATH).write_text("mine\n")
    git(with_modules, "add", PATH)
    (with_modules / PATH).unlink()
    with pytest.raises(UsageError) as caught:
        apply_plan(plan, with_modules, DIRTY)
    assert caught.value.where == PATH
    assert links(with_modules) == []


@pytest.mark.parametrize(
    "others",
    [
        '# kept\n[submodule "docs/theme"] # hugo\n\tpath = docs/theme\n\turl = https://example.org/x.git\n',
        '[Submodule  "docs/theme"]\n\tpath = "docs/theme"\n\turl = https://example.org/x.git ; note\n',
        '\ufeff[submodule "docs/theme"]\n\tpath = docs/theme\n\turl = https://example.org/x.git\n',
        "[core]\n\tx = y\n",
        "# nothing yet\n",
    ],
)
def test_whatever_else_stands_in_the_file_stays(sample: Path, others: str) -> None:
    (sample / ".gitmodules").write_text(others)
    apply_plan(plan_create(RUST, open_checkout(sample)), sample, DIRTY)
    (sample / ".gitmodules").write_text((sample / ".gitmodules").read_text() + "[alias]\n\tz = w\n")
    apply_plan(plan_remove("ferris", open_checkout(sample)), sample, DIRTY)
    assert (sample / ".gitmodules").read_text() == others + "[alias]\n\tz = w\n"


def test_a_quoted_path_is_the_same_path(sample: Path) -> None:
    (sample / ".gitmodules").write_text(SECTION.replace(f"path = {PATH}", f'path = "{PATH}" ; the engine'))
    (fact,) = Submodules().read(open_checkout(sample))
    assert (fact.backend, fact.key) == ("ferris", f"submodule:{PATH}")


def test_a_commit_without_an_entry_goes_too(with_modules: Path) -> None:
    create(with_modules)
    (with_modules / ".gitmodules").write_text(MODULES)
    apply_plan(plan_remove("ferris", open_checkout(with_modules)), with_modules, DIRTY)
    assert links(with_modules) == []


def test_a_git_that_does_not_answer_is_not_taken_for_no_submodule(
    with_modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(with_modules)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError) as caught:
        plan_remove("ferris", open_checkout(with_modules))
    assert caught.value.code == "git-missing"
    report = verify(open_checkout(with_modules), names=["ferris"])
    assert [one.status.value for one in report.findings if one.rule.id == "REG820"] == ["unknown"]


def test_the_review_takes_the_commit_and_its_entry_together(with_modules: Path) -> None:
    plan = plan_create(RUST, open_checkout(with_modules))
    hunk = next(one for one in hunks(plan) if any(edit.place == "submodules" for edit in one.edits))
    assert {edit.path for edit in hunk.edits} == {PATH, ".gitmodules"}
    assert hunk.needs, "without the backend's files nobody needs its upstream"


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
    assert (caught.value.code, caught.value.where) == ("plan-stale", PATH)


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

"""A second change of a checkout: on top of newbackend's own, and of what is registered already."""

from __future__ import annotations

import json
from pathlib import Path

from cli.runner import newbackend
from conftest import git, tree

from newbackend.checkout.layout import INDEX, MAKEFILE

GO = ("--lang", "go", "--variants", "cpu", "--no-input", "--yes")


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "x")


def break_makefile(root: Path) -> None:
    """A Makefile with two rules for one list: nobody can tell which one to extend."""
    path = root / MAKEFILE
    path.write_text(path.read_text() + "\n.NOTPARALLEL: backends/other\n")
    commit(root)


def test_a_second_backend_needs_no_commit_in_between(sample: Path) -> None:
    clean = tree(sample)
    for name in ("one", "two"):
        made = newbackend("create", name, *GO, "--repo", sample)
        assert made.status == 0, made.err
    first_only = newbackend("remove", "two", "--yes", "--repo", sample)
    assert first_only.status == 0, first_only.err
    assert newbackend("remove", "one", "--yes", "--repo", sample).status == 0
    assert tree(sample) == clean


def test_an_edit_of_ones_own_in_such_a_file_is_refused_by_name(sample: Path) -> None:
    assert newbackend("create", "one", *GO, "--repo", sample).status == 0
    path = sample / MAKEFILE
    path.write_text(path.read_text() + "# mine\n")
    refused = newbackend("create", "two", *GO, "--repo", sample)
    assert refused.status == 2
    assert f"{MAKEFILE}: has uncommitted changes" in refused.error()


def test_an_edit_that_was_written_over_with_allow_dirty_stays_a_persons(sample: Path) -> None:
    path = sample / MAKEFILE
    path.write_text(path.read_text() + "# mine\n")
    assert newbackend("create", "one", *GO, "--allow-dirty", "--repo", sample).status == 0
    refused = newbackend("create", "two", *GO, "--repo", sample)
    assert f"{MAKEFILE}: has uncommitted changes" in refused.error()


def test_what_undo_leaves_is_known_too(sample: Path) -> None:
    for name in ("one", "two"):
        assert newbackend("create", name, *GO, "--repo", sample).status == 0
    assert newbackend("undo", "--repo", sample).status == 0
    again = newbackend("create", "three", *GO, "--repo", sample)
    assert again.status == 0, again.err


def test_a_record_that_came_with_the_checkout_is_not_believed(sample: Path) -> None:
    assert newbackend("create", "one", *GO, "--repo", sample).status == 0
    record = sample / ".git/newbackend/written.json"
    data = json.loads(record.read_text())
    assert MAKEFILE in data["files"]
    record.write_text(json.dumps({**data, "seal": "0" * 64}))
    assert newbackend("create", "two", *GO, "--repo", sample).status == 2


def test_create_on_other_answers_points_to_change_and_writes_nothing(sample: Path) -> None:
    assert newbackend("create", "one", *GO, "--repo", sample).status == 0
    commit(sample)
    before = tree(sample)
    words = ("--lang", "go", "--variants", "cpu,metal", "--set", "license=mit", "--no-input", "--yes")
    refused = newbackend("create", "one", *words, "--repo", sample)
    assert refused.status == 1
    assert "newbackend change one --add-variants metal --license mit" in refused.error()
    assert tree(sample) == before


def test_the_command_of_a_described_backend_is_named_too(sample: Path) -> None:
    answers = sample.parent / "answers.yml"
    answers.write_text(newbackend("describe", "pyecho", "--repo", sample).out)
    same = newbackend("create", "--answers", answers, "--no-input", "--yes", "--repo", sample)
    assert same.status == 0, same.err
    refused = newbackend(
        "create", "--answers", answers, "--set", "variants=[cpu, rocm]", "--no-input", "--yes", "--repo", sample
    )
    assert refused.status == 1
    assert "newbackend change pyecho" in refused.error()


def test_a_place_by_hand_stops_yes_and_leaves_the_tree_as_it_was(sample: Path) -> None:
    break_makefile(sample)
    before = tree(sample)
    refused = newbackend("create", "one", *GO, "--repo", sample)
    assert refused.status == 1
    assert f"1 place by hand ({MAKEFILE}:" in refused.error()
    assert "BY HAND" in refused.out
    assert tree(sample) == before
    assert INDEX not in git(sample, "status", "--porcelain")


def test_the_error_is_the_only_json(sample: Path) -> None:
    break_makefile(sample)
    refused = newbackend("create", "one", *GO, "--format", "json", "--repo", sample)
    data = json.loads(refused.out)
    assert (refused.status, data["code"]) == (1, "left-by-hand")
    assert data["choices"][0].startswith(f"{MAKEFILE}:")


def test_allow_manual_writes_the_rest(sample: Path) -> None:
    break_makefile(sample)
    made = newbackend("create", "one", *GO, "--allow-manual", "--repo", sample)
    assert made.status == 0, made.err
    assert "left to you" in made.err
    assert (sample / "backend/go/one/Makefile").is_file()


def test_a_saved_plan_with_a_place_by_hand_is_refused_too(sample: Path) -> None:
    break_makefile(sample)
    plan = sample.parent / "plan.json"
    words = ("--lang", "go", "--variants", "cpu", "--no-input", "--dry-run", "--plan-out", plan)
    assert newbackend("create", "one", *words, "--repo", sample).status == 0
    before = tree(sample)
    assert newbackend("apply", plan, "--repo", sample).status == 1
    assert tree(sample) == before
    assert newbackend("apply", plan, "--allow-manual", "--repo", sample).status == 0

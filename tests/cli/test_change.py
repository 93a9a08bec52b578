"""`newbackend change` and `newbackend adopt`, as a user runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli.runner import Result, newbackend
from conftest import git, tree
from wizard.terminal import ENTER, Terminal

from newbackend.checkout.layout import INDEX, MATRIX


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "x")


def change(root: Path, *words: str | Path) -> Result:
    return newbackend("change", *words, "--repo", root)


@pytest.fixture
def made(sample: Path) -> Path:
    """The sample with a generated and committed Python backend."""
    words = ("create", "one", "--lang", "python", "--variants", "cpu", "--no-input", "--yes")
    result = newbackend(*words, "--repo", sample)
    assert result.status == 0, result.err
    commit(sample)
    return sample


def test_a_platform_is_added_to_files_and_registration_in_one_go(made: Path) -> None:
    before = tree(made)
    result = change(made, "one", "--add-variants", "metal,cuda12", "--yes", "--no-input")
    assert result.status == 0, result.out + result.err
    assert "- cuda12" in (made / "backend/python/one/.newbackend.yml").read_text()
    assert "-gpu-nvidia-cuda-12-one" in (made / MATRIX).read_text()
    assert newbackend("verify", "one", "--repo", made).status == 0
    again = change(made, "one", "--add-variants", "metal", "--yes")
    assert "nothing to do" in again.out
    assert newbackend("undo", "--repo", made).status == 0
    assert tree(made) == before


def test_a_second_change_and_remove_go_on_from_the_first(made: Path) -> None:
    for words in (("--add-variants", "cuda12"), ("--description", "Another."), ("--drop-variants", "cuda12")):
        result = change(made, "one", *words, "--yes")
        assert result.status == 0, result.out + result.err
    assert newbackend("remove", "one", "--yes", "--repo", made).status == 0


def test_create_points_here_and_the_command_works(made: Path) -> None:
    words = ("--lang", "python", "--variants", "cpu,cuda12", "--no-input", "--yes", "--repo", made)
    told = newbackend("create", "one", *words).error()
    command = told.partition("to change it: newbackend ")[2].split()
    assert newbackend(*command, "--yes", "--repo", made).status == 0
    assert newbackend("create", "one", *words).status == 0


def test_a_dry_run_writes_nothing_and_a_saved_plan_can_be_applied(made: Path, tmp_path: Path) -> None:
    before = tree(made)
    plan, diff = tmp_path / "plan.json", tmp_path / "change.diff"
    words = ("one", "--add-variants", "cuda12", "--dry-run", "--plan-out", plan, "--diff-out", diff)
    result = change(made, *words, "--format", "json")
    assert (result.status, json.loads(result.out)["title"]) == (0, "change one")
    assert tree(made) == before
    assert newbackend("apply", plan, "--repo", made).status == 0
    after = tree(made)
    assert newbackend("undo", "--repo", made).status == 0
    git(made, "apply", str(diff))
    assert tree(made) == after


def test_without_a_terminal_it_wants_to_be_told(made: Path) -> None:
    result = change(made, "one", "--add-variants", "cuda12")
    assert (result.status, "--yes" in result.error()) == (2, True)


def test_nothing_to_change_without_a_terminal_names_the_options(made: Path) -> None:
    result = change(made, "one", "--no-input")
    assert result.status == 2
    assert "--add-variants" in result.error()


def test_a_comment_in_the_answers_file_stays(made: Path) -> None:
    path = made / "backend/python/one/.newbackend.yml"
    path.write_text(path.read_text().replace("variants:\n", "# Only what we can test.\nvariants:\n", 1))
    commit(made)
    assert change(made, "one", "--add-variants", "cuda12", "--yes").status == 0
    assert "# Only what we can test.\nvariants:\n" in path.read_text()


def test_a_backend_that_was_written_by_hand_is_changed_without_an_answers_file(sample: Path) -> None:
    result = change(sample, "pyecho", "--description", "Says it twice.", "--yes")
    assert result.status == 0, result.out + result.err
    assert "Says it twice." in (sample / INDEX).read_text()
    assert not (sample / "backend/python/pyecho/.newbackend.yml").exists()
    assert "backend/python/pyecho" not in git(sample, "status", "--porcelain")


def test_a_branch_of_the_pin_is_looked_up_and_a_commit_is_not(made: Path) -> None:
    result = change(made, "one", "--pin", "a/b@" + "1" * 40, "--yes")
    assert result.status == 0, result.out + result.err
    assert "a/b" in (made / ".github/workflows/bump_deps.yaml").read_text()


def test_adopt_writes_the_answers_and_nothing_else(sample: Path) -> None:
    result = newbackend("adopt", "pyecho", "--yes", "--repo", sample)
    assert result.status == 0, result.err
    assert git(sample, "status", "--porcelain").split() == ["??", "backend/python/pyecho/.newbackend.yml"]
    assert newbackend("verify", "pyecho", "--repo", sample).status == 0
    assert newbackend("adopt", "pyecho", "--yes", "--repo", sample).status == 2
    assert "nothing to do" in newbackend("update", "pyecho", "--yes", "--repo", sample).out


def test_an_adopted_backend_follows_its_answers_file(sample: Path) -> None:
    assert newbackend("adopt", "pyecho", "--yes", "--repo", sample).status == 0
    commit(sample)
    path = sample / "backend/python/pyecho/.newbackend.yml"
    path.write_text(re.sub(r"^description: .*$", "description: Twice.", path.read_text(), count=1, flags=re.M))
    result = newbackend("update", "pyecho", "--yes", "--repo", sample)
    assert result.status == 0, result.out + result.err
    assert "Twice." in (sample / INDEX).read_text()
    changed = git(sample, "status", "--porcelain").split()[1::2]
    assert [name for name in changed if name.startswith("backend/python/")] == ["backend/python/pyecho/.newbackend.yml"]


def test_adopting_what_is_not_there_is_not_found(sample: Path) -> None:
    assert newbackend("adopt", "nobody", "--yes", "--repo", sample).status == 3


def test_a_generated_backend_is_renamed_with_its_files_and_back(made: Path) -> None:
    before = tree(made)
    result = change(made, "one", "--rename", "another", "--yes")
    assert result.status == 0, result.out + result.err
    assert not (made / "backend/python/one").exists()
    assert "name: another" in (made / "backend/python/another/.newbackend.yml").read_text()
    assert "-cpu-another" in (made / MATRIX).read_text()
    assert newbackend("verify", "another", "--repo", made).status == 0
    assert newbackend("verify", "one", "--repo", made).status == 3
    assert newbackend("undo", "--repo", made).status == 0
    assert tree(made) == before


@pytest.mark.parametrize(("name", "variant"), [("one", "cuda12"), ("pyecho", "rocm"), ("cppreed", "vulkan")])
def test_a_new_name_and_another_platform_are_one_plan_with_the_result_of_two(
    made: Path, name: str, variant: str
) -> None:
    before = tree(made)
    rest = ("--add-variants", variant, "--description", "Says more.")
    assert change(made, name, "--rename", "another", "--yes").status == 0
    assert change(made, "another", *rest, "--yes").status == 0
    twice = tree(made)
    git(made, "reset", "--quiet", "--hard")
    git(made, "clean", "--quiet", "-d", "--force")
    assert tree(made) == before
    result = change(made, name, "--rename", "another", *rest, "--yes")
    assert result.status == 0, result.out + result.err
    assert tree(made) == twice
    assert "Says more." in (made / INDEX).read_text()
    assert newbackend("undo", "--repo", made).status == 0
    assert tree(made) == before


def test_a_change_is_reviewed_hunk_by_hunk(made: Path) -> None:
    terminal = Terminal("change", "one", "--add-variants", "cuda12", "--review", cwd=made)
    hunk = "Take this hunk [y,n,a,d,k,p,q,?]?"
    while True:
        seen = terminal.answers(hunk)
        terminal.types("n" if "REG203" in seen else "y", ENTER)
        at, total = seen[seen.index("(") + 1 : seen.index(")")].split("/")
        if at == total:
            break
    terminal.sees("left red: REG203")
    terminal.answers("Change one? [y/N]", "y", ENTER)
    assert terminal.ends() == 0
    assert "-gpu-nvidia-cuda-12-one" in (made / MATRIX).read_text()
    assert 'name: "cuda12-one"' not in (made / INDEX).read_text()


def test_a_review_that_takes_nothing_writes_nothing(made: Path) -> None:
    before = tree(made)
    terminal = Terminal("change", "one", "--add-variants", "cuda12", "--review", cwd=made)
    terminal.answers("Take this hunk", "q", ENTER)
    terminal.sees("every hunk was left out; nothing was written")
    assert terminal.ends() == 0
    assert tree(made) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rename", "pyecho"), "there is a backend 'pyecho' already"),
        (("--rename", "Bad_Name"), "Bad_Name"),
        (("--rename", "two", "--add-variants", "rocn"), "rocn"),
        (("--rename", "two", "--review"), "--review asks about every hunk"),
    ],
)
def test_a_name_that_cannot_be_is_one_sentence(made: Path, words: tuple[str, ...], said: str) -> None:
    before = tree(made)
    result = change(made, "one", *words, "--yes")
    assert (result.status, said in result.error()) == (2, True), result.err
    assert tree(made) == before

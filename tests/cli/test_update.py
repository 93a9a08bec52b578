"""`newbackend update`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.runner import Result, create_python, newbackend
from conftest import git, tree
from specs import SHA

HERE = "backend/python/echo4"


@pytest.fixture
def made(sample: Path) -> Path:
    """The sample with a generated and committed Python backend."""
    words: list[str | Path] = [
        "create",
        "echo4",
        "--lang",
        "python",
        "--pin",
        f"antirez/ds4@{SHA}",
        "--variants",
        "cpu",
        "--set",
        "options.readme=true",
    ]
    result = newbackend(*words, "--no-input", "--yes", "--repo", sample)
    assert result.status == 0, result.err
    commit(sample)
    return sample


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "x")


def update(root: Path, *words: str) -> Result:
    return newbackend("update", "echo4", "--repo", root, *words)


def answer(root: Path, old: str, new: str) -> None:
    """Changes an answer in the backend's own answers file."""
    path = root / HERE / ".newbackend.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    commit(root)


def test_nothing_changed_is_nothing_to_do(made: Path) -> None:
    before = tree(made)
    result = update(made, "--yes")
    assert (result.status, "nothing to do" in result.out) == (0, True)
    assert tree(made) == before


def test_a_changed_answer_is_rendered_and_a_hand_edit_is_kept(made: Path) -> None:
    engine = made / HERE / "engine.py"
    engine.write_text(engine.read_text() + "\n# mine\n")
    answer(made, "description: '", "description: 'Quite another. ")
    result = update(made, "--yes")
    assert result.status == 0, result.err + result.out
    assert engine.read_text().endswith("\n# mine\n")
    changed = git(made, "status", "--porcelain").split()[1::2]
    assert changed, "the description stands in at least one rendered file"
    assert all("Quite another." in (made / path).read_text() for path in changed if path != f"{HERE}/.newbackend.yml")
    assert newbackend("undo", "--repo", made).status == 0
    assert git(made, "status", "--porcelain") == ""


def test_a_conflict_is_shown_first_and_left_in_the_file_on_request(made: Path) -> None:
    readme = made / HERE / "README.md"
    found = [line for line in readme.read_text().splitlines() if "echo4" in line]
    described = next(line for line in readme.read_text().splitlines() if "LocalAI backend on antirez/ds4" in line)
    assert found
    readme.write_text(readme.read_text().replace(described, "My own words."))
    answer(made, "description: '", "description: 'Quite another. ")
    before = tree(made)
    shown = update(made, "--yes")
    assert (shown.status, tree(made) == before) == (1, True)
    assert f"1 place by hand ({HERE}/README.md:" in shown.error()
    assert "<<<<<<< edited here" in shown.out
    result = update(made, "--yes", "--conflicts")
    assert result.status == 1
    assert f"{HERE}/README.md has conflicts to resolve" in result.out
    text = readme.read_text()
    assert text.index("<<<<<<< edited here") < text.index("My own words.") < text.index("||||||| as generated before")
    again = update(made, "--yes", "--allow-dirty")
    assert again.status == 2
    assert "conflict markers" in again.error()


def test_the_old_rendering_is_known_though_it_was_never_committed(sample: Path) -> None:
    create_python(sample, "echo4", "--set", "options.readme=true")
    readme = sample / HERE / "README.md"
    readme.write_text(readme.read_text() + "\nMy own words.\n")
    path = sample / HERE / ".newbackend.yml"
    path.write_text(path.read_text().replace("description: '", "description: 'Quite another. ", 1))
    result = update(sample, "--yes", "--allow-dirty")
    assert result.status == 0, result.out + result.err
    assert "Quite another." in (sample / "backend/index.yaml").read_text()
    assert "Quite another." in readme.read_text()
    assert "My own words." in readme.read_text()


def test_an_edited_answers_file_changes_the_registration_too(made: Path) -> None:
    path = made / HERE / ".newbackend.yml"
    text = path.read_text()
    path.write_text(text.replace("variants:\n  - cpu\n", "variants:\n  - cpu\n  - cuda12\n", 1))
    assert path.read_text() != text
    result = update(made, "--yes")
    assert result.status == 0, result.out + result.err
    assert "-gpu-nvidia-cuda-12-echo4" in (made / ".github/backend-matrix.yml").read_text()
    assert 'nvidia-cuda-12: "cuda12-echo4"' in (made / "backend/index.yaml").read_text()
    assert (made / HERE / "requirements-cublas12.txt").is_file()
    verified = newbackend("verify", "echo4", "--repo", made)
    assert verified.status == 0, verified.out
    assert "nothing to do" in update(made, "--yes").out


def test_an_edit_that_was_committed_is_found_by_the_record(made: Path) -> None:
    """Another clone knows neither the refs nor the old answers; this one does."""
    answer(made, "variants:\n  - cpu\n", "variants:\n  - cpu\n  - cuda12\n")
    assert update(made, "--yes").status == 0
    assert "-gpu-nvidia-cuda-12-echo4" in (made / ".github/backend-matrix.yml").read_text()


def test_in_a_clone_without_the_record_the_registration_is_compared(made: Path, tmp_path: Path) -> None:
    answer(made, "variants:\n  - cpu\n", "variants:\n  - cpu\n  - cuda12\n")
    clone = tmp_path / "clone"
    git(made, "clone", "--quiet", made.as_uri(), str(clone))
    result = newbackend("update", "echo4", "--yes", "--repo", clone)
    assert result.status == 0, result.out + result.err
    assert "the registration itself is compared" in result.out
    assert "-gpu-nvidia-cuda-12-echo4" in (clone / ".github/backend-matrix.yml").read_text()


def test_a_dry_run_writes_nothing(made: Path) -> None:
    answer(made, "description: '", "description: 'Quite another. ")
    before = tree(made)
    result = update(made, "--dry-run", "--format", "json")
    plan = json.loads(result.out)
    assert (result.status, plan["schema"], plan["title"]) == (0, "newbackend/plan/1", "update echo4")
    assert {edit["op"] for edit in plan["edits"]} == {"modify"}
    assert tree(made) == before


def test_without_a_terminal_it_wants_to_be_told(made: Path) -> None:
    answer(made, "description: '", "description: 'Quite another. ")
    result = update(made)
    assert result.status == 2
    assert "--yes" in result.error()


def test_uncommitted_edits_are_not_written_over_unasked(made: Path) -> None:
    answer(made, "description: '", "description: 'Quite another. ")
    readme = made / HERE / "README.md"
    readme.write_text(readme.read_text() + "\nMy own words.\n")
    result = update(made, "--yes")
    assert result.status == 2
    assert "uncommitted changes" in result.error()


def test_a_backend_that_was_written_by_hand_is_not_updated(sample: Path) -> None:
    result = newbackend("update", "pyecho", "--yes", "--repo", sample)
    assert result.status == 3
    assert "newbackend adopt pyecho" in result.error()

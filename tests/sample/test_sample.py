"""`materialise` and `init_git`: same content and modes from a checkout and from an installed package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import newbackend
from newbackend import sample
from newbackend.errors import UsageError

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Path -> mode and content of every file."""
    return {
        p.relative_to(root).as_posix(): (p.stat().st_mode & 0o777, p.read_bytes())
        for p in root.rglob("*")
        if p.is_file() and ".git" not in p.relative_to(root).parts
    }


def test_scripts_are_executable_and_nothing_else_is(checkout: Path) -> None:
    for name, (mode, content) in snapshot(checkout).items():
        assert mode == (0o755 if content.startswith(b"#!") else 0o644), name
    assert os.access(checkout / "backend/go/gotide/run.sh", os.X_OK)


def test_dot_files_get_their_names_back(checkout: Path) -> None:
    assert (checkout / ".gitignore").is_file()
    assert (checkout / ".dockerignore").is_file()
    assert (checkout / ".github/backend-matrix.yml").is_file()
    assert list(checkout.rglob("dot.*")) == []


def test_an_empty_folder_is_filled_and_twice_is_the_same(checkout: Path, tmp_path: Path) -> None:
    assert sample.materialise(tmp_path) == tmp_path
    assert snapshot(tmp_path) == snapshot(checkout)


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        sample.materialise(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError):
        sample.materialise(tmp_path / "file")
    with pytest.raises(UsageError, match="cannot be written"):
        sample.materialise(tmp_path / "file" / "below")


def test_an_installed_copy_without_modes_gives_the_same(checkout: Path, tmp_path: Path) -> None:
    """A wheel drops the executable bits; pip unpacks plain files."""
    site = tmp_path / "site"
    package = Path(newbackend.__file__).parent
    (site / "newbackend").mkdir(parents=True)
    for module in ("__init__.py", "errors.py"):
        shutil.copyfile(package / module, site / "newbackend" / module)
    shutil.copytree(package / "sample", site / "newbackend/sample", copy_function=shutil.copyfile)
    code = "import sys, pathlib; from newbackend.sample import materialise; materialise(pathlib.Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "out")],
        env={"PYTHONPATH": str(site), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        check=True,
    )
    assert snapshot(tmp_path / "out") == snapshot(checkout)


@needs_git
def test_the_commit_is_the_same_on_every_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []
    for number, home in enumerate(("one", "two")):
        (tmp_path / home).mkdir()
        (tmp_path / home / ".gitconfig").write_text(f"[user]\nname = {home}\n[commit]\ngpgsign = true\n")
        monkeypatch.setenv("HOME", str(tmp_path / home))
        monkeypatch.setenv("GIT_AUTHOR_NAME", home)
        root = sample.materialise(tmp_path / str(number))
        sample.init_git(root)
        commits.append(git(root, "rev-parse", "HEAD"))
        assert git(root, "rev-list", "--count", "HEAD") == "1"
    assert commits[0] == commits[1]


@needs_git
def test_everything_is_committed_and_nothing_generated_is_in_the_tree(tmp_path: Path) -> None:
    root = sample.materialise(tmp_path / "checkout")
    sample.init_git(root)
    assert git(root, "status", "--porcelain", "--ignored") == ""


def test_a_missing_git_is_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        sample.init_git(tmp_path)


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()

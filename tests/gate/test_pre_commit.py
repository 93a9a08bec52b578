"""The hooks of `.pre-commit-hooks.yaml`, installed and run by pre-commit itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import git
from gate.offline import OFFLINE
from gate.test_action import AUTHOR, new_backend, without_filter_branch

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    *("newbackend", "templates", "docs/schema"),
    *(".pre-commit-hooks.yaml", "LICENSE", "README.md", "hatch_build.py", "pyproject.toml"),
)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a repository of one commit."""
    root = tmp_path_factory.mktemp("hooks") / "repository"
    root.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, root / part)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, *AUTHOR, "commit", "-q", "-m", "hooks")
    return root


def tried(hooks: Path, checkout: Path, home: Path) -> tuple[int, str]:
    """`pre-commit try-repo` on what is staged: its exit status and what it says."""
    command = [str(Path(sys.executable).with_name("pre-commit")), "try-repo", str(hooks), "newbackend-verify"]
    environment = {**os.environ, **OFFLINE, "PRE_COMMIT_HOME": str(home)}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_commit_that_forgets_something_is_stopped(
    hooks: Path, sample: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    without_filter_branch(sample)
    git(sample, "add", "-A")
    status, said = tried(hooks, sample, tmp_path / "home")
    assert (status, "REG401" in said) == (1, True), said
    git(sample, "reset", "-q", "--hard")
    git(sample, "clean", "-qfd")
    new_backend(sample)
    git(sample, "add", "-A")
    status, said = tried(hooks, sample, tmp_path / "home")
    assert (status, "Passed" in said) == (0, True), said


def test_the_hooks_call_verbs_that_there_are() -> None:
    import yaml

    from newbackend.cli.verbs import VERBS

    rows = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [row["entry"].split()[1] in VERBS for row in rows] == [True, True]

"""The steps of `action.yml`, run under bash with the environment of GitHub Actions, on a pull request."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cli.runner import newbackend
from conftest import git
from gate.action_runner import ACTION, Job, Runner
from gate.offline import OFFLINE

pytestmark = pytest.mark.xdist_group("action")  # one process makes the environment that all of them use

AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.org")
FILTER = "scripts/lib/backend-filter.mjs"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the step `install` leaves, made by that step itself. Nothing is fetched: the tools that build are here."""
    folder = tmp_path_factory.mktemp("runner")
    workspace = tmp_path_factory.mktemp("workspace")
    plant(workspace)
    install = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "install")
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", install["run"]],
        env={**os.environ, **OFFLINE, "PYTHON": sys.executable, "ACTION": str(source()), "RUNNER_TEMP": str(folder)},
        cwd=workspace,
        check=True,
    )
    return folder / "newbackend"


def plant(root: Path) -> None:
    """Modules with names that the action's steps start, as a pull request could bring them."""
    for name in ("newbackend", "venv", "pip"):
        (root / f"{name}.py").write_text("print('planted')\nraise SystemExit(0)\n")


def source() -> Path:
    """The root of this repository."""
    return Path(__file__).resolve().parents[2]


def pull_request(sample: Path, edit: Callable[[Path], None]) -> str:
    """Commits an edit on a branch and merges it into `pull`, as GitHub does for a pull request. Returns the base."""
    base = git(sample, "rev-parse", "HEAD").strip()
    git(sample, "checkout", "-q", "-b", "change")
    edit(sample)
    git(sample, "add", "-A")
    git(sample, *AUTHOR, "commit", "-q", "-m", "feat: change")
    git(sample, "checkout", "-q", "--detach", base)
    git(sample, *AUTHOR, "merge", "-q", "--no-ff", "change", "-m", "merge")
    git(sample, "branch", "-f", "pull")
    return base


def new_backend(root: Path) -> None:
    """A whole new C++ backend."""
    words = ("create", "oak", "--lang", "cpp", "--variants", "cpu", "--no-input", "--yes", "--repo", root)
    made = newbackend(*words)
    assert made.status == 0, made.err


def without_filter_branch(root: Path) -> None:
    """The same, but for the branch of the path filter."""
    before = (root / FILTER).read_text()
    new_backend(root)
    assert (root / FILTER).read_text() != before
    (root / FILTER).write_text(before)


@pytest.fixture(scope="session")
def pulls(_sample_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two repositories with a pull request each: a whole new backend, and one whose filter branch was forgotten."""
    folder = tmp_path_factory.mktemp("pulls")
    for edit in (new_backend, without_filter_branch):
        root = shutil.copytree(_sample_template, folder / edit.__name__, symlinks=True)
        (folder / f"{edit.__name__}.base").write_text(pull_request(root, edit))
        git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
    return folder


@pytest.fixture
def action(pulls: Path, tmp_path: Path, installed: Path) -> Callable[..., Job]:
    """Runs the action on a shallow clone of the merge, as actions/checkout makes it."""

    def run(edit: Callable[[Path], None], **inputs: str) -> Job:
        workspace = tmp_path / "workspace"
        base = (pulls / f"{edit.__name__}.base").read_text()
        git(tmp_path, "clone", "-q", "--depth=1", "--branch=pull", (pulls / edit.__name__).as_uri(), str(workspace))
        assert git(workspace, "rev-list", "--count", "HEAD").strip() == "1"
        event = {"pull_request": {"base": {"sha": base}, "head": {"repo": {"full_name": "someone/LocalAI"}}}}
        return job_of(workspace, tmp_path, installed, event, "pull_request", **inputs)

    return run


def job_of(workspace: Path, tmp_path: Path, installed: Path, event: Mapping[str, Any], name: str, **inputs: str) -> Job:
    """Runs the action in a workspace for an event."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (temporary / "newbackend").symlink_to(installed)
    (temporary / "event.json").write_text(json.dumps(event))
    github = {
        "action_path": str(source()),
        "event_name": name,
        "event": event,
        "repository": "mudler/LocalAI",
        "workspace": str(workspace),
    }
    environment = {"GITHUB_EVENT_PATH": str(temporary / "event.json"), "PYTHONPATH": OFFLINE["PYTHONPATH"]}
    runner = Runner(workspace, temporary, github, environment, done=("install",))
    return runner.run(**inputs)


def test_a_forgotten_branch_of_the_path_filter_is_an_annotation_on_its_line(
    action: Callable[..., Job], pulls: Path
) -> None:
    job = action(without_filter_branch)
    assert job.status == 1
    (annotation,) = [line for line in job.log.splitlines() if line.startswith("::error") and "REG401" in line]
    rows = (pulls / "without_filter_branch" / FILTER).read_text().splitlines()
    line = rows.index("  return null;") + 1
    assert line < next(number for number, row in enumerate(rows, 1) if "function inferBackendPathDarwin" in row)
    assert f"file={FILTER},line={line}," in annotation
    assert "backend/cpp/oak/" in annotation
    assert job.summary.startswith("### newbackend verify")
    assert "REG401" in job.summary
    assert (job.outputs["status"], job.outputs["errors"]) == ("1", "1")
    report = json.loads(Path(job.outputs["json"]).read_text())
    assert report["schema"] == "newbackend/verify/1"
    assert Path(job.outputs["markdown"]).read_text() == job.summary
    assert json.loads(Path(job.outputs["sarif"]).read_text())["version"] == "2.1.0"


def test_modules_that_a_pull_request_brings_are_not_run(sample: Path, tmp_path: Path, installed: Path) -> None:
    before = git(sample, "rev-parse", "HEAD").strip()
    without_filter_branch(sample)
    plant(sample)
    git(sample, "add", "-A")
    git(sample, *AUTHOR, "commit", "-q", "-m", "feat: change")
    job = job_of(sample, tmp_path, installed, {"before": before}, "push")
    assert job.status == 1
    assert "planted" not in job.log


def test_a_whole_backend_passes(action: Callable[..., Job]) -> None:
    job = action(new_backend)
    assert job.status == 0, job.log
    assert "::error" not in job.log
    assert job.outputs["errors"] == "0"


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({"advisory": "true"}, 0),
        ({"fail_on": "never"}, 0),
        ({"fail_on": "sometimes", "advisory": "true"}, 2),
        ({"backends": "gotide"}, 0),
    ],
    ids=["advisory", "never", "wrong usage", "another backend"],
)
def test_the_mode_decides_the_exit_status(action: Callable[..., Job], inputs: dict[str, str], status: int) -> None:
    assert action(without_filter_branch, **inputs).status == status


def test_code_scanning_is_left_out_for_a_fork(action: Callable[..., Job]) -> None:
    job = action(new_backend, upload_sarif="true")
    assert job.used == ["actions/setup-python"]


def test_a_push_is_compared_with_the_commit_before_it(sample: Path, tmp_path: Path, installed: Path) -> None:
    before = git(sample, "rev-parse", "HEAD").strip()
    without_filter_branch(sample)
    git(sample, "add", "-A")
    git(sample, *AUTHOR, "commit", "-q", "-m", "feat: change")
    job = job_of(sample, tmp_path, installed, {"before": before}, "push", upload_sarif="true")
    assert job.status == 1
    assert job.used == ["actions/setup-python", "github/codeql-action/upload-sarif"]


def test_without_a_base_everything_is_checked(sample: Path, tmp_path: Path, installed: Path) -> None:
    job = job_of(sample, tmp_path, installed, {"before": "0" * 40}, "push")
    assert "newbackend verify" in job.summary
    assert len(json.loads(Path(job.outputs["json"]).read_text())["backends"]) > 5


def test_the_step_installs_this_version(installed: Path) -> None:
    root = next(installed.glob("lib/python*/site-packages"))
    assert (root / "newbackend/_templates/go/language.yml").is_file()
    assert shutil.which("newbackend", path=str(installed / "bin"))

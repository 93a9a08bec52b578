"""Fixtures that every test may use: sample checkouts and, where a clone is named, real LocalAI revisions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from newbackend.checkout.layout import open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.sample import init_git, materialise

settings.register_profile(
    "newbackend", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("newbackend")

LOCALAI_VARIABLE = "NEWBACKEND_LOCALAI"
MAY_11, MAY_24, NEWEST = "5d0f732b1", "1a30020a8", "82c191afa"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that no worker waits for another's compiler at the end."""
    items.sort(key=lambda item: item.get_closest_marker("build") is None)


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test depends on the terminal, the user's git configuration, the user's state or the network."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    for name in (
        "COLUMNS",
        "FORCE_COLOR",
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", "file:///nonexistent")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture(scope="session")
def _sample_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sample") / "checkout"
    materialise(root)
    init_git(root)
    _compact(root)
    return root


def _compact(root: Path) -> None:
    """One pack in place of an object per file, and no sample hooks: a copy is made for hundreds of tests."""
    git(root, "gc", "--quiet", "--prune=now")
    shutil.rmtree(root / ".git" / "hooks", ignore_errors=True)


@pytest.fixture
def sample(_sample_template: Path, tmp_path: Path) -> Path:
    """A fresh copy of the embedded sample checkout, committed to git."""
    return Path(shutil.copytree(_sample_template, tmp_path / "checkout", symlinks=True))


@pytest.fixture(scope="session")
def _old_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from fixtures.old_layout import build

    root = build(tmp_path_factory.mktemp("old") / "checkout")
    init_git(root)
    _compact(root)
    return root


@pytest.fixture
def old_sample(_old_template: Path, tmp_path: Path) -> Path:
    """A fresh copy of the older layout: filter functions inside scripts/changed-backends.js."""
    return Path(shutil.copytree(_old_template, tmp_path / "old-checkout", symlinks=True))


@pytest.fixture(params=["sample", "old_sample"])
def any_sample(request: pytest.FixtureRequest) -> Path:
    """Both layouts, one after the other."""
    root = request.getfixturevalue(request.param)
    assert isinstance(root, Path)
    return root


@pytest.fixture
def checkout(request: pytest.FixtureRequest, _sample_template: Path) -> Iterator[Checkout]:
    """The sample, opened: the test's own copy where it asks for `sample`, else one that all share and none changes."""
    if "sample" in request.fixturenames:
        yield open_checkout(request.getfixturevalue("sample"))
        return
    yield open_checkout(_sample_template)
    assert git(_sample_template, "status", "--porcelain") == "", "the test wrote to the shared sample"


def tool(name: str) -> str:
    """A linter or another program, of this environment or of the machine; skips without it."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (.ci/go-tools, .ci/system-packages, or the extra `dev`)")
    return found


def git(root: Path, *words: str) -> str:
    """Output of a git command in a checkout."""
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and bytes of every file outside the git directory: what "exactly as before" means."""
    return {
        file.relative_to(root).as_posix(): (file.lstat().st_mode, file.read_bytes())
        for file in sorted(root.rglob("*"))
        if file.is_file() and ".git" not in file.relative_to(root).parts
    }


@pytest.fixture(scope="session")
def localai_clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A private clone that shares objects with the one in NEWBACKEND_LOCALAI; skips when that is unset."""
    source = os.environ.get(LOCALAI_VARIABLE)
    if not source:
        pytest.skip(f"{LOCALAI_VARIABLE} does not name a LocalAI clone with history")
    clone = tmp_path_factory.mktemp("localai") / "clone"
    subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", source, str(clone)], check=True)
    yield clone
    shutil.rmtree(clone, ignore_errors=True)


@pytest.fixture
def localai_at(localai_clone: Path, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A factory of fresh work trees of the real LocalAI at a revision."""
    made: list[Path] = []

    def at(revision: str) -> Path:
        root = tmp_path / f"localai-{revision[:9]}-{len(made)}"
        git(localai_clone, "worktree", "add", "--quiet", "--detach", str(root), revision)
        made.append(root)
        return root

    yield at
    for root in made:
        git(localai_clone, "worktree", "remove", "--force", str(root))

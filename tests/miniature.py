"""Miniature upstreams: a dict of files becomes a git repository at OWNER/REPO below NEWBACKEND_GIT_BASE."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from newbackend.checkout.git import Git
from newbackend.upstream.commit import Commit
from newbackend.upstream.sources import Sources

Make = Callable[..., str]


def in_memory(files: Mapping[str, str], repo: str = "acme/tone") -> Sources:
    """The files of a commit without a repository: nothing is written and no git runs."""
    commit = Commit(repo, "0" * 40, {path: path for path in files}, {}, frozenset(), Git(Path()), remote=False)
    commit._texts.update(files)
    return Sources(commit, {})


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "upstreams"
    folder.mkdir()
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", str(folder))
    return folder


@pytest.fixture
def make(base: Path) -> Make:
    """make("owner/engine", {path: text}, gitlinks={path: commit}) commits the files and gives the commit's id."""

    def commit(repo: str, files: Mapping[str, str], gitlinks: Mapping[str, str] | None = None) -> str:
        root = base / repo
        root.mkdir(parents=True, exist_ok=True)
        _git(root, "init", "-q", "-b", "main")
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        _git(root, "add", "-A")
        for name, sha in (gitlinks or {}).items():
            _git(root, "update-index", "--add", "--cacheinfo", f"160000,{sha},{name}")
        _git(root, "commit", "-q", "-m", "engine")
        return _git(root, "rev-parse", "HEAD")

    return commit


def _git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(["git", *identity, "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()

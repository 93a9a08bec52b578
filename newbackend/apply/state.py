"""Where newbackend keeps its journal: inside the git directory, so `git status` never sees it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newbackend.errors import UsageError

JOURNAL = "journal"
"""The directory, below the state directory, of a change in progress."""


def state_dir(root: Path) -> Path:
    """The state directory of a checkout (not created yet): `.git/newbackend`, also in a linked work
    tree; `.newbackend-state` where there is no git."""
    dot_git = root / ".git"
    if dot_git.is_dir():
        return dot_git / "newbackend"
    if dot_git.is_file():
        text = dot_git.read_text(encoding="utf-8", errors="replace").strip()
        if text.startswith("gitdir: "):
            return (root / text.removeprefix("gitdir: ")).resolve() / "newbackend"
    return root / ".newbackend-state"


def interrupted(root: Path) -> bool:
    """Whether a change is in progress or was interrupted, so that `run.start` may have to roll it back."""
    return (state_dir(root) / JOURNAL).is_dir()


def ensure(state: Path) -> None:
    """Creates the directory; outside git it gets a .gitignore for itself."""
    state.mkdir(parents=True, exist_ok=True)
    if state.name == ".newbackend-state":
        (state / ".gitignore").write_text("*\n", encoding="utf-8")


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Holds the checkout's lock. The kernel releases it when the process ends, even if it is killed.

    Raises UsageError when another newbackend holds it.
    """
    ensure(state)
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                "busy", "another newbackend is writing to this checkout; try again when it is done"
            ) from error
        yield
    finally:
        os.close(handle)

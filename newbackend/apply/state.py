"""Where newbackend keeps its journal: inside the git directory, so `git status` never sees it, or, where there is
none that belongs to the checkout, in the user's state directory. Never in files that can come with a commit."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newbackend.apply.seal import user_state
from newbackend.checkout.gitdir import own_git_directory
from newbackend.errors import UsageError

JOURNAL = "journal"
"""The directory, below the state directory, of a change in progress."""


def state_dir(root: Path) -> Path:
    """The state directory of a checkout (not created yet): `.git/newbackend`, also in a linked work tree; a folder
    of the user's state directory where there is no git directory that belongs to this checkout."""
    directory = own_git_directory(root)
    if directory is not None:
        return directory / "newbackend"
    return user_state() / hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]


def interrupted(root: Path) -> bool:
    """Whether a change is in progress or was interrupted, so that `run.start` may have to roll it back."""
    return (state_dir(root) / JOURNAL).is_dir()


def ensure(state: Path) -> None:
    """Creates the directory, for its owner alone. Raises UsageError when something else is there."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "newbackend keeps what `undo` needs there; XDG_STATE_HOME names another place"
        raise UsageError(
            "state-not-writable", f"cannot be made: {error.strerror}", where=str(state), hint=hint
        ) from error
    for path in (state, state / JOURNAL, state / "last"):
        if path.is_symlink():
            raise UsageError(
                "state-is-symlink", "is a symbolic link, which newbackend does not follow", where=str(path)
            )
    about = state.stat()
    if about.st_uid == os.geteuid() and stat.S_IMODE(about.st_mode) & 0o077:
        state.chmod(0o700)


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Holds the checkout's lock. The kernel releases it when the process ends, even if it is killed.

    Raises UsageError when another newbackend holds it.
    """
    ensure(state)
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
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

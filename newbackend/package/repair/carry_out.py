"""Makes the repairs of a plan: all of them, or none.

Everything new is made in a folder inside the package first. Then each file is replaced by one rename, and what was
there is kept in that folder until the end, so that a failure, Ctrl-C or SIGTERM puts it back. A kill that nobody can
answer leaves every path whole, the old or the new: the next run makes the rest, and removes the folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from newbackend.errors import UsageError
from newbackend.package.archive import Buffer
from newbackend.package.repair.model import Action, Repair, RepairPlan
from newbackend.package.repair.patching import patch
from newbackend.package.repair.plan import copied_mode
from newbackend.package.sandbox import ended_by_signals

STAGING = ".newbackend-fix-"
Undo = Callable[[], object]


def carry_out(root: Path, plan: RepairPlan, patchelf: str) -> None:
    """Makes the repairs in the package at `root`.

    Raises UsageError, and leaves the package as it was, when it changed since the plan was made, when something cannot
    be written, and when another `package fix` is at work there.
    """
    root = root.resolve()
    with ended_by_signals(), _locked(root):
        try:
            _remove_leftovers(root)
            staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=root))
        except OSError as error:
            raise _sentence(error, root) from error
        try:
            _all_or_none(root, staging, plan.repairs, patchelf)
        finally:
            if not (staging / "left").exists():
                shutil.rmtree(staging, ignore_errors=True)


def tidy(root: Path) -> None:
    """Removes the folder of a run that was killed, so that it is not taken for a part of the package.

    Raises UsageError when another run is at work there, and when the folder cannot be removed.
    """
    root = root.resolve()
    with _locked(root):
        try:
            _remove_leftovers(root)
        except OSError as error:
            raise _sentence(error, root) from error


def _remove_leftovers(root: Path) -> None:
    for left in root.glob(f"{STAGING}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Holds a lock on the package, which the kernel releases when the process ends."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError("busy", "another `package fix` is at work there", where=str(root)) from error
        yield
    finally:
        os.close(handle)


def _all_or_none(root: Path, staging: Path, repairs: tuple[Repair, ...], patchelf: str) -> None:
    undo: list[Undo] = []
    try:
        made: dict[str, Path] = {}
        for number, repair in enumerate(repairs):
            _refuse_stale(root, repair, made)
            _stage(root, staging / f"new-{number}", repair, made, patchelf)
        for number, repair in enumerate(repairs):
            _commit(root, staging, number, repair, undo)
    except BaseException as error:
        _put_back(staging, undo)
        if isinstance(error, OSError):
            raise _sentence(error, root) from error
        raise


def _refuse_stale(root: Path, repair: Repair, made: dict[str, Path]) -> None:
    """Raises UsageError when a path is not what the plan was made from; `patch` looks at RUNPATHs."""
    target = root / repair.path
    now = ""
    if repair.path in made:
        return  # an earlier repair of the same plan makes it
    if repair.action is Action.MODE:
        now = f"{stat.S_IMODE(target.lstat().st_mode):04o}" if target.is_file() and not target.is_symlink() else "gone"
    elif repair.action in (Action.LINK, Action.COPY) and os.path.lexists(target):
        now = str(target.readlink()) if target.is_symlink() else "a file"
    if repair.action is not Action.RUNPATH and now != repair.before:
        raise UsageError("fix-stale", "changed since the plan was made; nothing was changed", where=repair.path)


def _stage(root: Path, new: Path, repair: Repair, made: dict[str, Path], patchelf: str) -> None:
    """Makes what will be at the path, beside it on the same disk."""
    if repair.action is Action.MODE:
        return
    if repair.action is Action.LINK:
        new.symlink_to(repair.after)
    elif repair.source is not None:
        _write(new, repair.source.view(), copied_mode(repair.source))
    else:
        now = made.get(repair.path, root / repair.path)
        shutil.copy2(now, new, follow_symlinks=False)
        mode = stat.S_IMODE(new.lstat().st_mode)
        new.chmod(mode | 0o200)
        patch(new, repair, patchelf)
        new.chmod(mode)
    made[repair.path] = new


def _write(place: Path, data: Buffer, mode: int) -> None:
    with place.open("xb") as sink:
        sink.write(data)
    place.chmod(mode)


def _commit(root: Path, staging: Path, number: int, repair: Repair, undo: list[Undo]) -> None:
    """Puts one repair in place; what takes it back is noted before."""
    target = root / repair.path
    if repair.action is Action.MODE:
        old = stat.S_IMODE(target.lstat().st_mode)
        undo.append(lambda: target.chmod(old))
        target.chmod(int(repair.after, 8))
        return
    kept = staging / f"old-{number}"
    if os.path.lexists(target):
        _keep(target, kept)
        undo.append(lambda: kept.replace(target))
    else:
        undo.append(lambda: target.unlink(missing_ok=True))
    (staging / f"new-{number}").replace(target)


def _keep(target: Path, kept: Path) -> None:
    """A second name for what is at a path, or a copy where the file system has no such names."""
    try:
        os.link(target, kept, follow_symlinks=False)
    except OSError:
        shutil.copy2(target, kept, follow_symlinks=False)


def _put_back(staging: Path, undo: list[Undo]) -> None:
    """Takes back what was done, the last first. Raises UsageError, and keeps the old files, when that fails."""
    failed: list[OSError] = []
    for step in reversed(undo):
        try:
            step()
        except OSError as error:
            failed.append(error)
    if failed:
        (staging / "left").touch()
        message = f"failed, and could not be taken back everywhere ({failed[0].strerror})"
        raise UsageError("fix-half-undone", message, where=str(failed[0].filename), hint=f"old files: {staging}")


def _sentence(error: OSError, root: Path) -> UsageError:
    message = f"cannot be written: {error.strerror}; nothing was changed"
    return UsageError("fix-not-written", message, where=str(error.filename or root))

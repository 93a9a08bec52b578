"""Applies a plan, all or nothing."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from newbackend.apply import journal as j
from newbackend.apply.state import locked, state_dir
from newbackend.apply.written import record, written
from newbackend.checkout.git import Git
from newbackend.checkout.gitlink import GITLINK, files_tracked_at, has_index, record_link
from newbackend.checkout.tree import Checkout, inside
from newbackend.errors import NotFoundError, UsageError
from newbackend.plan.model import FileChange, Plan, sha
from newbackend.records import dataclass

Probe = Callable[[str], None]


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True)
class ApplyOptions:
    """`allow_dirty`: write to files with uncommitted changes. `at_step` is called before each step on
    disk with its name: tests kill the process there. `asked_by` is a file that somebody edited to ask for the plan;
    its edits are in the plan."""

    allow_dirty: bool = False
    asked_by: str = ""
    at_step: Probe = _nothing


def apply_plan(plan: Plan, root: Path, options: ApplyOptions | None = None) -> tuple[str, ...]:
    """Writes the plan's changes and returns the paths written.

    Raises UsageError, and leaves the tree unchanged, when the plan is stale, a target has uncommitted changes that
    newbackend did not make, is outside the checkout, cannot be written, or the disk is full. If the process is
    killed, the next `start` rolls back.
    """
    options = options or ApplyOptions()
    checkout = Checkout(root)
    state = state_dir(root)
    with locked(state):
        j.recover(root, state)
        changes = plan.changes(_base_texts(plan, checkout))
        if not changes:
            return ()
        _refuse_unwritable(root, changes)
        foreign = _foreign(root, state, changes, options)
        _commit(root, state, plan.title, changes, options.at_step)
        record(state, {change.path: sha(change.after) for change in changes}, foreign)
    return tuple(change.path for change in changes)


def start(root: Path) -> str:
    """Called first by every verb that writes: rolls back an interrupted change. Returns a sentence about it, or ""."""
    state = state_dir(root)
    if not j.folder(state).is_dir():
        return ""
    with locked(state):
        return j.recover(root, state)


def _base_texts(plan: Plan, checkout: Checkout) -> dict[str, str | None]:
    """The texts that the plan was made from. Raises UsageError naming the first file that changed."""
    for path in plan.base:
        inside(checkout.root, path)
    texts = plan.texts(checkout)
    for path, base in plan.base.items():
        text = texts[path]
        if sha(text) != base:
            what = "appeared" if not base else "changed" if text is not None else "disappeared"
            raise UsageError("plan-stale", f"{what} since the plan was made; make a new plan", where=path)
    return texts


def _refuse_unwritable(root: Path, changes: Sequence[FileChange]) -> None:
    for change in changes:
        target = inside(root, change.path)
        _refuse_file_in_the_way(root, change)
        if change.is_link:
            _refuse_checked_out(target, change)
        elif change.before is not None and not _writable(target):
            raise UsageError("file-read-only", "is read-only, so nothing was written", where=change.path)
        if target.is_symlink():
            raise UsageError("file-is-symlink", "is a symbolic link, so it is not replaced", where=change.path)


def _refuse_file_in_the_way(root: Path, change: FileChange) -> None:
    """Refuses a file where a directory must be: a submodule's own, or a parent of a new file."""
    target = root / change.path
    needed = [target, *target.parents] if change.is_link else list(target.parents)
    for folder in needed[: needed.index(root)]:
        if folder.exists() and not folder.is_dir():
            where = folder.relative_to(root).as_posix()
            what = "the submodule" if where == change.path else change.path
            raise UsageError("file-in-the-way", f"is a file, so {what} cannot be put there", where=where)
    if change.is_link and change.after is not None and files_tracked_at(root, change.path):
        raise UsageError(
            "file-in-the-way", "is tracked by git as files, so it cannot be a submodule", where=change.path
        )


def _refuse_checked_out(target: Path, change: FileChange) -> None:
    """Refuses to remove a submodule that is checked out: like git, it keeps work that may be nowhere else."""
    if change.after is None and target.is_dir() and any(target.iterdir()):
        hint = f"run `git submodule deinit {change.path}` first"
        raise UsageError("submodule-checked-out", "is checked out, so it is not removed", where=change.path, hint=hint)


def _writable(target: Path) -> bool:
    """Whether the owner may write, by the mode, because root may write to any file."""
    return bool(target.stat().st_mode & 0o200)


def _foreign(root: Path, state: Path, changes: Sequence[FileChange], options: ApplyOptions) -> list[str]:
    """The targets with uncommitted changes that are not newbackend's own. Raises UsageError naming them unless they
    are allowed."""
    known = written(state)
    theirs = [change.path for change in changes if known.get(change.path) != sha(change.before)]
    try:
        dirty = _dirty(root, theirs)
    except UsageError:
        if options.allow_dirty:
            return theirs  # nobody can tell
        raise
    refused = [path for path in dirty if path != options.asked_by]
    if refused and not options.allow_dirty:
        raise UsageError(
            "file-dirty",
            "has uncommitted changes that newbackend did not make; commit them, or pass --allow-dirty",
            where=", ".join(refused[:3]),
        )
    return dirty


def _dirty(root: Path, paths: Sequence[str]) -> list[str]:
    """Those of these paths that have uncommitted changes."""
    if not has_index(root) or not paths:
        return []
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=dirty")
    try:
        listed = Git(root).run("status", *options, "--", *(f":(literal){path}" for path in paths))
    except NotFoundError as error:
        raise UsageError(error.code, error.message, where=error.where) from error
    except UsageError as error:
        if error.code != "git-missing":
            raise
        hint = "install git or pass --allow-dirty"
        raise UsageError("git-missing", "git is not installed, so dirty files cannot be told", hint=hint) from error
    return [entry[3:] for entry in listed.decode("utf-8", "surrogateescape").split("\0") if entry]


def _commit(root: Path, state: Path, title: str, changes: Sequence[FileChange], at_step: Probe) -> None:
    if j.folder(state).exists():
        shutil.rmtree(j.folder(state))
    steps: list[j.Step] = []
    record: j.Journal | None = None
    try:
        j.folder(state).mkdir()
        for number, change in enumerate(changes):
            at_step(f"stash {change.path}")
            steps.append(_stash(root, state, number, change))
        record = j.Journal(title, "staging", tuple(steps))
        at_step("journal staging")
        j.save(state, record)
        for number, change in enumerate(changes):
            at_step(f"stage {change.path}")
            _stage(root, number, change, steps[number])
        at_step("journal committing")
        j.save(state, j.with_phase(record, "committing"))
        for number, change in enumerate(changes):
            at_step(f"rename {change.path}")
            _rename(root, number, change)
        at_step("journal done")
        j.save(state, j.with_phase(record, "done"))
    except BaseException as error:
        if record is not None:
            j.roll_back(root, state, record)
        else:
            shutil.rmtree(j.folder(state), ignore_errors=True)
        if isinstance(error, OSError):
            raise _sentence(error) from error
        raise
    at_step("remove emptied directories")
    j.remove_emptied(root, record)
    at_step("keep for undo")
    j.keep_for_undo(state)


def _stash(root: Path, state: Path, number: int, change: FileChange) -> j.Step:
    target = inside(root, change.path)
    before = b"" if change.before is None else change.before.encode("utf-8")
    if change.before is not None:
        j.write_file(j.folder(state) / f"old-{number}", before, 0o600)
    if change.after is not None:
        # The base of the three-way merge, should somebody edit the file before an undo.
        j.write_file(j.folder(state) / f"new-{number}", change.after.encode("utf-8"), 0o600)
    made = []
    # A submodule is a directory, empty until somebody checks it out.
    parent = target if change.is_link else target.parent
    while not parent.exists():
        made.append(parent.relative_to(root).as_posix())
        parent = parent.parent
    there = change.before is not None and not change.is_link
    mode = GITLINK if change.is_link else target.stat().st_mode & 0o777 if there else 0o644
    return j.Step(change.path, sha(change.before), sha(change.after), mode, tuple(reversed(made)))


def _stage(root: Path, number: int, change: FileChange, step: j.Step) -> None:
    if change.after is None or change.is_link:
        return
    target = inside(root, change.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = step.mode if change.mode is None else change.mode
    j.write_file(j.temp_of(target, number), change.after.encode("utf-8"), mode)


def _rename(root: Path, number: int, change: FileChange) -> None:
    target = inside(root, change.path)
    if change.is_link:
        record_link(root, change.path, change.after)
        _link_folder(target, change)
        return
    if change.after is None:
        target.unlink()
    else:
        j.temp_of(target, number).replace(target)
    j.sync_dir(target.parent)


def _link_folder(target: Path, change: FileChange) -> None:
    """The empty directory that git keeps where a submodule is not checked out."""
    if change.after is not None:
        target.mkdir(parents=True, exist_ok=True)
    elif target.is_dir():
        target.rmdir()


def _sentence(error: OSError) -> UsageError:
    where = str(error.filename or "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UsageError("disk-full", "the disk is full; nothing was changed", where=where)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UsageError("not-writable", "cannot be written; nothing was changed", where=where)
    return UsageError("write-failed", f"{error.strerror}; nothing was changed", where=where)

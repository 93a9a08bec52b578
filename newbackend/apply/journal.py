"""The journal of one apply: the old state, the new state, and the progress.

Order on disk (each step fsynced before the next):
  1. `journal/old-N`, `journal/new-N`  the old and the new bytes of each step
  2. `journal.json`      phase "staging": nothing in the tree has changed
  3. `.NAME.newbackend-N` the new bytes, beside each target
  4. `journal.json`      phase "committing": from here a rename may have happened
  5. one rename (or unlink) per file; a submodule's commit is one entry of git's index
  6. `journal.json`      phase "done": the change is complete; the journal becomes the undo record
A run that finds phase "staging" or "committing" restores the old bytes (as pip's stash and cargo's write_atomic do).
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from newbackend.apply.seal import seal, sealed
from newbackend.apply.state import JOURNAL
from newbackend.checkout.gitlink import GITLINK, commit_at, record_link
from newbackend.checkout.reading import read_regular
from newbackend.checkout.tree import digest, inside
from newbackend.errors import UsageError
from newbackend.records import dataclass
from newbackend.sanitize import one_line

SCHEMA = "newbackend/journal/1"
_LIMIT = 16 << 20


@dataclass(frozen=True)
class Step:
    """One file, or with the mode of a gitlink one submodule, whose bytes are its commit. Hashes are of
    bytes, "" for an absent one; `made_dirs` are directories that the step created, outermost first."""

    path: str
    before: str
    after: str
    mode: int
    made_dirs: tuple[str, ...] = ()

    @property
    def is_link(self) -> bool:
        """Whether the step is an entry of git's index."""
        return self.mode == GITLINK


@dataclass(frozen=True)
class Journal:
    """The record in `journal.json`."""

    title: str
    phase: str
    steps: tuple[Step, ...]
    schema: str = SCHEMA


def folder(state: Path) -> Path:
    """The directory of old and new bytes while a change is in progress."""
    return state / JOURNAL


def temp_of(target: Path, number: int) -> Path:
    """The staged file beside its target."""
    return target.with_name(f".{target.name}.newbackend-{number}")


def write_file(path: Path, data: bytes, mode: int) -> None:
    """Writes a file and its directory entry through to the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fchmod(handle, mode)
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_dir(path.parent)


def sync_dir(path: Path) -> None:
    """Flushes renames in a directory to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def save(state: Path, journal: Journal) -> None:
    """Replaces `journal.json` atomically."""
    data = asdict(journal)
    data["seal"] = seal(_sealed_text(data))
    temporary = folder(state) / "journal.json.tmp"
    write_file(temporary, json.dumps(data, indent=1).encode(), 0o600)
    temporary.replace(folder(state) / "journal.json")
    sync_dir(folder(state))


def load(directory: Path) -> Journal | None:
    """The journal in a directory, or None when there is none (or it was never completed).

    Raises UsageError for one that this user's newbackend did not write: it may have come with the checkout.
    """
    try:
        data: dict[str, Any] = json.loads(_own_text(directory / "journal.json"))
        mark = str(data.pop("seal", ""))
        if not sealed(_sealed_text(data), mark):
            raise _foreign(directory)
        steps = tuple(
            Step(
                path=str(step["path"]),
                before=str(step["before"]),
                after=str(step["after"]),
                mode=int(step["mode"]),
                made_dirs=tuple(str(name) for name in step["made_dirs"]),
            )
            for step in data["steps"]
        )
        for step in steps:
            _refuse_mode(step)
        return Journal(str(data["title"]), str(data["phase"]), steps)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UsageError(
            "journal-broken",
            f"the journal cannot be read ({one_line(str(error))}); remove it by hand",
            where=str(directory),
        ) from error


def _sealed_text(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)


def _own_text(path: Path) -> str:
    """Text of a regular file of this user's."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, encoding="utf-8") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_size > _LIMIT:
            raise _foreign(path.parent)
        return file.read(_LIMIT)


def _foreign(directory: Path) -> UsageError:
    return UsageError(
        "journal-foreign",
        "was not written by your newbackend, so it is not followed; look at it and remove it by hand",
        where=str(directory),
    )


def _refuse_mode(step: Step) -> None:
    """As in a plan: permission bits, or a gitlink."""
    if step.mode != GITLINK and step.mode & ~0o777:
        raise UsageError("journal-mode", f"the journal has mode {step.mode:o}, which is refused", where=step.path)


def kept_bytes(directory: Path, kind: str, number: int, digest_wanted: str) -> bytes:
    """Bytes beside a journal: `old` or `new` ones of a step. Raises UsageError when they are others."""
    path = directory / f"{kind}-{number}"
    try:
        data = read_regular(str(path), str(path))
    except OSError:
        data = b""
    if digest(data) != digest_wanted:
        raise UsageError("journal-broken", "is not what the journal says", where=str(path))
    return data


def hash_of(root: Path, step: Step) -> str:
    """Hash of the current content at a step's path, "" when it does not exist."""
    if step.is_link:
        commit = commit_at(root, step.path)
        return digest(commit.encode()) if commit else ""
    target = inside(root, step.path)
    try:
        return digest(read_regular(str(target.resolve()), step.path))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UsageError):
        return "not a file that was written"


def recover(root: Path, state: Path) -> str:
    """Rolls back an interrupted change. Returns a sentence about it, "" when there was none.

    The caller holds the lock, so no other process is writing. Raises UsageError when a file is neither the old nor the
    new one, because it was edited since.
    """
    if not folder(state).is_dir():
        return ""
    journal = load(folder(state))
    if journal is None:
        shutil.rmtree(folder(state))
        return ""
    if journal.phase == "done":
        remove_emptied(root, journal)
        keep_for_undo(state)
        return ""
    roll_back(root, state, journal)
    return f"an interrupted `{one_line(journal.title)}` was rolled back; the checkout is as it was before it"


def roll_back(root: Path, state: Path, journal: Journal) -> None:
    """Restores the old bytes of every step and deletes staged files. Can be repeated after another kill."""
    foreign = []
    for step in journal.steps:
        if hash_of(root, step) not in (step.before, step.after):
            foreign.append(step.path)
    if foreign:
        raise UsageError(
            "rollback-conflict",
            f"an interrupted `{one_line(journal.title)}` cannot be rolled back: the file was edited since",
            where=foreign[0],
            hint=f"the old bytes are in {folder(state)}",
        )
    for number, step in enumerate(journal.steps):
        with suppress(NotADirectoryError):
            temp_of(inside(root, step.path), number).unlink(missing_ok=True)
        if step.before == step.after or hash_of(root, step) == step.before:
            continue
        restore(root, kept_bytes(folder(state), "old", number, step.before) if step.before else b"", step)
    remove_dirs(root, journal)
    shutil.rmtree(folder(state))


def restore(root: Path, old: bytes, step: Step) -> None:
    """Gives one file its old bytes and mode back, or takes it away when it did not exist."""
    target = inside(root, step.path)
    if step.is_link:
        if step.before:
            target.mkdir(parents=True, exist_ok=True)
        record_link(root, step.path, old.decode("ascii") if step.before else None)
        return
    if not step.before:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.newbackend-restore")
    write_file(temporary, old, step.mode)
    temporary.replace(target)
    sync_dir(target.parent)


def remove_dirs(root: Path, journal: Journal) -> None:
    """Removes empty directories that the change created, innermost first."""
    for step in reversed(journal.steps):
        for name in reversed(step.made_dirs):
            try:
                inside(root, name).rmdir()
            except OSError:
                continue


def remove_emptied(root: Path, journal: Journal) -> None:
    """Drops the directories that deleting emptied: git does not keep them, and `name taken` looks at them."""
    for step in journal.steps:
        if step.after:
            continue
        parent = inside(root, step.path).parent
        while parent != root:
            try:
                parent.rmdir()
            except OSError:
                break
            parent = parent.parent


def keep_for_undo(state: Path) -> None:
    """The finished journal becomes the one undo record."""
    last = state / "last"
    if last.exists():
        shutil.rmtree(last)
    folder(state).rename(last)
    sync_dir(state)


def with_phase(journal: Journal, phase: str) -> Journal:
    """The same journal in another phase."""
    return replace(journal, phase=phase)

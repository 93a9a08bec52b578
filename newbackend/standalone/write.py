"""Writes a repository of its own: all of it or nothing, into a directory that is empty or does not exist."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from newbackend.checkout.git import environment, program
from newbackend.checkout.layout import find_root
from newbackend.errors import NewbackendError, UsageError
from newbackend.scaffold.render import RenderedFile


def check_target(target: Path) -> None:
    """Raises UsageError for a directory that has something in it, or that lies in a LocalAI checkout."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UsageError("standalone-target", "is not a directory", where=str(target))
    if target.is_dir() and any(target.iterdir()):
        raise UsageError("standalone-target", "is not empty", where=str(target), hint="name a new directory")
    if not target.absolute().parent.is_dir():
        raise UsageError("standalone-target", "its parent directory does not exist", where=str(target))
    try:
        root = find_root(target.absolute().parent)
    except NewbackendError:
        return
    message = f"lies in the LocalAI checkout {root}; a repository of its own is beside it"
    raise UsageError("standalone-inside", message, where=str(target))


def write_repository(target: Path, files: Mapping[str, RenderedFile]) -> None:
    """Writes every file beside the target first, then puts the whole directory in its place.

    Raises UsageError when that fails; then nothing is there.
    """
    target = target.absolute()
    try:
        scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    except OSError as error:
        raise _failed(target, error) from error
    try:
        for path, file in files.items():
            place = scratch / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file.text, encoding="utf-8", newline="")
            place.chmod(file.mode)
        scratch.chmod(0o755)
        with suppress(FileNotFoundError):
            target.rmdir()  # it is empty
        scratch.rename(target)
    except OSError as error:
        raise _failed(target, error) from error
    finally:
        if scratch.exists():
            shutil.rmtree(scratch, ignore_errors=True)


def _failed(target: Path, error: OSError) -> UsageError:
    return UsageError("standalone-not-written", f"cannot be written: {error.strerror or error}", where=str(target))


def commit_all(target: Path, name: str) -> None:
    """`git init` and a first commit of everything, as the user. Raises UsageError when git fails."""
    steps = (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", f"Add {name}, a backend for LocalAI"),
    )
    for step in steps:
        done = subprocess.run(
            [program(), *step], cwd=target, env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            reason = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise UsageError(
                "git-failed", f"the files are written, but git {step[0]} failed: {reason[-1]}", where=str(target)
            )

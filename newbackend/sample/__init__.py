"""The embedded demo checkout: a miniature LocalAI tree in LocalAI's own file formats.

`tree/` holds nine invented backends whose registrations are complete; `newbackend demo` writes it to a directory.
Files named `dot.<name>` become `.<name>`: under their real names git and the wheel builder would
obey them instead of packing them. Executable bits do not survive a wheel, so they are set again from
the content: every file that starts with `#!` is executable.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from newbackend.errors import UsageError

TREE = Path(__file__).parent / "tree"

_DOT = "dot."
_SKIPPED = frozenset({"__pycache__"})
_MESSAGE = "A miniature LocalAI checkout"
_COMMIT_DATE = "2026-08-22T00:00:00+00:00"
_IDENTITY = ("-c", "user.name=newbackend sample", "-c", "user.email=sample@example.org")


def materialise(target: Path) -> Path:
    """Write the demo checkout into `target` and return it.

    `target` is created when it is missing and must be empty when it exists. Content and modes are
    the same on every call and on every platform, whether the package is installed or not.
    Raises UsageError when `target` is not an empty folder or cannot be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            "sample-target-not-empty",
            "the folder for the demo checkout is not empty",
            where=str(target),
            hint="name a new or an empty folder",
        )
    try:
        for source, relative in _files():
            _copy(source, target / relative)
    except OSError as error:
        raise UsageError(
            "sample-target-not-writable",
            f"the demo checkout cannot be written: {error.strerror or error}",
            where=str(error.filename or target),
        ) from error
    return target


def init_git(root: Path) -> None:
    """Make `root` a git repository with one commit of everything in it.

    Author, date and branch are fixed and the user's configuration is not read, so the commit id
    depends on the content alone. Raises UsageError when git is missing or fails.
    """
    git = shutil.which("git")
    if git is None:
        raise UsageError("git-missing", "git is not installed", hint="install git, or work without a repository")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": _COMMIT_DATE,
        "GIT_COMMITTER_DATE": _COMMIT_DATE,
        "LC_ALL": "C",
    }
    steps = (
        ("init", "--quiet", "--initial-branch=master"),
        ("-c", "core.autocrlf=false", "add", "--all"),
        (
            *_IDENTITY,
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--quiet",
            "--message",
            "A miniature LocalAI checkout",
        ),
    )
    for step in steps:
        done = subprocess.run([git, *step], cwd=root, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise UsageError("git-failed", f"git could not make a repository: {reason[-1]}", where=str(root))


def _files() -> Iterator[tuple[Path, Path]]:
    """Every file of the tree with the relative path that it gets, in sorted order."""
    for source in sorted(TREE.rglob("*")):
        relative = source.relative_to(TREE)
        if source.is_file() and _SKIPPED.isdisjoint(relative.parts) and source.suffix != ".pyc":
            yield source, Path(*(_restored(part) for part in relative.parts))


def _restored(name: str) -> str:
    """`dot.gitignore` is `.gitignore`; every other name stays."""
    return f".{name.removeprefix(_DOT)}" if name.startswith(_DOT) else name


def _copy(source: Path, target: Path) -> None:
    content = source.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if content.startswith(b"#!") else 0o644)

"""The git directory of a checkout, found without asking git: which one `.git` names, and whose it is.

A `.git` file, a link or a `commondir` can be planted to point at somebody else's repository. A git directory in
another place belongs to a checkout only when it names the checkout in turn (gitrepository-layout(5)).
"""

from __future__ import annotations

import re
from pathlib import Path

from newbackend.checkout.reading import read_regular
from newbackend.errors import UsageError
from newbackend.records import dataclass

_SMALL = 1 << 20


@dataclass(frozen=True)
class GitDirectory:
    """`own` has HEAD and the index of this work tree, `common` objects, refs and config."""

    own: Path
    common: Path


def own_git_directory(root: Path) -> Path | None:
    """The git directory that belongs to a checkout, or None: no git, or a `.git` that points elsewhere."""
    try:
        directory = git_directory(root)
    except UsageError:
        return None
    return directory.own if directory else None


def git_directory(root: Path) -> GitDirectory | None:
    """The git directory of a checkout, None without git. Raises UsageError when `.git` points to another one's."""
    dot_git = root / ".git"
    if dot_git.is_dir():
        own = _resolved(dot_git, root)
        linked = dot_git.is_symlink()
    elif dot_git.is_file() or dot_git.is_symlink():
        text = small_text(dot_git).strip()
        if not text.startswith("gitdir: "):
            raise _elsewhere(root)
        own, linked = _resolved(root / text.removeprefix("gitdir: "), root), True
    else:
        return None
    if linked and not _names(own, root):
        raise _elsewhere(root)
    named = small_text(own / "commondir").strip()
    common = _resolved(own / named, root) if named else own
    if common != own and own.parent != common / "worktrees":
        raise _elsewhere(root)
    return GitDirectory(own, common)


def _names(own: Path, root: Path) -> bool:
    """Whether a git directory names the checkout: `gitdir` of a linked work tree, `core.worktree` of a submodule."""
    dot_git = root.resolve() / ".git"
    back = small_text(own / "gitdir").strip()
    if back:
        return _resolved((own / back).parent, root) / ".git" == dot_git
    for match in re.finditer(r'(?mi)^[ \t]*worktree\s*=\s*"?(.+?)"?\s*$', small_text(own / "config")):
        if _resolved(own / match[1], root) == root.resolve():
            return True
    return False


def _resolved(path: Path, root: Path) -> Path:
    """The path without links. Raises UsageError for one that nothing can have: with a NUL, in a circle, too long."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        raise _elsewhere(root) from error
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise _elsewhere(root) from error


def small_text(path: Path) -> str:
    """Text of a regular file of up to 1 MiB, "" for anything else."""
    try:
        if path.is_file() and path.stat().st_size <= _SMALL:
            data = read_regular(str(path.resolve()), path.name)
            return data.decode("utf-8", "surrogateescape")
    except (OSError, UsageError):
        pass
    return ""


def _elsewhere(root: Path) -> UsageError:
    return UsageError(
        "git-elsewhere",
        "names a git directory that does not name this checkout in turn, so it is not used",
        where=str(root / ".git"),
        hint="if it is yours, set core.worktree there, or run `git worktree repair`",
    )

"""Gitlinks: a submodule's entry in git's index, a path of mode 160000 with a commit instead of a blob.

Only the index entry is read and written, by git plumbing commands; nothing is fetched or checked out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from newbackend.checkout.git import Git
from newbackend.errors import NotFoundError, UsageError

GITLINK = 0o160000
"""The mode of a submodule's entry in a tree and in the index (gitdatamodel(7))."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


def has_index(root: Path) -> bool:
    """Whether the checkout is a git work tree, so that there is an index to write to."""
    return (root / ".git").exists()


def is_commit(text: str) -> bool:
    """Whether a text is a full object id, as a gitlink needs."""
    return bool(_COMMIT.match(text))


def links_below(root: Path, path: str) -> Mapping[str, str]:
    """Commit by path of every gitlink at or below `path`; empty outside a work tree.

    Raises UsageError when git is missing or fails, which is not the same as no gitlink.
    """
    return {name: commit for name, (mode, commit) in _entries(root, path).items() if mode == f"{GITLINK:o}"}


def _entries(root: Path, path: str) -> dict[str, tuple[str, str]]:
    """Mode and object id of each index entry at or below `path`, by path."""
    if not has_index(root):
        return {}
    rows = _git(root, "ls-files", "--stage", "-z", "--", f":(literal){path}").split("\0")
    split = (row.partition("\t") for row in rows if row)
    return {name: (head.split()[0], head.split()[1]) for head, _, name in split}


def files_tracked_at(root: Path, path: str) -> bool:
    """Whether the index has files at or below `path`, which a gitlink there would replace."""
    return any(mode != f"{GITLINK:o}" for mode, _ in _entries(root, path).values())


def commit_at(root: Path, path: str) -> str | None:
    """The commit of the gitlink at `path`, None when the index has none there."""
    return links_below(root, path).get(path)


def record_link(root: Path, path: str, commit: str | None) -> None:
    """Writes the gitlink at `path` into the index, or removes it (None). Atomic: git renames its lock file.

    Raises UsageError when git is missing, the index is locked, or files are tracked below `path`.
    """
    if commit is None:
        _git(root, "update-index", "--force-remove", "--", path)
        return
    if not is_commit(commit):
        raise UsageError("gitlink-invalid", f"{commit!r} is not a full commit id", where=path)
    _git(root, "update-index", "--add", "--cacheinfo", f"{GITLINK:o},{commit},{path}")


def _git(root: Path, *words: str) -> str:
    """Output of a git command. Raises UsageError, not NotFoundError, when it fails."""
    try:
        return Git(root).run(*words).decode("utf-8", "surrogateescape")
    except NotFoundError as error:
        raise UsageError(error.code, error.message, where=error.where) from error

"""A commit of chosen files, on a branch; the work tree and everything else in the index stay as they are.

The tree is put together in an index of its own. The repository changes in three steps, each of which leaves it usable:
the index entries of the files that are committed, the branch, and HEAD. Whoever is stopped between them has these files
staged, loses nothing, and can do it again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from newbackend.checkout.git import Git
from newbackend.checkout.gitdir import git_directory
from newbackend.checkout.gitlink import GITLINK
from newbackend.checkout.remotes import identity, signs_commits
from newbackend.errors import NewbackendError, UsageError
from newbackend.records import dataclass

_BUSY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "BISECT_LOG")


@dataclass(frozen=True)
class Chosen:
    """What is committed: `whole` files as they are on disk (a missing one is deleted), `texts` of files of which only a
    part is committed, `links` the commits of submodules."""

    whole: Sequence[str] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path, in order."""
        return tuple(sorted({*self.whole, *self.texts, *self.links}))


def refuse_busy(root: Path) -> None:
    """Raises UsageError in the middle of a merge or a rebase, with conflicts, or when git's index is locked."""
    directory = git_directory(root)
    if directory is None:
        raise UsageError("git-missing-repository", "is no git repository, so nothing can be committed", where=str(root))
    busy = next((name for name in _BUSY if (directory.own / name).exists()), None)
    if busy or Git(root).run("ls-files", "--unmerged"):
        raise UsageError("git-busy", "a merge, rebase or other change of git's is under way; finish it first")
    if (directory.own / "index.lock").exists():
        raise UsageError("git-locked", "git's index is locked by another git", where=str(directory.own / "index.lock"))


def current_branch(git: Git) -> str:
    """The branch that HEAD is on, "" for none."""
    done = git.call("symbolic-ref", "--quiet", "HEAD")
    return done.stdout.decode("utf-8", "replace").strip().removeprefix("refs/heads/") if done.returncode == 0 else ""


def tip(git: Git, ref: str) -> str:
    """The commit of a full ref, "" when there is none."""
    done = git.call("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def tree_of(git: Git, parent: str, chosen: Chosen) -> str:
    """The id of the tree of a commit with the chosen files changed. Only objects are written."""
    with tempfile.TemporaryDirectory(prefix="newbackend-") as scratch:
        env = {"GIT_INDEX_FILE": f"{scratch}/index"}
        git.run("read-tree", parent, env=env)
        _put(git, chosen, env)
        return git.run("write-tree", env=env).decode().strip()


def commit_on(git: Git, parent: str, chosen: Chosen, message: str, branch: str) -> str:
    """Commits the chosen files on top of `parent`, which HEAD is at, to a branch that is new or current, and makes it
    the current one. Without a difference no commit is made. Returns the branch's commit.

    Raises UsageError when the branch exists with something else, or git refuses.
    """
    tree = tree_of(git, parent, chosen)
    commit = reusable(git, parent, tree, branch) or _commit(git, parent, tree, message)
    _put(git, chosen, {})
    ref = f"refs/heads/{branch}"
    old = tip(git, ref)
    if old != commit:
        git.run("update-ref", "-m", "newbackend pr", ref, commit, old or "0" * len(commit))
    if current_branch(git) != branch:
        git.run("symbolic-ref", "-m", f"newbackend pr: moving to {branch}", "HEAD", ref)
    return commit


def reusable(git: Git, parent: str, tree: str, branch: str) -> str:
    """The commit that need not be made: `parent` when it has the tree, else that of the branch, left by a run that was
    stopped; "" when one has to be made. Raises UsageError for a branch with something else."""
    there = tip(git, f"refs/heads/{branch}")
    same = git.run("rev-parse", f"{parent}^{{tree}}").decode().strip() == tree
    if there in ("", parent):
        return parent if same else ""
    if git.run("log", "-1", "--format=%T %P", there).decode().split() == [tree, parent]:
        return there
    raise UsageError(
        "pr-branch-exists",
        f"there is a branch {branch!r} already, with other commits",
        hint=f"go on there with `git switch {branch}`, or pass another name with --branch",
    )


def _commit(git: Git, parent: str, tree: str, message: str) -> str:
    sign = ["-S"] if signs_commits() else []
    env = identity(git.root)
    try:
        return git.run("commit-tree", *sign, tree, "-p", parent, data=message.encode("utf-8"), env=env).decode().strip()
    except NewbackendError as error:
        hint = "git needs user.name and user.email: `git config --global user.name …`"
        raise UsageError("commit-failed", f"nothing was committed: {error.message}", hint=hint) from error


def _put(git: Git, chosen: Chosen, env: Mapping[str, str]) -> None:
    """The chosen files into an index."""
    names = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in chosen.whole)
    if names:
        git.run("update-index", "--add", "--remove", "-z", "--stdin", data=names, env=env)
    for path, text in chosen.texts.items():
        blob = git.run("hash-object", "-w", "--no-filters", "--stdin", data=text.encode("utf-8")).decode().strip()
        mode = "100755" if (git.root / path).stat().st_mode & 0o100 else "100644"
        git.run("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", env=env)
    for path, commit in chosen.links.items():
        git.run("update-index", "--add", "--cacheinfo", f"{GITLINK:o},{commit},{path}", env=env)

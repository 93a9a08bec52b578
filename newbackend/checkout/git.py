"""Git's plumbing, as a child process: the one way in which newbackend calls git.

A checkout may come from a stranger, and git runs programs that a repository's configuration names: file system
monitors, filters, hooks, transports. So git never reads that configuration. It is given a common directory of
ours (GIT_COMMON_DIR, gitrepository-layout(5)): links to the repository's objects and refs, and a configuration
with the few settings that say how the repository is stored. HEAD and the index are the repository's own, and
the user's own configuration is read as always.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from newbackend.checkout.gitdir import GitDirectory, git_directory
from newbackend.errors import NotFoundError, UsageError
from newbackend.suggest import did_you_mean, nearest

_LINKED = ("objects", "refs", "packed-refs", "reftable", "logs", "shallow", "worktrees", "info/exclude")
"""What a command may need of a repository. Not `config`, `hooks` and `info/attributes`."""
_FILES = ("packed-refs", "shallow", "info/exclude")
"""Those of them that git opens and that are no directory: it would wait for ever for what a pipe has to say."""
TIMEOUT_SECONDS = 120.0
_PLAIN_SETTINGS = re.compile(
    r"(core\.(filemode|ignorecase|symlinks|precomposeunicode|autocrlf|eol|safecrlf|trustctime|checkstat|sparsecheckout"
    r"|sparsecheckoutcone|repositoryformatversion)|index\.(sparse|version)|extensions\.(objectformat|refstorage))\Z"
)
"""How files and objects are stored. None of them names a program, a file or another repository."""
_CONFIG_LIMIT = 1 << 20
_STEM = re.compile(r"[~^:]|@\{")
"""What follows the name in a revision (gitrevisions(7))."""
_TRUNKS = ("main", "master")
"""The usual names of a default branch: who types one may mean the other."""
_WORD = re.compile(r"[A-Za-z0-9]{1,20}\Z")
_OFF = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "--no-pager")
"""The user's own settings that may name a program of the checkout by a relative path."""
_REPOSITORY = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_IMPLICIT_WORK_TREE", "GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_EXTERNAL_DIFF",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE",
)  # fmt: skip
"""What binds git to one repository (`git rev-parse --local-env-vars`), but for the configuration of the caller."""


def environment() -> dict[str, str]:
    """The caller's environment for a git that belongs to no repository; git asks nobody for a password."""
    env = {name: value for name, value in os.environ.items() if name not in _REPOSITORY}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "GIT_ASKPASS": "true", "GIT_OPTIONAL_LOCKS": "0"}
    return {**env, **quiet, "GIT_NO_LAZY_FETCH": "1"}


def program() -> str:
    """Where git is. Raises UsageError when it is not installed."""
    found = shutil.which("git")
    if found is None:
        raise UsageError("git-missing", "git is not installed, so no revision can be read")
    return str(Path(found).absolute())


def run_outside(
    *words: str,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    data: bytes = b"",
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """A git command outside of every repository: no checkout's configuration is read, wherever the user is.

    `before` runs in the child before git does, to set limits.
    """
    command = [program(), *_OFF, *words]
    return subprocess.run(
        command,
        input=data,
        capture_output=True,
        check=False,
        timeout=timeout,
        cwd=os.sep,
        env={**environment(), **(env or {})},
        preexec_fn=before,
    )


class Git:
    """Plumbing commands of one repository; a command is a list of arguments, never a shell line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            self._git = program()
        except UsageError as error:
            raise UsageError(error.code, error.message, where=str(root)) from error

    def run(self, *words: str, data: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Output of a git command. Raises NotFoundError with git's own first line when it fails."""
        done = self.call(*words, data=data, env=env)
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            raise NotFoundError("git-failed", f"git {words[0]}: {lines[0]}", where=str(self.root))
        return done.stdout

    def call(
        self, *words: str, data: bytes = b"", env: Mapping[str, str] | None = None, seconds: float | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """A git command, whatever its status. `env` is added to its environment: another index, an author.

        Raises UsageError after `seconds`, or TIMEOUT_SECONDS.
        """
        seconds = TIMEOUT_SECONDS if seconds is None else seconds
        directory = git_directory(self.root)
        if directory is None:
            raise NotFoundError("git-failed", f"git {words[0]}: fatal: not a git repository", where=str(self.root))
        index = _callers_index(self.root, directory)
        own = (directory.own / name for name in ("HEAD", "commondir", "gitdir"))
        for path in (*own, Path(index), *(directory.common / name for name in _FILES)):
            if path.exists() and not path.is_file():
                raise UsageError("git-not-a-file", "is not a regular file, so git is not run", where=str(path))
        command = [self._git, *_OFF, "-C", str(self.root), *words]
        with _common(directory) as common:
            bound = {
                **environment(),
                "GIT_DIR": str(directory.own),
                "GIT_WORK_TREE": str(self.root.resolve()),
                "GIT_COMMON_DIR": common,
                "GIT_INDEX_FILE": index,
                **(env or {}),
            }
            try:
                return subprocess.run(command, input=data, capture_output=True, check=False, env=bound, timeout=seconds)
            except subprocess.TimeoutExpired as error:
                message = f"git {words[0]} did not answer within {seconds:.0f} s"
                raise UsageError("git-timeout", message, where=str(self.root)) from error

    def commit(self, revision: str) -> str:
        """The commit id of a revision. Raises NotFoundError for one that does not exist here."""
        if not revision or revision.startswith("-"):
            raise UsageError("revision-invalid", f"{revision!r} is not a revision", hint="pass a branch, tag or commit")
        try:
            out = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except NotFoundError as error:
            raise self._unknown(revision) from error
        return out.decode().strip()

    def _unknown(self, revision: str) -> NotFoundError:
        """The error for a revision that does not exist here, with the reason that can be told."""
        message, choices = f"there is no revision {revision!r} here", []
        stem = _STEM.split(revision, maxsplit=1)[0]
        listed = self.run("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
        names = [name for name in listed.decode("utf-8", "replace").splitlines() if name]
        if self.run("rev-parse", "--is-shallow-repository").strip() == b"true":
            hint = "fetch it first: this is a shallow clone, whose history is cut off"
        elif stem != revision and stem in (*names, "HEAD"):
            message = f"the history of {stem!r} does not reach back to {revision!r}"
            hint = "pass a newer ancestor, or a branch or tag"
        else:
            also = {name: _TRUNKS for name in names if name.rpartition("/")[2] in _TRUNKS}
            choices = [name + revision[len(stem) :] for name in nearest(stem, names, also)]
            hint = did_you_mean(choices) or "`git branch --all` and `git tag` list what there is"
        return NotFoundError("revision-unknown", message, hint=hint, choices=choices)

    def merge_base(self, revision: str) -> str:
        """The merge base of the work tree's history and `revision`; the revision itself in a shallow clone."""
        commit = self.commit(revision)
        try:
            return self.run("merge-base", commit, "HEAD").decode().strip() or commit
        except NotFoundError:
            return commit

    def changed(self, commit: str) -> tuple[str, ...]:
        """Paths that differ between a commit and the work tree, untracked files included.

        Of a submodule only its commit counts: to look for edits in it, git would read its configuration.
        """
        only_names = ("--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
        tracked = self.run("diff", *only_names, "-z", commit, "--")
        untracked = self.run("ls-files", "--others", "--exclude-standard", "-z")
        names = (tracked + untracked).decode("utf-8", "surrogateescape").split("\0")
        return tuple(sorted({name for name in names if name}))


def _callers_index(root: Path, directory: GitDirectory) -> str:
    """The index to use: that of the caller (a hook of a commit has one) if it is this repository's.

    Raises UsageError when the environment names another repository.
    """
    named = {
        "GIT_DIR": {directory.own, (root / ".git").resolve()},
        "GIT_WORK_TREE": {root.resolve()},
        "GIT_COMMON_DIR": {directory.common},
    }
    for name, own in named.items():
        if os.environ.get(name) and Path(os.environ[name]).resolve() not in own:
            raise _other_repository(name, root)
    index = os.environ.get("GIT_INDEX_FILE", "")
    if not index:
        return str(directory.own / "index")
    path = root / index
    if path.parent.resolve() != directory.own:
        raise _other_repository("GIT_INDEX_FILE", root)
    return str(path.parent.resolve() / path.name)


def _other_repository(name: str, root: Path) -> UsageError:
    message = f"{name} in the environment names another repository than this checkout's; unset it"
    return UsageError("git-environment", message, where=str(root))


@contextmanager
def _common(directory: GitDirectory) -> Iterator[str]:
    """A common directory of ours for one command."""
    source = directory.common
    try:
        scratch = tempfile.TemporaryDirectory(prefix="newbackend-git-")
    except OSError as error:
        raise UsageError("no-temporary-folder", f"git needs a folder for temporary files: {error.strerror}") from error
    with scratch as folder:
        common = Path(folder)
        (common / "info").mkdir()
        for name in _LINKED:
            path = source / name
            if not os.path.lexists(path):
                continue
            if path.is_symlink() and source not in path.resolve().parents:
                raise UsageError(
                    "git-elsewhere", "leads out of the git directory, which is not followed", where=str(path)
                )
            (common / name).symlink_to(path)
        (common / "config").write_text(_config(source / "config"), encoding="ascii")
        yield folder


def _config(path: Path) -> str:
    """The configuration of ours: the plain settings of the repository's."""
    lines = ["[core]\n\tbare = false\n"]
    for key, value in settings(path):
        if _PLAIN_SETTINGS.match(key) and (value is None or _WORD.match(value)):
            section, _, name = key.rpartition(".")
            lines.append(f"[{section}]\n\t{name}{' = ' + value if value else ''}\n")
    return "".join(lines)


def settings(path: Path) -> tuple[tuple[str, str | None], ...]:
    """The settings of a repository's configuration file in their order, section and name in lower case; None for one
    without a value. Files that it includes are not read."""
    try:
        about = path.stat()
    except OSError:
        return ()
    return _settings(path, about.st_mtime_ns, about.st_size)


@cache
def _settings(path: Path, *_changed: int) -> tuple[tuple[str, str | None], ...]:
    if not path.is_file() or path.stat().st_size > _CONFIG_LIMIT:
        raise UsageError("git-config", "is not a file of up to 1 MiB, so it is not read", where=str(path))
    listed = run_outside("config", "--file", str(path), "--no-includes", "--null", "--list")
    if listed.returncode != 0:
        raise UsageError("git-config", "cannot be read by git", where=str(path))
    entries = (entry.partition("\n") for entry in listed.stdout.decode("utf-8", "replace").split("\0") if entry)
    return tuple((key, value if line_break else None) for key, line_break, value in entries)

"""Git plumbing commands of a checkout's repository, run as child processes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from newbackend.errors import NotFoundError, UsageError


class Git:
    """Plumbing commands of one repository; a command is a list of arguments, never a shell line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        program = shutil.which("git")
        if program is None:
            raise UsageError("git-missing", "git is not installed, so no revision can be read", where=str(root))
        self._git = program

    def run(self, *words: str, data: bytes = b"") -> bytes:
        """Output of a git command. Raises NotFoundError with git's own first line when it fails."""
        command = [self._git, "-C", str(self.root), *words]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            raise NotFoundError("git-failed", f"git {words[0]}: {lines[0]}", where=str(self.root))
        return done.stdout

    def commit(self, revision: str) -> str:
        """The commit id of a revision. Raises NotFoundError for one that does not exist here."""
        if not revision or revision.startswith("-"):
            raise UsageError("revision-invalid", f"{revision!r} is not a revision", hint="pass a branch, tag or commit")
        try:
            out = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except NotFoundError as error:
            hint = "fetch it first: a shallow clone has no history"
            raise NotFoundError("revision-unknown", f"there is no revision {revision!r} here", hint=hint) from error
        return out.decode().strip()

    def merge_base(self, revision: str) -> str:
        """The merge base of the work tree's history and `revision`; the revision itself in a shallow clone."""
        commit = self.commit(revision)
        try:
            return self.run("merge-base", commit, "HEAD").decode().strip() or commit
        except NotFoundError:
            return commit

    def changed(self, commit: str) -> tuple[str, ...]:
        """Paths that differ between a commit and the work tree, untracked files included."""
        tracked = self.run("diff", "--name-only", "--no-renames", "-z", commit, "--")
        untracked = self.run("ls-files", "--others", "--exclude-standard", "-z")
        names = (tracked + untracked).decode("utf-8", "surrogateescape").split("\0")
        return tuple(sorted({name for name in names if name}))

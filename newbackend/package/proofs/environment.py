"""Input and output of a proof: the package in a sandbox, and one line with the result."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from newbackend.findings import Rule, Status
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.sandbox import PACKAGE, Bind, HostShell, Sandbox, is_host_root, stage_root
from newbackend.records import dataclass


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof: which rule, what was run, where, and what came out."""

    rule: Rule
    subject: str
    command: str
    environment: str
    status: Status
    result: str

    def as_json(self) -> dict[str, str]:
        """The proof line as data."""
        return {
            "rule": self.rule.id, "subject": self.subject, "command": self.command, "environment": self.environment,
            "status": self.status.value, "result": self.result,
        }  # fmt: skip


@dataclass(frozen=True)
class ProofEnvironment:
    """Everything a proof needs: the package on disk, a sandbox, a shell (or why there is none), and where temporary
    files go. `root` is the root file system to run in; None is an empty one."""

    package: Package
    disk: Path
    sandbox: Sandbox
    shell: HostShell | str
    scratch: Path
    root: Path | None

    @property
    def place(self) -> str:
        """Where the package is inside: not at the root, so that absolute paths in it are found out."""
        return PACKAGE if self.root is None else f"/tmp{PACKAGE}"

    def argv(
        self, command: Sequence[str], variables: Mapping[str, str] | None = None, more: Sequence[Bind] = ()
    ) -> list[str]:
        """The sandboxed command line; `variables` are set inside."""
        binds = [Bind(self.disk, self.place, self.package.layout is Layout.HOST_LIBC), *more]
        if isinstance(self.shell, HostShell) and self.root is None:
            binds += self.shell.binds
        root = self.root
        if self.sandbox.kind == "unshare":
            root = Path(tempfile.mkdtemp(prefix="root-", dir=self.scratch))
            stage_root(root, binds)
        elif root is not None and is_host_root(root):
            binds += [Bind(path, f"/etc/{path.name}") for path in self._accounts()]
        return self.sandbox.argv(binds, self.place, command, root, variables)

    def _accounts(self) -> list[Path]:
        """The account files of a small host of its own: the host's would tell who has an account there."""
        directory = self.scratch / "etc"
        directory.mkdir(exist_ok=True)
        user, group = os.getuid(), os.getgid()
        rows = {
            "passwd": "root:x:0:0:root:/tmp:/bin/sh\n" + (f"user:x:{user}:{group}:user:/tmp:/bin/sh\n" if user else ""),
            "group": "root:x:0:\n" + (f"user:x:{group}:\n" if group else ""),
            "hosts": "127.0.0.1 localhost\n",
        }
        for name, text in rows.items():
            (directory / name).write_text(text, "utf-8")
        return [directory / name for name in rows]

    @property
    def label(self) -> str:
        """The environment, for the proof line."""
        sandbox = {"bwrap": "bubblewrap", "unshare": "chroot in a user namespace"}[self.sandbox.kind]
        if self.root is not None:
            part = "system directories of " if is_host_root(self.root) else ""
            return f"{sandbox}, {part}root {self.root}, package at {self.place}"
        shell = f", {self.shell.label}" if isinstance(self.shell, HostShell) else ""
        return f"{sandbox}, empty root, package at {self.place}{shell}"

    @property
    def library_path(self) -> list[str]:
        """The loader's `--library-path` option; empty when run.sh sets no path."""
        directories = [f"{self.place}/{d}".rstrip("/") for d in self.package.search.library_path]
        return ["--library-path", ":".join(directories)] if directories else []

"""Input and output of a proof: the package in a sandbox, and one line with the result."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newbackend.findings import Rule, Status
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.proofs.hostshell import PLACE, HostShell
from newbackend.package.proofs.sandbox import PACKAGE, Bind, Sandbox, stage_root


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

    def argv(self, command: Sequence[str], more: Sequence[Bind] = ()) -> list[str]:
        """The sandboxed command line."""
        binds = [Bind(self.disk, self.place, self.package.layout is Layout.HOST_LIBC), *more]
        if isinstance(self.shell, HostShell) and self.root is None:
            binds.append(Bind(self.shell.directory, PLACE))
        root = self.root
        if self.sandbox.kind == "unshare":
            root = Path(tempfile.mkdtemp(prefix="root-", dir=self.scratch))
            stage_root(root, binds)
        return self.sandbox.argv(binds, self.place, command, root)

    @property
    def label(self) -> str:
        """The environment, for the proof line."""
        sandbox = {"bwrap": "bubblewrap", "unshare": "chroot in a user namespace"}[self.sandbox.kind]
        if self.root is not None:
            return f"{sandbox}, root {self.root}, package at {self.place}"
        shell = f", {self.shell.label}" if isinstance(self.shell, HostShell) else ""
        return f"{sandbox}, empty root, package at {self.place}{shell}"

    @property
    def library_path(self) -> list[str]:
        """The loader's `--library-path` option; empty when run.sh sets no path."""
        directories = [f"{self.place}/{d}".rstrip("/") for d in self.package.search.library_path]
        return ["--library-path", ":".join(directories)] if directories else []

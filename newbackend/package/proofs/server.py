"""Running a package in a sandbox for a proof: the proof line, the bench, and a server that must answer."""

from __future__ import annotations

import re
import shlex
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newbackend.findings import Status
from newbackend.package.hostlibs import is_driver
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.proofs import health
from newbackend.package.proofs.hostshell import PLACE, HostShell
from newbackend.package.proofs.process import ProcessResult, Server
from newbackend.package.proofs.sandbox import PACKAGE, Bind, Sandbox, environment, stage_root

START_TIMEOUT = 40.0  # LocalAI polls Health 20 times, 2 s apart (contract 1.1)


@dataclass(frozen=True, slots=True)
class Proof:
    """One proof: which rule, what was run, where, and what came out."""

    rule: str
    subject: str
    command: str
    environment: str
    status: Status
    result: str

    def as_json(self) -> dict[str, str]:
        """The proof line as data."""
        return {
            "rule": self.rule, "subject": self.subject, "command": self.command, "environment": self.environment,
            "status": self.status.value, "result": self.result,
        }  # fmt: skip


@dataclass(frozen=True)
class ProofEnvironment:
    """Everything a proof needs: the package on disk, a sandbox, a shell, and where temporary files go."""

    package: Package
    disk: Path
    sandbox: Sandbox
    shell: HostShell | None
    scratch: Path
    root: Path | None

    @property
    def place(self) -> str:
        """Where the package lies inside: not at the root, so that relocation is proven too."""
        return PACKAGE if self.root is None else f"/tmp{PACKAGE}"

    def argv(self, command: Sequence[str], more: Sequence[Bind] = ()) -> list[str]:
        """The sandboxed command line."""
        binds = [Bind(self.disk, self.place, self.package.layout is Layout.HOST_LIBC), *more]
        if self.shell is not None and self.root is None:
            binds.append(Bind(self.shell.directory, PLACE))
        root = self.root
        if self.sandbox.kind == "unshare":
            root = Path(tempfile.mkdtemp(prefix="root-", dir=self.scratch))
            stage_root(root, binds)
        return self.sandbox.argv(binds, self.place, command, root)

    @property
    def label(self) -> str:
        """The environment, for the proof line."""
        how = {"bwrap": "bubblewrap", "unshare": "chroot in a user namespace"}[self.sandbox.kind]
        if self.root is not None:
            return f"{how}, root {self.root}, package at {self.place}"
        shell = f", {self.shell.label}" if self.shell else ""
        return f"{how}, empty root, package at {self.place}{shell}"


def library_path(bench: ProofEnvironment) -> list[str]:
    directories = [f"{bench.place}/{d}".rstrip("/") for d in bench.package.search.library_path]
    return ["--library-path", ":".join(directories)] if directories else []


def serve(
    bench: ProofEnvironment,
    rule: str,
    subject: str,
    words: Sequence[str],
    extra: Mapping[str, str],
    binds: Sequence[Bind],
) -> Proof:
    """Start a server, wait for its port, call Health."""
    port = health.free_port()
    command = [*words, "--addr", f"127.0.0.1:{port}"]
    shown = shlex.join(command)
    with Server(bench.argv(command, binds), environment(extra)) as server:
        started = time.monotonic()
        while time.monotonic() - started < START_TIMEOUT and server.running and not health.is_listening(port):
            time.sleep(0.02)
        waited = time.monotonic() - started
        if not health.is_listening(port):
            ended = server.stop()
            status, result = _not_listening(ended, running=waited >= START_TIMEOUT)
            return Proof(rule, subject, shown, bench.label, status, result)
        answer = health.health(port)
        if answer is None:
            return Proof(rule, subject, shown, bench.label, Status.UNKNOWN,
                         "the port opened; Health was not called: install newbackend[smoke] (grpcio)")  # fmt: skip
        if answer:
            return Proof(rule, subject, shown, bench.label, Status.FAIL, f"the port opened, Health failed: {answer}")
        return Proof(rule, subject, shown, bench.label, Status.PASS, f"Health answered after {waited:.1f} s")


def _not_listening(ended: ProcessResult, *, running: bool) -> tuple[Status, str]:
    driver = next((w for w in re.findall(r"[\w.+-]+\.so[\w.]*", ended.output) if is_driver(w)), "")
    if driver and not running:
        return Status.UNKNOWN, f"needs the device driver's {driver}, which this root does not have"
    if ended.illegal_instruction:
        return Status.FAIL, f"illegal instruction (SIGILL): {ended.summary()}"
    if running:
        return Status.FAIL, f"no port after {START_TIMEOUT:.0f} s; last output: {ended.last_line()}"
    return Status.FAIL, ended.summary()

"""The opt-in proofs: run the package for real, in another root or on another CPU (PKG701-704).

Each proof names its command, its environment and its result. One that could not run is unknown:
the caller ends with exit status 3.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from newbackend.findings import CheckResult, Finding, Status
from newbackend.package.archive.tree import write_tree
from newbackend.package.hostlibs import is_driver
from newbackend.package.model import Package
from newbackend.package.options import Layout
from newbackend.package.proofs.cpu import cpu_proof
from newbackend.package.proofs.hostshell import HostShell, build_shell
from newbackend.package.proofs.process import ProcessResult, run_once
from newbackend.package.proofs.sandbox import PACKAGE, environment, find_sandbox
from newbackend.package.proofs.server import Proof, ProofEnvironment, library_path, serve
from newbackend.package.rules.base import RULES_BY_ID, printable
from newbackend.package.script.runscript import NAME

RUN_TIMEOUT = 120.0
_TRACED = re.compile(r"^\s*(\S+)(?: => (\S.*?))?(?: \(0x[0-9a-f]+\))?$")


def run_proofs(package: Package, path: Path) -> tuple[Proof, ...]:
    """The proofs that the options ask for, in rule order; empty when none was asked for."""
    options = package.options
    if not (options.smoke or options.run or options.run_root or options.cpu_run):
        return ()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newbackend-proof-")))
        disk = path.resolve()
        if not path.is_dir() or package.layout is Layout.HOST_LIBC or NAME not in package.tree.entries:
            disk = scratch / "package"
            disk.mkdir()
            write_tree(package.tree, disk)
        return tuple(_proofs(package, disk, scratch))


def _proofs(package: Package, disk: Path, scratch: Path) -> Iterator[Proof]:
    options = package.options
    sandbox = find_sandbox()
    wanted = "PKG703" if options.run_root else "PKG702"
    if isinstance(sandbox, str):
        if options.smoke or options.run or options.run_root:
            yield Proof(wanted, NAME, "", "this host", Status.UNKNOWN, sandbox)
        if options.cpu_run:
            yield Proof("PKG704", NAME, "", "this host", Status.UNKNOWN, sandbox)
        return
    shell = build_shell(scratch / "shell")
    root = options.run_root
    if root is None and package.layout is Layout.HOST_LIBC:
        root = Path("/")  # this layout is made of the host's libc: an empty root would only prove that
    bench = ProofEnvironment(package, disk, sandbox, shell if isinstance(shell, HostShell) else None, scratch, root)
    if root is not None and sandbox.kind != "bwrap":
        yield Proof(wanted, NAME, "", "this host", Status.UNKNOWN, "running in an existing root needs bubblewrap")
    elif root is not None and not (root / "tmp").is_dir():
        yield Proof(wanted, NAME, "", str(root), Status.UNKNOWN, f"{root} is no root file system (no tmp directory)")
    else:
        if options.smoke and root is None and package.loader:
            yield from _list_proofs(bench)
        if options.smoke or (options.run_root and not options.run):
            yield _smoke(bench, wanted, shell)
        if options.run:
            yield _command(bench, wanted, options.run, shell)
    if options.cpu_run:
        yield cpu_proof(bench, options.cpu_run)


def _list_proofs(bench: ProofEnvironment) -> Iterator[Proof]:
    """The bundled loader lists what each started program loads. The environment form goes on after a
    missing driver library, `--list` does not (contract 5.6)."""
    package = bench.package
    for root in (r for r in package.roots if r.line and package.elves[r.path].dynamic):
        command = [f"{PACKAGE}/{package.loader}", *library_path(bench), f"{PACKAGE}/{root.path}"]
        words, extra = [command[0], "--list", *command[1:]], dict[str, str]()
        if bench.shell is not None:
            # Set inside: in the sandbox's own environment it would make the sandbox tool list itself.
            traced = 'LD_TRACE_LOADED_OBJECTS=1 exec "$@"'
            words, extra = [*bench.shell.argv, "-c", traced, "list", *command], bench.shell.environment
        ended = run_once(bench.argv(words), environment(extra), RUN_TIMEOUT)
        status, result = _judge_list(ended)
        shown = shlex.join([command[0], "--list", *command[1:]])
        yield Proof("PKG701", root.path, shown, bench.label, status, result)


def _judge_list(ended: ProcessResult) -> tuple[Status, str]:
    outside, absent = [], []
    lines = [m for line in ended.output.splitlines() if (m := _TRACED.match(line))]
    for match in lines:
        name, where = match[1], match[2] or match[1]
        if where == "not found":
            if not is_driver(name):
                absent.append(name)
        elif not name.startswith("linux-vdso") and not where.startswith(PACKAGE) and "/" in where:
            outside.append(f"{name} => {where}")
    if absent or outside:
        return Status.FAIL, "; ".join([f"{n} not found" for n in absent] + outside)
    if ended.status or not lines:
        return Status.FAIL, ended.summary()
    return Status.PASS, f"{len(lines)} libraries, all inside the package"


def _start_words(bench: ProofEnvironment, shell: HostShell | str) -> tuple[list[str], dict[str, str]] | str:
    """How to start run.sh: by its shebang where the root has a bash, through the taken-along shell else."""
    if bench.root is not None:
        return [f"{bench.place}/{NAME}"], {}
    if isinstance(shell, str):
        return shell
    return [*shell.argv, f"{bench.place}/{NAME}"], dict(shell.environment)


def _smoke(bench: ProofEnvironment, rule: str, shell: HostShell | str) -> Proof:
    start = _start_words(bench, shell)
    if isinstance(start, str):
        return Proof(rule, NAME, "", bench.label, Status.UNKNOWN, start)
    if bench.package.run is None:
        return Proof(rule, NAME, "", bench.label, Status.FAIL, "there is no run.sh to start")
    words, extra = start
    return serve(bench, rule, NAME, words, extra, ())


def _command(bench: ProofEnvironment, rule: str, text: str, shell: HostShell | str) -> Proof:
    """The caller's command, in the package's directory; exit status 0 passes."""
    if bench.root is None and isinstance(shell, str):
        return Proof(rule, text, text, bench.label, Status.UNKNOWN, shell)
    words = ["/bin/sh", "-c", text]
    extra: Mapping[str, str] = {}
    if bench.root is None and isinstance(shell, HostShell):
        words, extra = [*shell.argv, "-c", text], shell.environment
    ended = run_once(bench.argv(words), environment(extra), RUN_TIMEOUT)
    status = Status.FAIL if ended.status else Status.PASS
    return Proof(rule, text, text, bench.label, status, ended.summary())


def as_findings(proofs: Sequence[Proof]) -> Iterator[Finding]:
    """Failed and unknown proofs as findings."""
    for proof in proofs:
        if proof.status in (Status.FAIL, Status.UNKNOWN):
            head = f"`{proof.command}` in {proof.environment}: " if proof.command else ""
            yield Finding(
                RULES_BY_ID[proof.rule], proof.subject, NAME, 1, printable(head + proof.result), status=proof.status
            )


def as_checked(proofs: Sequence[Proof]) -> Iterator[CheckResult]:
    """Passed proofs with their line, and proofs nobody asked for."""
    for proof in proofs:
        if proof.status is Status.PASS:
            reason = printable(f"`{proof.command}` in {proof.environment}: {proof.result}")
            yield CheckResult(RULES_BY_ID[proof.rule], Status.PASS, reason=reason)
    done = {proof.rule for proof in proofs}
    for rule in ("PKG701", "PKG702", "PKG703", "PKG704"):
        if rule not in done:
            yield CheckResult(RULES_BY_ID[rule], Status.SKIPPED, reason="not asked for")


def not_covered(package: Package, proofs: Sequence[Proof]) -> Iterator[str]:
    """What this run says nothing about; every report ends with it."""
    tests: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: not any(p.rule in ("PKG702", "PKG703") and p.status is Status.PASS for p in proofs),
         "whether it starts: no run proof passed (--smoke)"),
        (lambda: package.options.cpu_floor is None, "CPU instructions: not scanned (--cpu-floor)"),
        (lambda: package.options.cpu_floor is not None, "which of the scanned instructions will run"),
    )  # fmt: skip
    yield from (text for test, text in tests if test())
    yield "libraries loaded by name during inference"
    yield "device (GPU) code"

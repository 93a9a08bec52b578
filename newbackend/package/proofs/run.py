"""Runs the requested proofs in a sandbox and reports them as findings and results.

Each proof names its command, its environment and its result. One that could not run is unknown: the
caller ends with exit status 3.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from newbackend.findings import CheckResult, Finding, Rule, Status
from newbackend.package.archive import write_tree
from newbackend.package.model import Package
from newbackend.package.options import Layout, PackageOptions
from newbackend.package.proofs.cpu import PROOF_CPU
from newbackend.package.proofs.environment import Proof, ProofEnvironment
from newbackend.package.proofs.registry import PROOFS
from newbackend.package.proofs.start import PROOF_RUN, PROOF_RUN_ROOT
from newbackend.package.sandbox import build_shell, ended_by_signals, find_sandbox
from newbackend.package.script import RUN_SH
from newbackend.sanitize import printable_name


def run_proofs(package: Package, path: Path) -> tuple[Proof, ...]:
    """The proofs that the options ask for, in rule order; empty when none was asked for."""
    if not _asked_for(package.options):
        return ()
    with ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newbackend-proof-")))
        disk = path.resolve()
        if not path.is_dir() or package.layout is Layout.HOST_LIBC or RUN_SH not in package.tree.entries:
            disk = scratch / "package"
            disk.mkdir()
            write_tree(package.tree, disk)
        return tuple(_run(package, disk, scratch))


def _asked_for(options: PackageOptions) -> list[Rule]:
    rules = (
        [PROOF_RUN_ROOT if options.run_root else PROOF_RUN] if options.smoke or options.run or options.run_root else []
    )
    return [*rules, PROOF_CPU] if options.cpu_run else rules


def _run(package: Package, disk: Path, scratch: Path) -> Iterator[Proof]:
    sandbox = find_sandbox()
    if isinstance(sandbox, str):
        for rule in _asked_for(package.options):
            yield Proof(rule, RUN_SH, "", "this host", Status.UNKNOWN, sandbox)
        return
    root = package.options.run_root
    if root is None and package.layout is Layout.HOST_LIBC:
        root = Path("/")  # this layout needs the host's libc: it never starts in an empty root
    if root is not None and sandbox.kind != "bwrap":
        reason = "running in an existing root needs bubblewrap"
        for rule in _asked_for(package.options):
            yield Proof(rule, RUN_SH, "", "this host", Status.UNKNOWN, reason)
        return
    env = ProofEnvironment(package, disk, sandbox, build_shell(scratch / "shell"), scratch, root)
    for check in sorted(PROOFS.checks, key=lambda c: c.rules[0].id):
        yield from check.run(env)


def as_findings(proofs: Sequence[Proof]) -> Iterator[Finding]:
    """Failed and unknown proofs as findings."""
    for proof in proofs:
        if proof.status in (Status.FAIL, Status.UNKNOWN):
            command = f"`{proof.command}` in {proof.environment}: " if proof.command else ""
            message = printable_name(command + proof.result)
            yield Finding(proof.rule, proof.subject, RUN_SH, 1, message, status=proof.status)


def as_results(proofs: Sequence[Proof]) -> Iterator[CheckResult]:
    """Passed proofs with their line, and proofs that were not asked for."""
    for proof in proofs:
        if proof.status is Status.PASS:
            reason = printable_name(f"`{proof.command}` in {proof.environment}: {proof.result}")
            yield CheckResult(proof.rule, Status.PASS, reason=reason)
    done = {proof.rule.id for proof in proofs}
    for rule in PROOFS.rules.values():
        if rule.id not in done:
            yield CheckResult(rule, Status.SKIPPED, reason="not asked for")


def not_covered(package: Package, proofs: Sequence[Proof]) -> Iterator[str]:
    """What this run does not cover; every report ends with it."""
    if not any(p.rule in (PROOF_RUN, PROOF_RUN_ROOT) and p.status is Status.PASS for p in proofs):
        yield "whether it starts: no run proof passed (--smoke)"
    if package.options.cpu_floor is None:
        yield "CPU instructions: not scanned (--cpu-floor)"
    else:
        yield "which of the scanned instructions will run"
    yield "libraries loaded by name during inference"
    yield "device (GPU) code"

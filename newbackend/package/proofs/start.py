"""PKG702, PKG703: run.sh starts and answers, in an empty root or in the root of an old distribution."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from newbackend.findings import Rule, Severity, Status
from newbackend.package.proofs.environment import Proof, ProofEnvironment
from newbackend.package.proofs.registry import check, rule
from newbackend.package.proofs.server import serve
from newbackend.package.sandbox import RUN_TIMEOUT, Bind, environment, run_once
from newbackend.package.script import RUN_SH

PROOF_RUN = rule(
    "PKG702",
    "proof-run",
    Severity.ERROR,
    what="Proof: run.sh starts in an empty root, opens its port and answers gRPC Health.",
    why="What a user's host does first; nothing of the build machine is visible.",
    how="Read the last lines of its output in the message.",
)


@check(PROOF_RUN)
def run_in_an_empty_root(env: ProofEnvironment) -> Iterator[Proof]:
    """run.sh and the caller's command, unless --run-root names another root."""
    if env.package.options.run_root is None:
        yield from _run(env, PROOF_RUN)


PROOF_RUN_ROOT = rule(
    "PKG703",
    "proof-run-root",
    Severity.ERROR,
    what="Proof: the same inside the root of an old distribution.",
    why="The only proof of a floor for packages that use the host's libc.",
    how="Read the last lines of its output in the message.",
)


@check(PROOF_RUN_ROOT)
def run_in_an_old_root(env: ProofEnvironment) -> Iterator[Proof]:
    """The same in the root that --run-root names."""
    if env.package.options.run_root is not None:
        yield from _run(env, PROOF_RUN_ROOT)


def _run(env: ProofEnvironment, rule: Rule) -> Iterator[Proof]:
    options, root = env.package.options, env.root
    if root is not None and (lacking := _lacking(root)):
        reason = f"{root} is no root file system that can be used: no directory {lacking} to mount on"
        yield Proof(rule, RUN_SH, "", str(root), Status.UNKNOWN, reason)
        return
    if options.smoke or (options.run_root and not options.run):
        yield _smoke(env, rule)
    if options.run:
        yield _command(env, rule, options.run)


def _lacking(root: Path) -> str:
    """The first directory that a root must have for a mount; `debootstrap --foreign` leaves /proc as a link."""
    places = [root / name for name in ("tmp", "proc", "dev")]
    return next((f"/{place.name}" for place in places if place.is_symlink() or not place.is_dir()), "")


def _smoke(env: ProofEnvironment, rule: Rule) -> Proof:
    """run.sh as LocalAI starts it: by the kernel, from its own directory; LocalAI repairs a missing execute bit on
    run.sh, and on nothing else (pkg/model/process.go)."""
    if env.root is None and isinstance(env.shell, str):
        return Proof(rule, RUN_SH, "", env.label, Status.UNKNOWN, env.shell)
    run = env.package.run
    if run is None:
        return Proof(rule, RUN_SH, "", env.label, Status.FAIL, "there is no run.sh to start")
    if not run.shebang:
        # The sandbox tool would try a shell; LocalAI does not.
        return Proof(rule, RUN_SH, "", env.label, Status.FAIL, "exec format error: run.sh does not start with #!")
    binds = []
    if not run.entry.executable:
        repaired = env.scratch / RUN_SH
        repaired.write_bytes(run.entry.view())
        repaired.chmod(0o755)
        binds = [Bind(repaired, f"{env.place}/{RUN_SH}")]
    return serve(env, rule, RUN_SH, [f"{env.place}/{RUN_SH}"], {}, binds)


def _command(env: ProofEnvironment, rule: Rule, text: str) -> Proof:
    """The caller's command, in the package's directory; exit status 0 passes."""
    if env.root is None and isinstance(env.shell, str):
        return Proof(rule, text, text, env.label, Status.UNKNOWN, env.shell)
    result = run_once(env.argv(["/bin/sh", "-c", text]), environment(), RUN_TIMEOUT)
    status = Status.FAIL if result.status else Status.PASS
    return Proof(rule, text, text, env.label, status, result.summary())

"""PKG701: the bundled loader lists what each started program loads."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from newbackend.findings import Severity, Status
from newbackend.package.libraries import is_driver
from newbackend.package.proofs.environment import Proof, ProofEnvironment
from newbackend.package.proofs.registry import check, rule
from newbackend.package.sandbox import PACKAGE, RUN_TIMEOUT, HostShell, ProcessResult, environment, run_once

_TRACED = re.compile(r"^\s*(\S+)(?: => (\S.*?))?(?: \(0x[0-9a-f]+\))?$")

PROOF_LIST = rule(
    "PKG701",
    "proof-list",
    Severity.ERROR,
    what="Proof: the bundled loader, alone in an empty root, finds every library inside the package.",
    why="It is the loader itself that answers, not a model of it.",
    how="See the libraries it names; they are missing or point outside.",
)


@check(PROOF_LIST)
def list_libraries(env: ProofEnvironment) -> Iterator[Proof]:
    """One proof for each dynamic program that run.sh starts.

    The environment form of the loader goes on after a missing driver library, `--list` does not.
    """
    package = env.package
    if not package.options.smoke or env.root is not None or not package.loader:
        return
    for root in (r for r in package.roots if r.line and package.elves[r.path].dynamic):
        command = [f"{PACKAGE}/{package.loader}", *env.library_path, f"{PACKAGE}/{root.path}"]
        shown = words = [command[0], "--list", *command[1:]]
        if isinstance(env.shell, HostShell):
            # Set inside: in the sandbox's own environment it would make the sandbox tool list itself.
            traced = 'LD_TRACE_LOADED_OBJECTS=1 exec "$@"'
            words = ["/bin/bash", "-c", traced, "list", *command]
        status, result = _judge(run_once(env.argv(words), environment(), RUN_TIMEOUT))
        yield Proof(PROOF_LIST, root.path, shlex.join(shown), env.label, status, result)


def _judge(result: ProcessResult) -> tuple[Status, str]:
    outside, absent = [], []
    lines = [m for line in result.output.splitlines() if (m := _TRACED.match(line))]
    for match in lines:
        name, where = match[1], match[2] or match[1]
        if where == "not found":
            if not is_driver(name):
                absent.append(name)
        elif not name.startswith("linux-vdso") and not where.startswith(PACKAGE) and "/" in where:
            outside.append(f"{name} => {where}")
    if absent or outside:
        return Status.FAIL, "; ".join([f"{n} not found" for n in absent] + outside)
    if result.status or not lines:
        return Status.FAIL, result.summary()
    return Status.PASS, f"{len(lines)} libraries, all inside the package"

"""Starting a package's server for a proof: its port must open, then gRPC Health must answer."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from newbackend.findings import Rule, Status
from newbackend.package.libraries import is_driver
from newbackend.package.proofs.environment import Proof, ProofEnvironment
from newbackend.package.sandbox import Bind, ProcessResult, Server, environment

# LocalAI calls Health 20 times, 2 s apart (pkg/model/loader_options.go).
START_TIMEOUT = 40.0
HEALTH = "/backend.Backend/Health"  # backend/backend.proto
HEALTH_TIMEOUT = 10.0
CLIENT_START = 20.0
PORT = 50051  # any: the network is the sandbox's own
_LISTEN = "0A"
_CLIENT = Path(__file__).with_name("_health.py")


def serve(
    env: ProofEnvironment,
    rule: Rule,
    subject: str,
    words: Sequence[str],
    variables: Mapping[str, str],
    binds: Sequence[Bind] = (),
) -> Proof:
    """Start a server, wait for its port, call Health."""
    port = PORT
    command = [*words, "--addr", f"127.0.0.1:{port}"]

    def proof(status: Status, result: str) -> Proof:
        return Proof(rule, subject, shlex.join(command), env.label, status, result)

    with Server(env.argv(command, variables, binds), environment()) as server:
        started = time.monotonic()
        while time.monotonic() - started < START_TIMEOUT and server.running and not _listener(server.pid, port):
            time.sleep(0.02)
        waited = time.monotonic() - started
        inside = _listener(server.pid, port)
        if inside is None:
            return proof(*_not_listening(server.stop(), running=waited >= START_TIMEOUT))
        status, result = _health(inside, port)
        return proof(status, f"{result} after {waited:.1f} s" if status is Status.PASS else result)


def _not_listening(result: ProcessResult, *, running: bool) -> tuple[Status, str]:
    driver = next((w for w in re.findall(r"[\w.+-]+\.so[\w.]*", result.output) if is_driver(w)), "")
    if driver and not running:
        return Status.UNKNOWN, f"needs the device driver's {driver}, which this root does not have"
    if result.flooded:
        return Status.FAIL, result.summary()
    if result.illegal_instruction:
        return Status.FAIL, f"illegal instruction (SIGILL): {result.summary()}"
    if running:
        return Status.FAIL, f"no port after {START_TIMEOUT:.0f} s; last output: {result.last_line()}"
    return Status.FAIL, result.summary()


def _listener(sandbox: int, port: int) -> int | None:
    """A process in the sandbox's own network when the port is open there; None when it is not."""
    inside = _inside(sandbox)
    return inside if inside is not None and _is_listening(inside, port) else None


def _inside(sandbox: int) -> int | None:
    """The sandbox tool or its first child, whichever has a network of its own; None while neither has."""
    try:
        ours = Path("/proc/self/ns/net").readlink()
        children = Path(f"/proc/{sandbox}/task/{sandbox}/children").read_text("ascii").split()
        for process in (sandbox, *map(int, children)):
            if Path(f"/proc/{process}/ns/net").readlink() != ours:
                return process
    except OSError:
        pass
    return None


def _is_listening(process: int, port: int) -> bool:
    """Whether the port is open in the network of `process`, read from the kernel: a connection would be a request."""
    ending = f":{port:04X}"
    for table in ("tcp", "tcp6"):
        try:
            rows = Path(f"/proc/{process}/net/{table}").read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if len(fields) > 3 and fields[1].endswith(ending) and fields[3] == _LISTEN:
                return True
    return False


def _health(inside: int, port: int) -> tuple[Status, str]:
    """The outcome of one call of Health, made from the network of the process `inside`."""
    if find_spec("grpc") is None:
        return Status.UNKNOWN, "the port opened; Health was not called: install newbackend[smoke] (grpcio)"
    argv = [sys.executable, "-P", str(_CLIENT), str(inside), str(port), HEALTH, str(HEALTH_TIMEOUT)]
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/",
            timeout=HEALTH_TIMEOUT + CLIENT_START, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as err:
        return Status.UNKNOWN, f"the port opened; Health could not be called: {err}"
    words = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0:
        return Status.PASS, "Health answered"
    if done.returncode == 1 and words:
        return Status.FAIL, f"the port opened, Health failed: {words}"
    reason = words or f"the client ended with status {done.returncode}"
    return Status.UNKNOWN, f"the port opened; Health could not be called in the sandbox's network: {reason}"

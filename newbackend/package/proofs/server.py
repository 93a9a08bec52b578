"""Starting a package's server for a proof: its port must open, then gRPC Health must answer."""

from __future__ import annotations

import re
import shlex
import socket
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from newbackend.findings import Rule, Status
from newbackend.package.libraries import is_driver
from newbackend.package.proofs.environment import Proof, ProofEnvironment
from newbackend.package.proofs.process import ProcessResult, Server
from newbackend.package.proofs.sandbox import Bind, environment

# LocalAI calls Health 20 times, 2 s apart (pkg/model/loader_options.go).
START_TIMEOUT = 40.0
HEALTH = "/backend.Backend/Health"  # backend/backend.proto
HEALTH_TIMEOUT = 10.0
_LISTEN = "0A"


def serve(
    env: ProofEnvironment,
    rule: Rule,
    subject: str,
    words: Sequence[str],
    variables: Mapping[str, str],
    binds: Sequence[Bind] = (),
) -> Proof:
    """Start a server, wait for its port, call Health."""
    port = _free_port()
    command = [*words, "--addr", f"127.0.0.1:{port}"]

    def proof(status: Status, result: str) -> Proof:
        return Proof(rule, subject, shlex.join(command), env.label, status, result)

    with Server(env.argv(command, binds), environment(variables)) as server:
        started = time.monotonic()
        while time.monotonic() - started < START_TIMEOUT and server.running and not _is_listening(port):
            time.sleep(0.02)
        waited = time.monotonic() - started
        if not _is_listening(port):
            return proof(*_not_listening(server.stop(), running=waited >= START_TIMEOUT))
        problem = _health(port)
        if problem is None:
            return proof(Status.UNKNOWN, "the port opened; Health was not called: install newbackend[smoke] (grpcio)")
        if problem:
            return proof(Status.FAIL, f"the port opened, Health failed: {problem}")
        return proof(Status.PASS, f"Health answered after {waited:.1f} s")


def _not_listening(result: ProcessResult, *, running: bool) -> tuple[Status, str]:
    driver = next((w for w in re.findall(r"[\w.+-]+\.so[\w.]*", result.output) if is_driver(w)), "")
    if driver and not running:
        return Status.UNKNOWN, f"needs the device driver's {driver}, which this root does not have"
    if result.illegal_instruction:
        return Status.FAIL, f"illegal instruction (SIGILL): {result.summary()}"
    if running:
        return Status.FAIL, f"no port after {START_TIMEOUT:.0f} s; last output: {result.last_line()}"
    return Status.FAIL, result.summary()


def _free_port() -> int:
    """A TCP port of the loopback interface that is not in use now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_listening(port: int) -> bool:
    """Whether some process listens on the port, read from the kernel: a connection would be a request."""
    ending = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if len(fields) > 3 and fields[1].endswith(ending) and fields[3] == _LISTEN:
                return True
    return False


def _health(port: int) -> str | None:
    """What is wrong with the answer to Health: "" when nothing is; None when grpcio is not installed."""
    try:
        grpc = import_module("grpc")
    except ImportError:
        return None
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        # HealthMessage is empty, and Reply is not read, so no generated code is needed.
        call = channel.unary_unary(HEALTH, request_serializer=bytes, response_deserializer=bytes)
        try:
            call(b"", timeout=HEALTH_TIMEOUT, wait_for_ready=True)
        except grpc.RpcError as err:
            return f"{err.code().name}: {err.details()}"
    return ""

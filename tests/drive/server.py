"""Starts a backend's run.sh the way LocalAI and its test suite do, and watches it end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import grpc

from .wire import Client, Proto

# LocalAI's tests/e2e-backends/backend_test.go waits 30 seconds for the port.
START_SECONDS = 30.0
POLL_SECONDS = 0.05

# Starts the command that follows, says its process id and waits to be killed.
_WRAPPER = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"


class StartError(Exception):
    """The backend did not answer Health in time; the message ends with what it printed."""


@dataclass(frozen=True)
class Server:
    """A backend that answers: its address, its process id, and what it prints."""

    address: str
    pid: int
    log: Path


def free_address() -> str:
    """A loopback address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def port_is_open(address: str) -> bool:
    """Whether something accepts connections."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def poll(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether a condition becomes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def ended(pid: int) -> bool:
    """Whether a process is gone. A zombie is: in a container nobody may be there to collect it."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without LocalAI's own variables, plus `extra`."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("LOCALAI_")}
    return ours | dict(extra)


def _wait_until_healthy(server: Server, proto: Proto, token: str) -> None:
    """Polls Health, as LocalAI's pkg/model/initializers.go does. Raises StartError."""
    # A channel that was refused once waits a second before it tries again; the port is cheaper to ask.
    poll(lambda: ended(server.pid) or port_is_open(server.address), START_SECONDS)
    client = Client(proto, server.address, token=token)

    def healthy() -> bool:
        try:
            client.call("Health", seconds=1)
        except grpc.RpcError:
            return ended(server.pid)
        return True

    try:
        answered = poll(healthy, START_SECONDS)
    finally:
        client.close()
    if not answered or ended(server.pid):
        tail = server.log.read_text(encoding="utf-8", errors="replace")[-1000:]
        raise StartError(f"no answer from Health on {server.address}; it printed: {tail.strip()}")


def _kill_group(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Ends everything that one start has left behind."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def started(
    run_sh: Path, proto: Proto, cwd: Path, *, joined: bool, env: Mapping[str, str], token: str = ""
) -> Iterator[tuple[Server, subprocess.Popen[bytes]]]:
    """Runs `run.sh --addr A`, or `--addr=A` when joined, from a foreign directory until it answers."""
    address = free_address()
    arguments = [f"--addr={address}"] if joined else ["--addr", address]
    log = cwd / f"server-{address.rpartition(':')[2]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(run_sh), *arguments],
            cwd=cwd,
            env=environment(env),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        server = Server(address, process.pid, log)
        _wait_until_healthy(server, proto, token)
        yield server, process
    finally:
        _kill_group(process)


@contextmanager
def started_by_wrapper(
    run_sh: Path, proto: Proto, cwd: Path, *, env: Mapping[str, str]
) -> Iterator[tuple[Server, subprocess.Popen[str]]]:
    """The same below a parent of its own; yields the server and that parent."""
    address = free_address()
    log = cwd / f"server-{address.rpartition(':')[2]}.log"
    with log.open("wb") as output:
        wrapper = subprocess.Popen(
            [sys.executable, "-c", _WRAPPER, str(run_sh), "--addr", address],
            cwd=cwd,
            env=environment(env),
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    try:
        assert wrapper.stdout is not None
        server = Server(address, int(wrapper.stdout.readline()), log)
        _wait_until_healthy(server, proto, "")
        yield server, wrapper
    finally:
        _kill_group(wrapper)
        if wrapper.stdout is not None:
            wrapper.stdout.close()

"""Is the backend there? A listening port, then the gRPC Health call that LocalAI makes (contract 1.1, 1.5)."""

from __future__ import annotations

import socket
from importlib import import_module
from pathlib import Path

HEALTH = "/backend.Backend/Health"
HEALTH_TIMEOUT = 10.0
_LISTEN = "0A"


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    """Whether some process listens on the port, read from the kernel: a connection would be a request."""
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            if len(fields) > 3 and fields[1].endswith(wanted) and fields[3] == _LISTEN:
                return True
    return False


def health(port: int) -> str | None:
    """The answer to Health: "" when it is good, else what went wrong; None when grpcio is not installed."""
    try:
        grpc = import_module("grpc")
    except ImportError:
        return None
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        # HealthMessage is empty, and Reply is only looked at, so no generated code is needed.
        call = channel.unary_unary(HEALTH, request_serializer=bytes, response_deserializer=bytes)
        try:
            call(b"", timeout=HEALTH_TIMEOUT, wait_for_ready=True)
        except grpc.RpcError as err:
            return f"{err.code().name}: {err.details()}"
    return ""

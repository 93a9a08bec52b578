"""Run as a script: call gRPC Health from inside the network of a sandbox, which has loopback only.

A process of its own, because a user namespace is entered by a process with one thread. It keeps its own root.
Arguments: process id in the sandbox, port, method, seconds. Exit status 0: answered, 1: did not answer as it
should, 2: the network could not be entered; one line of output says why.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import sys
from importlib import import_module

NS_GET_USERNS = 0xB701  # linux/nsfs.h
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def enter(process: str) -> None:
    """Enter the network of `process`; raises OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    network = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
    owner = fcntl.ioctl(network, NS_GET_USERNS)
    spaces = [(network, CLONE_NEWNET)]
    if not os.path.samestat(os.fstat(owner), os.stat("/proc/self/ns/user")):  # noqa: PTH116 - a link to no path
        spaces.insert(0, (owner, CLONE_NEWUSER))
    for descriptor, kind in spaces:
        if libc.setns(descriptor, kind):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def health(port: str, method: str, seconds: float) -> str:
    """What is wrong with the answer; empty when nothing is."""
    grpc = import_module("grpc")  # after entering: it starts threads
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
        # HealthMessage is empty, and Reply is not read, so no generated code is needed.
        call = channel.unary_unary(method, request_serializer=bytes, response_deserializer=bytes)
        try:
            call(b"", timeout=seconds, wait_for_ready=True)
        except grpc.RpcError as err:
            return f"{err.code().name}: {err.details()}"
    return ""


def main(process: str, port: str, method: str, seconds: str) -> int:
    """Enter and call."""
    try:
        enter(process)
    except OSError as err:
        print(err.strerror)
        return 2
    problem = health(port, method, float(seconds))
    print(problem[:300])
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

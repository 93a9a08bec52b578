"""A root of its own in which a package runs, or stand-ins for it: the ways in, a shell there, and a child's limits."""

from newbackend.package.sandbox.hostshell import HostShell, build_shell
from newbackend.package.sandbox.process import (
    MAX_OUTPUT,
    RUN_TIMEOUT,
    TAIL,
    ProcessResult,
    Server,
    ended_by_signals,
    run_once,
)
from newbackend.package.sandbox.roots import (
    PACKAGE,
    Bind,
    Sandbox,
    environment,
    find_sandbox,
    is_host_root,
    stage_root,
)

__all__ = [
    "MAX_OUTPUT",
    "PACKAGE",
    "RUN_TIMEOUT",
    "TAIL",
    "Bind",
    "HostShell",
    "ProcessResult",
    "Sandbox",
    "Server",
    "build_shell",
    "ended_by_signals",
    "environment",
    "find_sandbox",
    "is_host_root",
    "run_once",
    "stage_root",
]

"""Code run in a child process with little memory and CPU time: what a hostile package may cost."""

from __future__ import annotations

import resource
import subprocess
import sys

MEMORY = 400 << 20
SECONDS = 20


def run_limited(code: str, *arguments: str, memory: int = MEMORY, seconds: int = SECONDS) -> str:
    """The output of Python code that gets `memory` bytes and `seconds` of CPU time; fails when it needs more."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout

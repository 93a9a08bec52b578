"""Runs the installed command as a user does: a process, its streams, its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """What a run said and how it ended."""

    status: int
    out: str
    err: str

    def error(self) -> str:
        """The one sentence of a failed run; fails on a traceback or on more than one line."""
        assert "Traceback" not in self.err, self.err
        lines = self.err.strip().splitlines()
        assert lines, "nothing was said"
        assert lines[-1].startswith("newbackend: "), self.err
        return lines[-1]


def newbackend(*words: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Result:
    """`newbackend WORDS...` with no terminal."""
    command = [sys.executable, "-m", "newbackend", *map(str, words)]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **(env or {})},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def create_python(root: Path, name: str) -> None:
    """A generated Python backend with a CPU build in a checkout, by the command."""
    words = ["create", name, "--lang", "python", "--variants", "cpu", "--no-input", "--yes", "--repo", str(root)]
    made = newbackend(*words)
    assert made.status == 0, made.err

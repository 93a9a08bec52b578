"""Runs the installed command as a user does: a process, its streams, its exit status."""

from __future__ import annotations

import json
import math
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import pytest
from cli.warm import REPLY

from newbackend.cli.main import main


@dataclass(frozen=True)
class Result:
    """What a run said, how it ended, and its seconds of processor time (NaN where nobody counted)."""

    status: int
    out: str
    err: str
    seconds: float = math.nan

    def error(self) -> str:
        """The one sentence of a failed run; fails on a traceback or on more than one line."""
        assert "Traceback" not in self.err, self.err
        lines = self.err.strip().splitlines()
        assert lines, "nothing was said"
        assert lines[-1].startswith("newbackend: "), self.err
        return lines[-1]


def newbackend(*words: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Result:
    """`newbackend WORDS...` with no terminal, in a process of its own."""
    whole = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), **(env or {})}
    if any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env or {}):  # read when an interpreter starts
        command = [sys.executable, "-m", "newbackend", *map(str, words)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=cwd, env=whole, stdin=subprocess.DEVNULL, check=False
        )
        return Result(done.returncode, done.stdout, done.stderr)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        request = {"words": [str(word) for word in words], "cwd": str(cwd or Path.cwd()), "env": whole}
        status, seconds = warm().ask(request, out.fileno(), err.fileno())
        return Result(status, _text(out), _text(err), seconds)


class Warm:
    """The process that forks for each run (`cli.warm`), with the environment's own start-up behind it."""

    def __init__(self) -> None:
        ours, its = socket.socketpair()
        self._connection, self._lock = ours, threading.Lock()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("warm.py")), str(its.fileno())],
                pass_fds=(its.fileno(),),
                stdin=subprocess.DEVNULL,
            )

    def ask(self, request: Mapping[str, Any], *files: int) -> tuple[int, float]:
        """The answer to a request (`cli.warm`)."""
        text = json.dumps(request).encode()
        with self._lock:
            self._connection.sendall(len(text).to_bytes(4, "big"))
            socket.send_fds(self._connection, [b"\0"], files)
            self._connection.sendall(text)
            reply = self._connection.recv(struct.calcsize(REPLY), socket.MSG_WAITALL)
        assert reply, "the process that runs the command has ended"
        status, seconds = struct.unpack(REPLY, reply)
        return status, seconds


@cache
def warm() -> Warm:
    """The process of this worker."""
    return Warm()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def in_process(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Status, output and errors of `newbackend WORDS...`, run in this process."""
    with pytest.raises(SystemExit) as stopped:
        main(list(words))
    said = capsys.readouterr()
    return int(stopped.value.code or 0), said.out, said.err


def create_python(root: Path, name: str, *more: str) -> None:
    """A generated Python backend with a CPU build in a checkout, by the command; `more` are further words of it."""
    words = ["create", name, "--lang", "python", "--variants", "cpu", "--no-input", "--yes", "--repo", str(root)]
    made = newbackend(*words, *more)
    assert made.status == 0, made.err

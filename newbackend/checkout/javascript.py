"""JavaScript in a child process, which can always be stopped.

QuickJS has a time limit, but checks the clock only between the steps of a script: not inside some loops of its library,
and not while it formats a thrown object. A memory limit does not help against a crash. So the engine runs in a child
process that is killed when it takes too long. Forking takes 3 ms; a new interpreter would take 10 ms. The child only
reads, evaluates and writes.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
import weakref
from typing import Any

SECONDS = 2.0
MEMORY_BYTES = 64 * 1024 * 1024
_SIZE = 8


class ScriptFailed(Exception):
    """A script threw, took too long or crashed the engine. The message is the reason."""


class Engine:
    """One JavaScript context in a child process. Raises ImportError when quickjs-ng is not installed."""

    def __init__(self) -> None:
        import _quickjs  # type: ignore[import-not-found]  # the wrapper imports a thread pool

        self._failures: dict[str, str] = {}
        self._stopped = ""
        asked, self._ask = os.pipe()
        self._answers, answer = os.pipe()
        pid = os.fork()
        if pid == 0:
            _serve(_quickjs, asked, answer)
        os.close(asked)
        os.close(answer)
        self._end = weakref.finalize(self, _end, os.getpid(), pid, self._ask, self._answers)

    def evaluate(self, script: str) -> str:
        """A script's value as text. A script that failed is not run again, and after the engine had to be
        stopped every script fails at once. Raises ScriptFailed."""
        if script in self._failures:
            raise ScriptFailed(self._failures[script])
        if not self._stopped:
            try:
                fine, text = self._asked(script.encode("utf-8", "replace"), time.monotonic() + SECONDS)
                if fine:
                    return text
                self._failures[script] = (text.strip().splitlines() or ["no message"])[0]
                raise ScriptFailed(self._failures[script])
            except TimeoutError:
                self._stopped = f"it did not end within {SECONDS:g} s"
            except (EOFError, BrokenPipeError):
                self._stopped = "it crashed the JavaScript engine"
            self._end()
        raise ScriptFailed(self._stopped)

    def _asked(self, script: bytes, deadline: float) -> tuple[bool, str]:
        _write(self._ask, script)
        fine = _read(self._answers, 1, deadline) == b"+"
        size = int.from_bytes(_read(self._answers, _SIZE, deadline))
        return fine, _read(self._answers, size, deadline).decode("utf-8", "replace")


def _write(pipe: int, data: bytes) -> None:
    left = memoryview(len(data).to_bytes(_SIZE) + data)
    while left:
        left = left[os.write(pipe, left) :]


def _read(pipe: int, size: int, deadline: float | None = None) -> bytes:
    data = bytearray()
    while len(data) < size:
        if deadline is not None and not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        piece = os.read(pipe, size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def _end(owner: int, pid: int, *pipes: int) -> None:
    if os.getpid() != owner:  # a fork of the owner drops its copy: the engine goes on for the owner
        return
    os.kill(pid, signal.SIGKILL)
    for pipe in pipes:
        os.close(pipe)
    os.waitpid(pid, 0)


def _serve(quickjs: Any, asked: int, answer: int) -> None:
    """The child: evaluates requests until the parent exits. Never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _close_all_but(asked, answer)
        context = quickjs.Context()
        context.set_memory_limit(MEMORY_BYTES)
        while True:
            script = _read(asked, int.from_bytes(_read(asked, _SIZE))).decode()
            _limit_cpu()
            try:
                sign, text = b"+", str(context.eval(script))
            except quickjs.JSException as error:
                sign, text = b"-", str(error)
            os.write(answer, sign)
            _write(answer, text.encode("utf-8", "replace"))
    finally:
        os._exit(0)


def _limit_cpu() -> None:
    """Limits CPU time, so that the kernel ends a script that outlives a killed parent."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + SECONDS) + 2, hard))


def _close_all_but(*kept: int) -> None:
    """Closes inherited file descriptors: the parent's locks and pipes would otherwise stay open as long as the
    child."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    start = 3
    for pipe in sorted(kept):
        os.closerange(start, pipe)
        start = pipe + 1
    os.closerange(start, 4096)

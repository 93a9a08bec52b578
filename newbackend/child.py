"""A child process that answers requests, one after the other: a fork of this one, without its files.

For work that has to be stoppable (the path filter), or that goes on beside this process (copier). A fork takes 1 to
3 ms, a new interpreter 10 ms and its imports. The earlier it is made the better: a page of memory that both have costs
a copy when one of them changes it.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

Answer = Callable[[bytes], bytes]
T = TypeVar("T")

_SIZE = 8
_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENDS: list[weakref.finalize[..., Child]] = []


class Child:
    """A child process. `serve` runs in it first, and gives the function that answers a request. Raises OSError when no
    process can be started."""

    def __init__(self, serve: Callable[[], Answer]) -> None:
        asked, self._ask = os.pipe()
        self._answers, answer = os.pipe()
        # A signal that comes before the child has handlers of its own would make it run what the parent does about it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _live(serve, asked, answer)
        except OSError:
            for pipe in (asked, self._ask, self._answers, answer):
                os.close(pipe)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(asked)
        os.close(answer)
        self.end = weakref.finalize(self, _end, os.getpid(), self.pid, self._ask, self._answers)
        """Stops it at once; nothing happens the second time."""
        _ENDS.append(self.end)

    def send(self, request: bytes) -> None:
        """Hands a request over, and does not wait for the answer. Raises BrokenPipeError when the child has died."""
        if not self.end.alive:
            raise BrokenPipeError
        _write(self._ask, request)

    def receive(self, seconds: float | None = None) -> bytes:
        """The answer to the oldest request that has none. Raises EOFError when the child has died, and TimeoutError."""
        if not self.end.alive:
            raise EOFError
        deadline = None if seconds is None else time.monotonic() + seconds
        return _read(self._answers, int.from_bytes(_read(self._answers, _SIZE, deadline)), deadline)


class Beside(Generic[T]):
    """What a function gives that a child process calls from now on. `result` calls it here where there is one
    processor, where no process can be started, and when it failed there, which says what is wrong."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._child: Child | None = None
        if (os.cpu_count() or 1) > 1:
            with suppress(OSError):
                self._child = Child(lambda: lambda _: _done(work))
                self._child.send(b"")  # BrokenPipeError: `result` finds out

    def result(self) -> T:
        """Waits for it. Raises what the function raises."""
        if self._child is not None:
            try:
                given: T = pickle.loads(self._child.receive())
            except EOFError:
                pass
            else:
                return given
            finally:
                self._child.end()
        return self._work()


def _done(work: Callable[[], object]) -> bytes:
    """What a function gives, in the child that calls it: the children of its own end first, as it will be killed."""
    try:
        return pickle.dumps(work())
    finally:
        end_children()


def end_children() -> None:
    """Stops every child that still lives."""
    for end in _ENDS:
        end()


def _end(owner: int, pid: int, *pipes: int) -> None:
    if os.getpid() != owner:  # a fork of the owner drops its copy: the child goes on for the owner
        return
    os.kill(pid, signal.SIGKILL)
    for pipe in pipes:
        os.close(pipe)
    os.waitpid(pid, 0)


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


def _live(serve: Callable[[], Answer], asked: int, answer: int) -> None:
    """The child: answers requests until the parent exits. Never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        _close_all_but(asked, answer)
        answered = serve()
        while True:
            _write(answer, answered(_read(asked, int.from_bytes(_read(asked, _SIZE)))))
    finally:
        os._exit(0)


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

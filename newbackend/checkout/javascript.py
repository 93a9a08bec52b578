"""JavaScript in a child process, which can always be stopped.

QuickJS has a time limit, but checks the clock only between the steps of a script: not inside some loops of its library,
and not while it formats a thrown object. A memory limit does not help against a crash. So the engine runs in a child
process that is killed when it takes too long.
"""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from newbackend.child import Answer, Child

if TYPE_CHECKING:
    import _quickjs  # type: ignore[import-not-found]  # the wrapper imports a thread pool

SECONDS = 2.0
MEMORY_BYTES = 64 * 1024 * 1024


class ScriptFailed(Exception):
    """A script threw, took too long or crashed the engine. The message is the reason."""


class Engine:
    """One JavaScript context in a child process. Raises ImportError when quickjs-ng is not installed."""

    def __init__(self) -> None:
        import _quickjs

        self._failures: dict[str, str] = {}
        self._stopped = ""
        self._sent: str | None = None
        self._child = Child(lambda: _serve(_quickjs))

    def send(self, script: str) -> None:
        """Starts a script and does not wait: `evaluate` has its value."""
        with suppress(BrokenPipeError):  # reading the answer says so
            self._child.send(script.encode("utf-8", "replace"))
        self._sent = script

    def evaluate(self, script: str) -> str:
        """A script's value as text. A script that failed is not run again, and after the engine had to be
        stopped every script fails at once. Raises ScriptFailed."""
        if script in self._failures:
            raise ScriptFailed(self._failures[script])
        if not self._stopped:
            try:
                if self._sent not in (None, script):
                    self._answer()
                if self._sent != script:
                    self.send(script)
                fine, text = self._answer()
                if fine:
                    return text
                self._failures[script] = (text.strip().splitlines() or ["no message"])[0]
                raise ScriptFailed(self._failures[script])
            except TimeoutError:
                self._stopped = f"it did not end within {SECONDS:g} s"
            except EOFError:
                self._stopped = "it crashed the JavaScript engine"
            self._child.end()
        raise ScriptFailed(self._stopped)

    def _answer(self) -> tuple[bool, str]:
        self._sent = None
        answer = self._child.receive(SECONDS)
        return answer[:1] == b"+", answer[1:].decode("utf-8", "replace")


def _serve(quickjs: _quickjs) -> Answer:
    """In the child: evaluates a script."""
    context = quickjs.Context()
    context.set_memory_limit(MEMORY_BYTES)

    def answer(script: bytes) -> bytes:
        _limit_cpu()
        try:
            return b"+" + str(context.eval(script.decode())).encode("utf-8", "replace")
        except quickjs.JSException as error:
            return b"-" + str(error).encode("utf-8", "replace")

    return answer


def _limit_cpu() -> None:
    """Limits CPU time, so that the kernel ends a script that outlives a killed parent."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + SECONDS) + 2, hard))

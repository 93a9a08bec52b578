"""Running a child with a deadline: its whole process group is ended, its last output kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType

from newbackend.records import dataclass

TAIL = 1 << 16
MAX_OUTPUT = 64 << 20
GRACE = 5.0
RUN_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a child ended: `status` as in a shell (128 + signal), the last 64 KiB of stdout and stderr together.

    `flooded`: it was ended because it wrote more than anybody reads.
    """

    status: int
    output: str
    flooded: bool = False

    @property
    def illegal_instruction(self) -> bool:
        """Whether SIGILL ended it, natively or under the emulator."""
        return self.status == 128 + signal.SIGILL or "target signal 4" in self.output

    def last_line(self) -> str:
        """The last line of output, without those of `set -x` where there are others."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        output = [line for line in lines if not line.startswith("+")] or lines
        return output[-1][:300] if output else "no output"

    def summary(self) -> str:
        """One sentence for a proof line."""
        if self.flooded:
            return f"ended after more than {MAX_OUTPUT >> 20} MiB of output: {self.last_line()}"
        return f"exit status {self.status}: {self.last_line()}"


class Server:
    """A child in its own process group; leaving the `with` block ends the group.

    Its output is read all the time: the end of it is kept in memory, and too much of it ends the group.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._tail = b""
        self._flooded = False
        source, sink = os.pipe()
        try:
            self._child = subprocess.Popen(
                argv, env=dict(environment), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True,
            )  # fmt: skip
        except OSError:
            os.close(source)
            raise
        finally:
            os.close(sink)
        self._reader = threading.Thread(target=self._read, args=(source,), daemon=True)
        self._reader.start()

    def _read(self, source: int) -> None:
        total = 0
        with open(source, "rb", buffering=0) as stream:
            while chunk := stream.read(TAIL):
                total += len(chunk)
                self._tail = (self._tail + chunk)[-TAIL:]
                if total > MAX_OUTPUT:
                    self._flooded = True
                    self._signal(signal.SIGKILL)
                    return

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the sandbox tool."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the child has not ended."""
        return self._child.poll() is None

    def wait(self, seconds: float) -> None:
        """Wait for the end, at most `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(seconds)

    def stop(self) -> ProcessResult:
        """End the group if it runs; how it ended."""
        if self.running:
            self._signal(signal.SIGTERM)
            self.wait(GRACE)
        if self.running:
            self._signal(signal.SIGKILL)
        code = self._child.wait()
        self._reader.join(GRACE)
        text = self._tail.decode("utf-8", "replace")
        return ProcessResult(128 - code if code < 0 else code, text, self._flooded)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP end this process as an exception does, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # the second one must not interrupt the cleaning up
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def run_once(argv: Sequence[str], environment: Mapping[str, str], seconds: float) -> ProcessResult:
    """Run a command to its end, or end it after `seconds` (status 143 or 137 then)."""
    with Server(argv, environment) as child:
        child.wait(seconds)
        return child.stop()

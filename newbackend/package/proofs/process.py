"""Running a child with a deadline: its whole process group is ended, its last output kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

TAIL = 1 << 16
GRACE = 5.0
RUN_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a child ended: `status` as in a shell (128 + signal), the last 64 KiB of stdout and stderr together."""

    status: int
    output: str

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
        return f"exit status {self.status}: {self.last_line()}"


class Server:
    """A child in its own process group; leaving the `with` block ends the group."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._log = tempfile.TemporaryFile(prefix="newbackend-output-")  # noqa: SIM115 - closed in __exit__
        try:
            self._child = subprocess.Popen(
                argv, env=dict(environment), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                start_new_session=True,
            )  # fmt: skip
        except OSError:
            self._log.close()
            raise

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        self._log.close()

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
        self._log.seek(max(self._log.seek(0, os.SEEK_END) - TAIL, 0))
        text = self._log.read().decode("utf-8", "replace")
        return ProcessResult(128 - code if code < 0 else code, text)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)


def run_once(argv: Sequence[str], environment: Mapping[str, str], seconds: float) -> ProcessResult:
    """Run a command to its end, or end it after `seconds` (status 143 or 137 then)."""
    with Server(argv, environment) as child:
        child.wait(seconds)
        return child.stop()

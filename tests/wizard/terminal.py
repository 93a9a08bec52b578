"""A person at a real terminal: a pseudo-terminal of a given size, keys, and what can be read on the screen."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect

SECONDS = 30.0
_FORWARD = re.compile(r"\x1b\[(\d*)C")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78])|[\x07\r\x08]")
ENTER, SPACE, DOWN, UP, BACK, CTRL_C, CTRL_D = "\r", " ", "\x1b[B", "\x1b[A", "\x02", "\x03", "\x04"
ERASE = "\x15"  # the whole line


class Terminal:
    """One run of `newbackend WORDS` with a terminal on all three streams."""

    def __init__(
        self,
        *words: str | Path,
        cwd: Path,
        columns: int = 80,
        rows: int = 40,
        env: Mapping[str, str] | None = None,
    ) -> None:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        unset = {"CI", "COLUMNS", "LINES", "PAGER", "LESS"}
        inherited = {key: value for key, value in os.environ.items() if key not in unset}
        # The pseudo-terminal has nobody who answers the library's question for the cursor's position.
        mine = {"TERM": "xterm", "PYTHONPATH": path, "PAGER": "cat", "PROMPT_TOOLKIT_NO_CPR": "1"}
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "newbackend", *map(str, words)],
            cwd=str(cwd),
            env={**inherited, **mine, **(env or {})},
            dimensions=(rows, columns),
            timeout=SECONDS,
            encoding="utf-8",
            codec_errors="replace",
        )
        self._raw = ""
        self._seen = 0

    @property
    def raw(self) -> str:
        """Everything written so far, as it came."""
        return self._raw

    @property
    def screen(self) -> str:
        """Everything written so far, without control sequences; what is skipped over is blank.

        A menu that changes is written in pieces, only where it differs: look for its pointer.
        """
        return _ESCAPES.sub("", _FORWARD.sub(lambda match: " " * int(match[1] or 1), self._raw))

    def sees(self, text: str) -> str:
        """Waits until `text` is written after what was seen last; spaces and line ends are alike.

        Returns what was written up to its end. Fails with the screen when it does not come.
        """
        pattern = re.compile(r"\s+".join(map(re.escape, text.split())))
        deadline = time.monotonic() + SECONDS
        while True:
            screen = self.screen
            match = pattern.search(screen, self._seen)
            if match:
                start, self._seen = self._seen, match.end()
                return screen[start : match.end()]
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{screen[self._seen :]}"
            if not self._read():
                assert pattern.search(self.screen, self._seen), f"ended without {text!r}:\n{self.screen}"

    def _read(self) -> bool:
        """Takes what is there within a moment; False at the end."""
        try:
            self._raw += self._child.read_nonblocking(4096, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        return True

    def types(self, *keys: str) -> None:
        """Presses keys."""
        for key in keys:
            self._child.send(key)

    def answers(self, prompt: str, *keys: str) -> str:
        """Waits for a prompt and answers it; returns what was on the way."""
        seen = self.sees(prompt)
        self.types(*keys)
        return seen

    def ends(self) -> int:
        """Waits for the end and returns the exit status; a death by a signal is negative."""
        deadline = time.monotonic() + SECONDS
        while self._read():
            assert time.monotonic() < deadline, f"did not end:\n{self.screen}"
        self._child.close()
        if self._child.exitstatus is not None:
            return int(self._child.exitstatus)
        return -int(self._child.signalstatus or 0)

    def is_closed(self) -> int:
        """Somebody closes the window; returns the exit status."""
        os.close(self._child.child_fd)
        self._child.child_fd = -1
        deadline = time.monotonic() + SECONDS
        while True:
            pid, status = os.waitpid(self._child.pid, os.WNOHANG)
            if pid:
                self._child.terminated = self._child.closed = self._child.ptyproc.terminated = True
                self._child.ptyproc.closed = True
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > deadline:
                os.kill(self._child.pid, signal.SIGKILL)
                raise AssertionError(f"did not end:\n{self.screen}")
            time.sleep(0.02)

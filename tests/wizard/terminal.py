"""A person at a real terminal: a pseudo-terminal of a given size, keys, and what stands on the screen."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect
from cli.runner import warm
from cli.warm import RUNNING
from pexpect.fdpexpect import fdspawn

from wizard.screen import Screen

SECONDS = 30.0
ENTER, SPACE, DOWN, UP, BACK, CTRL_C, CTRL_D = "\r", " ", "\x1b[B", "\x1b[A", "\x02", "\x03", "\x04"
_WHERE = "\x1b[6n"  # the program asks where the cursor is, and every real terminal answers
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
        mine = {"TERM": "xterm", "PYTHONPATH": path, "PAGER": "cat"}
        self._master, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        request = {"words": [str(word) for word in words], "cwd": str(cwd), "env": {**inherited, **mine, **(env or {})}}
        self._process, _ = warm().ask(request, terminal)
        os.close(terminal)
        self._child = fdspawn(self._master, timeout=SECONDS, encoding="utf-8", codec_errors="replace")
        self._screen = Screen(columns, rows)
        self._mark = (0, 0)
        self.raw = ""

    @property
    def screen(self) -> str:
        """What stands on the screen and what has scrolled off it."""
        return "\n".join(self._screen.lines)

    def _below(self) -> str:
        """What stands behind the last prompt that was answered."""
        row, column = self._mark
        lines = self._screen.lines[row:]
        return "\n".join([lines[0][column:], *lines[1:]]) if lines else ""

    def sees(self, text: str) -> str:
        """Waits until `text` stands behind the last answered prompt; spaces and line ends are alike,
        and a line may be folded anywhere.

        Returns what stands there up to its end. Fails with the screen when it does not come.
        """
        pattern = re.compile(r"\s+".join(r"\n?".join(map(re.escape, word)) for word in text.split()))
        deadline = time.monotonic() + SECONDS
        while not (match := pattern.search(self._below())):
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{self.screen}"
            if not self._read():
                assert pattern.search(self._below()), f"ended without {text!r}:\n{self.screen}"
        return self._below()[: match.end()]

    def answers(self, prompt: str, *keys: str) -> str:
        """Waits for a prompt and presses keys; returns what stands before it. From now on only what
        comes behind that prompt is looked at."""
        seen = self.sees(prompt)
        row, column = self._mark
        down = seen.count("\n")
        self._mark = (row + down, len(seen) - seen.rfind("\n") - 1 if down else column + len(seen))
        self.types(*keys)
        return seen

    def types(self, *keys: str) -> None:
        """Presses keys. A signal waits until the program has come from its prompt to its read, as no person is faster:
        one that comes between the two is only seen at the next key."""
        for key in keys:
            if key == CTRL_C:
                time.sleep(0.1)
            self._child.send(key)

    def _read(self) -> bool:
        """Takes what is there within a moment; False at the end."""
        try:
            text = self._child.read_nonblocking(4096, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += text
        self._screen.feed(text)
        for _ in range(text.count(_WHERE)):
            self._child.send("\x1b[{};{}R".format(*self._screen.cursor))
        return True

    def ends(self) -> int:
        """Waits for the end and returns the exit status; a death by a signal is negative."""
        deadline = time.monotonic() + SECONDS
        while self._read():
            assert time.monotonic() < deadline, f"did not end:\n{self.screen}"
        return self.is_closed()

    def is_closed(self) -> int:
        """Somebody closes the window; returns the exit status."""
        os.close(self._master)
        deadline = time.monotonic() + SECONDS
        while (status := warm().ask({"process": self._process})[0]) == RUNNING:
            if time.monotonic() > deadline:
                os.kill(self._process, signal.SIGKILL)
                raise AssertionError(f"did not end:\n{self.screen}")
            time.sleep(0.02)
        return status

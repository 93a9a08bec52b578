"""One case of an attack: its dice, its folder, and commands that run in a process of their own and are judged."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.hostile import hidden_in

WALL_SECONDS = 60.0
CPU_SECONDS = 25.0
MEMORY_MB = 700
ADDRESS_SPACE = 4 << 30
"""So that a command which would fill the machine ends before that; quickjs and libraries reserve more than they use."""
_BIG = 1 << 20


@dataclass(frozen=True)
class Outcome:
    """How a command ended. `status` is negative for a signal."""

    status: int
    out: str
    err: str
    seconds: float
    megabytes: int


@dataclass
class Case:
    """`folder` is empty at the beginning and deleted at the end, unless there was a fault."""

    dice: random.Random
    folder: Path
    template: Path
    faults: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    runs: int = 0
    slowest: float = 0.0
    biggest: int = 0

    def checkout(self) -> Path:
        """A fresh copy of the sample checkout."""
        return Path(shutil.copytree(self.template, self.folder / "checkout", symlinks=True))

    def note(self, text: str) -> None:
        """Something that was done, for the report of a fault."""
        self.log.append(text)

    def fault(self, text: str) -> None:
        """Something that must not be."""
        self.faults.append(text)

    def command(self, *words: str, kill: tuple[float, int] | None = None) -> Outcome:
        """Runs `newbackend WORDS`. `kill`: after so many seconds, with this signal."""
        from newbackend.cli.main import main

        shown = " ".join(ascii(word)[1:-1] if not word.isascii() else word for word in words)
        self.note(f"newbackend {shown}" + (f", signal {kill[1]} after {kill[0]:.3f} s" if kill else ""))
        outcome = self.call(lambda: main(list(words)), kill=kill)
        if kill is None and outcome.status not in (0, 1, 2, 3):
            self.fault(f"exit status {outcome.status}")
        if kill is None and "json" in words:
            try:
                json.loads(outcome.out or "{}")
            except ValueError as error:
                self.fault(f"not JSON: {error}")
        return outcome

    def call(self, work: Callable[[], object], *, kill: tuple[float, int] | None = None) -> Outcome:
        """Runs Python code in a child process, and judges what every run must keep to."""
        self.runs += 1
        streams = [self.folder / "stdout", self.folder / "stderr"]
        (self.folder / "tmp").mkdir(exist_ok=True)
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _child(work, streams, self.folder / "tmp")
        status, usage, ended = _wait(pid, kill)
        seconds = usage.ru_utime + usage.ru_stime
        out, err = (path.read_bytes().decode("utf-8", "surrogateescape") for path in streams)
        megabytes = usage.ru_maxrss // (1024 if sys.platform != "darwin" else 1024 * 1024)
        outcome = Outcome(status, out, err, seconds, megabytes)
        self.slowest, self.biggest = max(self.slowest, seconds), max(self.biggest, megabytes)
        if ended == "hang":
            self.fault(f"did not end within {time.monotonic() - started:.0f} s")
        if seconds > CPU_SECONDS:
            self.fault(f"took {seconds:.0f} s of CPU time")
        if megabytes > MEMORY_MB:
            self.fault(f"took {megabytes} MB")
        if "Traceback" in err or "this is a bug" in out + err:
            self.fault("a traceback or an internal error:\n" + (out + err)[-2000:])
        if hidden := hidden_in(out + err):
            self.fault(f"control characters: {', '.join(hidden)}")
        left = sorted(path.name for path in (self.folder / "tmp").iterdir())
        if left and ended == "itself":
            self.fault(f"left temporary files: {left}")
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        return outcome


def _child(work: Callable[[], object], streams: list[Path], temporary: Path) -> None:
    """The child: never returns."""
    status = 70
    try:
        os.environ["TMPDIR"] = str(temporary)
        import tempfile

        tempfile.tempdir = None
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for number, path in enumerate(streams, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        most = _address_space() + ADDRESS_SPACE  # a fork has what its parent mapped
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        try:
            work()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        except BaseException:
            import traceback

            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _address_space() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _wait(pid: int, kill: tuple[float, int] | None) -> tuple[int, resource.struct_rusage, str]:
    """Exit status (negative: a signal), what it used, and how it ended: itself, killed as planned, or a hang."""
    started, ended = time.monotonic(), "itself"
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), usage, ended
        passed = time.monotonic() - started
        if kill and ended == "itself" and passed >= kill[0]:
            os.kill(pid, kill[1])
            ended = "killed"
        if passed > WALL_SECONDS:
            os.kill(pid, signal.SIGKILL)
            ended = "hang"
        time.sleep(0.001)


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """What is at every path of a tree but for its git directory: kind, mode, and a digest or the link's target."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, names in os.walk(root):
        if Path(folder) == root and ".git" in folders:
            folders.remove(".git")
        for name in [*names, *(name for name in folders if (Path(folder) / name).is_symlink())]:
            path = Path(folder) / name
            status = path.lstat()
            content: object = ""
            if path.is_symlink():
                content = str(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                content = (status.st_size, hashlib.sha256(_head(path)).hexdigest())
            found[path.relative_to(root).as_posix()] = (status.st_mode, content)
        if not names and not folders:
            found[Path(folder).relative_to(root).as_posix() + "/"] = ()
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_BIG)


def difference(before: dict[str, tuple[object, ...]], after: dict[str, tuple[object, ...]]) -> str:
    """The paths that differ, in words; "" when none does."""
    names = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return ascii(names[:8]) if names else ""

"""A child process answers, can be stopped, and is never left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newbackend.child import Answer, Beside, Child, end_children


def upper() -> Answer:
    return bytes.upper


def stuck() -> Answer:
    def answer(_: bytes) -> bytes:
        time.sleep(60)
        return b""

    return answer


def gone(child: Child) -> bool:
    """Whether nobody answers any more."""
    try:
        child.send(b"x")
        child.receive(1)
    except (EOFError, OSError):
        return True
    return False


def test_it_answers_in_order_and_keeps_what_it_has_set_up() -> None:
    def counting() -> Answer:
        seen: list[bytes] = []

        def answer(request: bytes) -> bytes:
            seen.append(request)
            return b"%d %s" % (len(seen), request)

        return answer

    child = Child(counting)
    child.send(b"a")
    child.send(b"b" * 200_000)
    assert child.receive() == b"1 a"
    assert child.receive() == b"2 " + b"b" * 200_000
    child.end()


def test_who_waits_too_long_is_told_and_can_stop_it() -> None:
    child = Child(stuck)
    child.send(b"x")
    with pytest.raises(TimeoutError):
        child.receive(0.05)
    child.end()
    child.end()
    assert gone(child)


def test_a_child_that_dies_is_an_end_of_file() -> None:
    child = Child(lambda: lambda request: bytes(int(request)))
    child.send(b"no number")
    with pytest.raises(EOFError):
        child.receive(5)
    child.end()


def test_the_interrupt_of_the_terminal_is_for_the_parent() -> None:
    child = Child(lambda: lambda _: b"%d" % os.getpid())
    child.send(b"")
    pid = int(child.receive())
    os.kill(pid, signal.SIGINT)
    child.send(b"")
    assert int(child.receive()) == pid
    child.end()


def test_a_fork_does_not_stop_it_for_its_owner() -> None:
    child = Child(upper)
    pid = os.fork()
    if pid == 0:
        child.end()
        os._exit(0)
    os.waitpid(pid, 0)
    child.send(b"still")
    assert child.receive(5) == b"STILL"
    child.end()


def test_where_no_process_can_be_started_no_pipe_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(BlockingIOError):
        Child(upper)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_the_verbs_do_their_work_where_no_process_can_be_started(sample: Path, tmp_path: Path) -> None:
    script = tmp_path / "alone.py"
    script.write_text(
        "import os, sys\n"
        "def refused(): raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "os.fork = refused\n"
        "from newbackend.cli.main import main\n"
        "main()\n"
    )
    for words in (["create", "murmur", "--lang", "go", "--dry-run", "--no-input"], ["verify", "--all"]):
        done = subprocess.run(
            [sys.executable, str(script), *words, "--repo", str(sample)], capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert "no process can be started for the path filter" in done.stdout + done.stderr


@pytest.mark.parametrize("processors", [1, 2])
def test_a_function_is_called_beside_or_here(processors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    given = Beside(lambda: {"process": os.getpid()}).result()
    assert (given["process"] == os.getpid()) is (processors == 1)


def test_what_it_raises_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise ZeroDivisionError(str(os.getpid()))

    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with pytest.raises(ZeroDivisionError, match=str(os.getpid())):
        Beside(fails).result()


def test_it_is_called_here_when_the_process_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    here = os.getpid()
    beside = Beside(lambda: "done" if os.getpid() == here else time.sleep(60))
    assert beside._child is not None
    os.kill(beside._child.pid, signal.SIGKILL)
    assert beside.result() == "done"


def test_all_can_be_stopped_together() -> None:
    pid = os.fork()  # those of the tests' own process go on
    if pid == 0:
        children = [Child(upper) for _ in range(2)]
        end_children()
        os._exit(0 if all(gone(child) for child in children) else 1)
    assert os.waitpid(pid, 0)[1] == 0


ORPHANS = """
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans become children of this process
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
try:
    print(status, "left", os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print(status, "none")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can adopt the children of a process")
@pytest.mark.parametrize(
    "words",
    [
        ["verify", "--all", "--fail-on", "never"],
        ["verify", "--base", "HEAD", "--fail-on", "never"],
        ["create", "murmur", "--lang", "go", "--dry-run", "--no-input"],
    ],
    ids=["verify", "base", "create"],
)
def test_no_process_outlives_a_verb(sample: Path, words: list[str]) -> None:
    tool = str(Path(sys.executable).with_name("newbackend"))
    done = subprocess.run(
        [sys.executable, "-c", ORPHANS, tool, *words, "--repo", str(sample)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0 none\n", done.stderr

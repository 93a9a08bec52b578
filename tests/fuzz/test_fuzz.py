"""A short run of the attacks, and that a fault would be seen. `make fuzz` runs for longer."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz import driver
from fuzz.case import Case
from fuzz.driver import ATTACKS, fuzz, table

SECONDS = 10.0
SEED = 1


def test_nothing_gives_way_in_a_short_run(tmp_path: Path) -> None:
    counts = fuzz(SECONDS, SEED, (), 0, tmp_path)
    assert [report for count in counts.values() for report in count.reports] == []
    assert sum(count.runs for count in counts.values()) >= len(ATTACKS)
    print(table(counts))


def _crash() -> None:
    raise RuntimeError("planted")


def _leave_a_file() -> None:
    (Path(os.environ["TMPDIR"]) / "left").write_text("")


def _fill() -> None:
    assert bytearray(b"x" * (120 << 20)).count(0) == 0


FAULTS: dict[str, tuple[Callable[[], object], str]] = {
    "traceback": (_crash, "a traceback"),
    "control": (lambda: sys.stdout.write("\x1b[2J"), "control characters: U+001B"),
    "bidi": (lambda: sys.stderr.write("\u202e"), "control characters: U+202E"),
    "temporary": (_leave_a_file, "left temporary files"),
    "memory": (_fill, "MB"),
    "hang": (lambda: time.sleep(600), "did not end within"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_saved_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    code, said = FAULTS[name]
    monkeypatch.setattr("fuzz.case.WALL_SECONDS", 1.5 if name == "hang" else 60.0)
    monkeypatch.setattr("fuzz.case.MEMORY_MB", 100 if name == "memory" else 10_000)
    monkeypatch.setattr(driver, "ATTACKS", {"planted": lambda case: case.call(code)})
    count = fuzz(0, 7, (), 3, tmp_path)["planted"]
    assert (count.cases, count.runs) == (1, 1)
    assert count.faults >= 1
    assert said in count.reports[0]
    assert "--seed 7 --only planted --case 3" in (tmp_path / "planted-7-3/report.txt").read_text()


def test_a_crash_and_a_wrong_exit_status_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def attack(case: Case) -> None:
        monkeypatch.setattr("newbackend.cli.main.main", lambda words: os.kill(os.getpid(), signal.SIGKILL))
        case.command("list")

    monkeypatch.setattr(driver, "ATTACKS", {"planted": attack})
    assert "exit status -9" in fuzz(0, 7, (), 0, tmp_path)["planted"].reports[0]


def test_a_case_is_the_same_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []
    monkeypatch.setattr(driver, "ATTACKS", {"planted": lambda case: drawn.append(case.dice.random())})
    for _ in range(2):
        fuzz(0, 7, (), 3, tmp_path)
    fuzz(0, 7, (), 4, tmp_path)
    assert drawn[0] == drawn[1] != drawn[2]

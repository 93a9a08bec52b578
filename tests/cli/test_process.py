"""How the process ends: at once, with its status, and with everything said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.errors import Exit

FULL = Path("/dev/full")


def test_the_status_comes_through_with_and_without_a_full_shutdown() -> None:
    for env in ({}, {"NEWBACKEND_DEBUG": "1"}):
        assert newbackend("--version", env=env).status == Exit.OK
        assert newbackend("no-such-verb", env=env).status == Exit.USAGE


def test_debugging_shuts_down_in_full_so_that_a_profiler_can_report() -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-m", "cProfile", "-m", "newbackend", "--version"]
    env = {**os.environ, "PYTHONPATH": path, "NEWBACKEND_DEBUG": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert "function calls" in done.stdout


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_an_error(sample: Path) -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-m", "newbackend", "list", "--repo", str(sample)]
    env = {**os.environ, "PYTHONPATH": path}
    with FULL.open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=env, check=False)
    assert done.returncode == Exit.USAGE
    assert done.stderr == "newbackend: error: the output cannot be written: No space left on device\n"


def test_a_reader_that_went_away_is_no_error(sample: Path) -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-m", "newbackend", "list", "--repo", str(sample)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait() == Exit.OK
    assert said == b""


@pytest.mark.parametrize(("closed", "words", "status"), [(1, ["list"], Exit.OK), (2, ["no-such-verb"], Exit.USAGE)])
def test_a_closed_stream_changes_no_status(sample: Path, closed: int, words: list[str], status: int) -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    shell = f'exec "$@" {closed}>&-'
    command = ["sh", "-c", shell, "sh", sys.executable, "-m", "newbackend", *words, "--repo", str(sample)]
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr

"""What a proof may cost: its output is bounded, and a run that is ended leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newbackend.package.sandbox import MAX_OUTPUT, TAIL, run_once
from package.limits import run_limited
from package.test_proofs import checked, failed, needs_sandbox
from package.workshop import Built

ENVIRONMENT = {"PATH": os.defpath}
FLOOD = "while :; do echo a line of some length that says nothing at all; done"


def test_output_without_end_costs_little_memory_and_no_disk(tmp_path: Path) -> None:
    code = """
import os, sys, time
from newbackend.package.sandbox import run_once
before = time.monotonic()
result = run_once(["/bin/sh", "-c", "cat /dev/zero"], {"PATH": os.defpath}, 60)
print(result.flooded, len(result.output), result.status, time.monotonic() - before < 30)
"""
    environment = f"import os; os.environ['TMPDIR'] = {str(tmp_path)!r}\n"
    assert run_limited(environment + code, memory=300 << 20) == f"True {TAIL} 137 True\n"
    assert list(tmp_path.iterdir()) == []


def test_the_last_output_is_kept() -> None:
    result = run_once(["/bin/sh", "-c", "seq 1 50000; exit 3"], ENVIRONMENT, 20)
    assert (result.status, result.flooded, result.last_line()) == (3, False, "50000")


@needs_sandbox
def test_a_server_that_floods_fails_at_once(built: Built) -> None:
    built.script(f"#!/bin/bash\n{FLOOD}\n")
    before = time.monotonic()
    (finding,) = failed(checked(built.root, smoke=True, no_run=True), "PKG702")
    assert f"more than {MAX_OUTPUT >> 20} MiB of output: a line of some length" in finding.message
    assert time.monotonic() - before < 35


@needs_sandbox
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_ended_run_leaves_no_folder_and_no_process(built: Built, tmp_path: Path, number: signal.Signals) -> None:
    # Where what it starts is found out, the package can be written: there it ends at once.
    built.script("#!/bin/bash\n[ -w . ] || sleep 50\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "newbackend", "package", "check", str(built.root), "--smoke"]
    with subprocess.Popen(
        command, env=os.environ | {"TMPDIR": str(scratch)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as child:  # fmt: skip
        deadline = time.monotonic() + 30
        while not list(scratch.glob("newbackend-proof-*/shell/bin/bash")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        child.send_signal(number)
        status = child.wait(30)
    assert status != 0
    assert list(scratch.iterdir()) == []
    assert str(scratch) not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout

"""Measures the figures of docs/performance.md and prints one table.

    make bench                                 # on the embedded sample
    NEWBACKEND_LOCALAI=/path/to/LocalAI make bench

Every figure is of whole processes, by the operating system's own accounting (user + system seconds,
peak memory): the median of several runs after a warm-up. Machines are noisy; compare ratios.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newbackend.sample import init_git, materialise

RUNS = 7
SHA = "ae302c2fa18cc6d9aefc021d0f27ae03c9ad2fc0"


@dataclass(frozen=True)
class Figure:
    """Medians of one command: CPU seconds, wall seconds, peak MiB."""

    cpu: float
    wall: float
    memory: float


def measure(command: Sequence[str], runs: int = RUNS) -> Figure:
    """Runs a command `runs` times after one warm-up; its output goes nowhere."""
    import time

    found: list[tuple[float, float, float]] = []
    for number in range(runs + 1):
        started = time.perf_counter()
        pid = os.posix_spawnp(
            command[0],
            list(command),
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
        _, _, usage = os.wait4(pid, 0)
        if number:
            wall = time.perf_counter() - started
            found.append((usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024))
    cpu, wall, memory = (statistics.median(column) for column in zip(*found, strict=True))
    return Figure(cpu, wall, memory)


def row(what: str, figure: Figure, goal: str) -> None:
    """One line of the table."""
    print(f"| {what:<52} | {figure.cpu:6.3f} | {figure.wall:6.3f} | {figure.memory:6.1f} | {goal:<42} |", flush=True)


def grow(root: Path, factor: int) -> int:
    """Copies every matrix row and index entry `factor` - 1 times under other names; returns the row count."""
    matrix = root / ".github/backend-matrix.yml"
    head, _, tail = matrix.read_text().partition("\nincludeDarwin:")
    start = head.index("\ninclude:\n") + len("\ninclude:\n")
    block = head[start:] + "\n"
    copies = [block]
    for number in range(1, factor):
        renamed = block.replace('backend: "', f'backend: "x{number}')
        copies.append(renamed.replace("tag-suffix: '-", f"tag-suffix: '-x{number}-"))
    matrix.write_text(head[:start] + "".join(copies) + "includeDarwin:" + tail)
    return sum(copy.count("- build-type") for copy in copies)


def main() -> None:
    """Prints the table."""
    tool = [str(Path(sys.executable).with_name("newbackend"))]
    with tempfile.TemporaryDirectory(prefix="newbackend-bench-") as scratch:
        clone = os.environ.get("NEWBACKEND_LOCALAI")
        root = Path(clone) if clone else materialise(Path(scratch) / "sample")
        if not clone:
            init_git(root)
        print(f"checkout: {'LocalAI' if clone else 'the embedded sample'}; medians of {RUNS} runs\n")
        print(f"| {'what':<52} | cpu s  | wall s | MiB    | {'goal':<42} |")
        print(f"|{'-' * 54}|--------|--------|--------|{'-' * 44}|")
        row("python -c pass", measure([sys.executable, "-c", "pass"]), "")
        row("newbackend --version", measure([*tool, "--version"]), "<= 0.070 s")
        create = ["create", "bench-cpp", "--lang", "cpp", "--pin", f"antirez/ds4@{SHA}", "--variants", "cpu,cuda13"]
        repo = ["--repo", str(root)]
        made = measure([*tool, *create, "--no-input", "--dry-run", *repo])
        row("newbackend create ... --dry-run", made, "at most half of yamllint, <= 100 MiB")
        verify = measure([*tool, "verify", "--all", "--fail-on", "never", *repo])
        row("newbackend verify --all", verify, "at most a fifth of yamllint, <= 100 MiB")
        files = [str(root / "backend/index.yaml"), str(root / ".github/backend-matrix.yml")]
        lint = measure([str(Path(sys.executable).with_name("yamllint")), "-d", "relaxed", *files])
        row("yamllint -d relaxed on the two big YAML files", lint, "")
        target = Path(scratch) / "map.html"
        drawn = measure([*tool, "map", "--out", str(target), *repo])
        row(f"newbackend map ({target.stat().st_size / 1e6:.2f} MB)", drawn, "at most yamllint; < 1.5 MB")
        print()
        for what, figure, goal in (("verify", verify, 0.2), ("create", made, 0.5), ("map", drawn, 1.0)):
            print(f"{what} / yamllint = {figure.wall / lint.wall:.2f} of its wall time (goal: at most {goal})")
        growth(tool, Path(scratch))
    packages()


def growth(tool: Sequence[str], scratch: Path) -> None:
    """Ten times the rows: at most eleven times the time above start-up."""
    small, large = materialise(scratch / "small"), materialise(scratch / "large")
    for root in (small, large):
        init_git(root)
    rows = grow(large, 10)
    words = ["verify", "--all", "--fail-on", "never", "--repo"]
    one, ten = measure([*tool, *words, str(small)]), measure([*tool, *words, str(large)])
    print(f"growth: 10 x the rows ({rows}) takes {ten.cpu / one.cpu:.1f} x the time (goal: at most 11)")


def packages() -> None:
    """The package check's own benchmark, where gcc is there to build its libraries."""
    import subprocess

    script = Path(__file__).with_name("bench_package.py")
    if script.exists():
        subprocess.run([sys.executable, str(script)], check=False)


if __name__ == "__main__":
    main()

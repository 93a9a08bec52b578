"""The step of `action.yml` that checks a change: finds its base, runs `newbackend verify`, writes summary and outputs.

It reads the inputs of the action and the files of GitHub Actions from the environment. The exit status is that of
`verify`; with ADVISORY=true only a wrong usage fails the job.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

USAGE = 2
DEPTHS = ("--deepen=1", "--deepen=100", "--deepen=1000", "--unshallow")
NOTHING = "0" * 40
"""The commit before the first push of a branch."""


def main() -> int:
    """Runs the check and returns the status of the job."""
    checkout = Path(os.environ["CHECKOUT"])
    folder = Path(os.environ["RUNNER_TEMP"]) / "newbackend-report"
    folder.mkdir(exist_ok=True)
    files = {format_: folder / f"report.{format_}" for format_ in ("json", "markdown", "sarif")}
    for stale in files.values():
        stale.unlink(missing_ok=True)
    base = os.environ["BASE"] or base_of(_event())
    if base:
        bring(checkout, base)
    status = verify(checkout, base, files)
    counts = _counts(files["json"])
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs(status, counts, files).items()))
    if files["markdown"].exists():
        _append("GITHUB_STEP_SUMMARY", files["markdown"].read_text(encoding="utf-8"))
    return 0 if os.environ["ADVISORY"] == "true" and status != USAGE else status


def base_of(event: Mapping[str, Any]) -> str:
    """The commit that an event's change starts from; "" when it has none."""
    for where in (("pull_request", "base", "sha"), ("merge_group", "base_sha"), ("before",)):
        found: Any = event
        for key in where:
            found = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(found, str) and found != NOTHING:
            return found
    return ""


def bring(checkout: Path, base: str) -> None:
    """Fetches what a shallow clone lacks: the base, and the history back to where the change left it.

    Without a common commit `verify` compares with the base itself, which is right for the merge that is checked out for
    a pull request; so nothing here is fatal.
    """
    if base.startswith("-"):
        return  # no revision: `verify` says so
    if not _git(checkout, "cat-file", "-e", f"{base}^{{commit}}"):
        _git(checkout, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", base)
    head = _said(checkout, "rev-parse", "HEAD")
    for depth in DEPTHS:
        shallow = _said(checkout, "rev-parse", "--is-shallow-repository") == "true"
        if not shallow or _git(checkout, "merge-base", base, "HEAD"):
            return
        _git(checkout, "fetch", "--quiet", "--no-tags", depth, "origin", base, head)


def verify(checkout: Path, base: str, files: Mapping[str, Path]) -> int:
    """Runs `newbackend verify`, whose annotations go to standard output."""
    names = os.environ["BACKENDS"].split()
    words = ["verify", *names, "--repo", str(checkout), "--format", "github", "--fail-on", os.environ["FAIL_ON"]]
    words += ["--base", base] if base else []
    words += ["--strict"] if os.environ["STRICT"] == "true" and names else []
    for format_, path in files.items():
        words += ["--output", f"{format_}={path}"]
    # -P: the working directory is the pull request's, and could have a module of that name.
    return subprocess.run([sys.executable, "-P", "-m", "newbackend", *words], check=False).returncode


def outputs(status: int, counts: Mapping[str, int], files: Mapping[str, Path]) -> dict[str, str]:
    """The outputs of the step; files that were not written are empty."""
    numbers = {"errors": "error", "warnings": "warning", "notes": "note", "unknown": "unknown"}
    return {
        "status": str(status),
        **{name: str(counts.get(key, 0)) for name, key in numbers.items()},
        **{format_: str(path) if path.exists() else "" for format_, path in files.items()},
    }


def _counts(report: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads(report.read_text(encoding="utf-8"))["summary"] if report.exists() else {}
    return found


def _event() -> dict[str, Any]:
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    return found


def _append(variable: str, text: str) -> None:
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _git(checkout: Path, *words: str) -> bool:
    return _run(checkout, words).returncode == 0


def _said(checkout: Path, *words: str) -> str:
    return _run(checkout, words).stdout.strip()


def _run(checkout: Path, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-C", str(checkout), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


if __name__ == "__main__":
    sys.exit(main())

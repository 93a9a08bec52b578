"""Which programs and Python modules this machine has: `tools.json`.

A program is asked for its version from the root folder, and only if it lies outside of the checkout: a PATH with a
relative folder, or with one of the checkout, would run what a stranger's commit brought.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from newbackend.checkout.git import environment
from newbackend.doctor.model import Check, State

SECONDS = 5.0
_VERSION = re.compile(r"\d+(?:\.\d+)+\S{0,20}|\d+(?= |\Z)")


def programs(checkout: Path | None) -> list[Check]:
    """Every program of the table; `checkout` is where nothing is run from."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda row: _program(row, checkout), _table()["programs"]))


def _program(row: Mapping[str, Any], checkout: Path | None) -> Check:
    names: Sequence[str] = row["names"]
    title = row.get("title") or names[-1]

    def check(state: State, found: str) -> Check:
        return Check(row["id"], row["group"], title, state, found, row["without"], bool(row.get("required")))

    inside = ""
    for name in names:
        found = shutil.which(name)
        if found is None:
            continue
        path = Path(found)
        if not path.is_absolute() or (checkout is not None and _is_inside(path, checkout)):
            inside = f"{found} is not run, because PATH leads into the checkout"
            continue
        if row.get("silent"):
            return check(State.OK, found)
        version, fails = _asked(path, row.get("arguments") or ("--version",))
        if not fails:
            return check(State.OK, f"{version}, {found}".removeprefix(", "))
        inside = f"{found} {fails}"
    return check(State.MISSING, inside or "not found in PATH")


def _is_inside(path: Path, checkout: Path) -> bool:
    root = checkout.resolve()
    return any(root == place or root in place.parents for place in (path.absolute(), path.resolve()))


def _asked(program: Path, arguments: Sequence[str]) -> tuple[str, str]:
    """The version that a program tells, and why it does not work, or "".

    It gets no input, and Go and Rust choose no other toolchain.
    """
    env = {**environment(), "LC_ALL": "C", "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            [str(program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
            cwd=os.sep,
            env=env,
        )
    except subprocess.TimeoutExpired:
        return "", f"did not answer within {SECONDS:.0f} s"
    except OSError as error:
        return "", f"cannot be run: {error.strerror}"
    said = (done.stdout or done.stderr).decode("utf-8", "replace")
    if done.returncode != 0:
        return "", f"fails with status {done.returncode}"
    version = _VERSION.search(said.replace("version go", "version "))
    return (version[0].rstrip(",;)") if version else ""), ""


def modules() -> list[Check]:
    """The optional Python packages of `package check`, with the extra that installs each."""
    return [_module(row) for row in _table()["modules"]]


def _module(row: Mapping[str, str]) -> Check:
    there = importlib.util.find_spec(row["module"]) is not None
    try:
        version = importlib.metadata.version(row["id"])
    except importlib.metadata.PackageNotFoundError:
        version = "installed"
    found = version if there else f"not installed: pip install 'newbackend[{row['extra']}]'"
    return Check(row["id"], "proofs", row["id"], State.OK if there else State.MISSING, found, row["without"])


@cache
def _table() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("tools.json").read_text(encoding="utf-8"))
    return data

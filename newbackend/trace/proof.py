"""`trace --run`: GNU make itself says what it would do, in a sandbox without network, and is compared with the reading.

`make -n` runs no recipe, but it runs `$(shell …)` and the lines that call make. So it gets a root of its own: the
host's system directories and the checkout without its git directory, both read-only.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from newbackend.checkout.tree import Checkout
from newbackend.package.sandbox import Bind, Sandbox, environment, find_sandbox, stage_root
from newbackend.records import dataclass
from newbackend.trace.machine import Machine, TooMuch
from newbackend.trace.make.goals import make
from newbackend.trace.opentext import is_open, shown
from newbackend.trace.rowtrace import RowTrace
from newbackend.trace.steps import MakeCall, Where

TIMEOUT = 60.0
OUTPUT_LIMIT = 8 << 20
_SHOWN = 5


@dataclass(frozen=True)
class Proof:
    """`status` is same, differs, or unknown when it could not run. `lines` are those that agree, `stopped` is why
    `make -n` went no further, `differences` the first lines that differ: as read, as make says."""

    status: str
    lines: int
    message: str
    stopped: str = ""
    differences: tuple[tuple[str, str], ...] = ()


def prove(checkout: Checkout, entry: RowTrace) -> Proof:
    """Runs `make -n` for every make of the backend's Makefile in a row, and compares."""
    here = os.uname()
    if entry.darwin or not entry.calls:
        why = (
            "a macOS build cannot be asked on this host" if entry.darwin else "the row calls no Makefile of the backend"
        )
        return Proof("unknown", 0, why)
    wanted = "aarch64" if entry.platform.endswith("arm64") else "x86_64"
    if (here.sysname, here.machine) != ("Linux", wanted):
        return Proof("unknown", 0, f"the row is for Linux on {wanted}, and this is {here.sysname} on {here.machine}")
    sandbox = find_sandbox()
    if isinstance(sandbox, str):
        return Proof("unknown", 0, f"there is no sandbox: {sandbox}")
    lines, stopped, differences = 0, "", list[tuple[str, str]]()
    for call in entry.calls:
        said, errors = _make(sandbox, checkout, call)
        if said is None:
            return Proof("unknown", lines, errors)
        alike, differ, ended = _compared(call.printed, said, errors)
        if differ:  # `make -n` makes nothing: what a make repeats because of that is no difference
            alike, differ, ended = _compared(_without_effects(checkout, wanted, call), said, errors)
        lines += alike
        stopped = stopped or ended
        differences += differ
        if ended:
            break  # what the next make finds depends on what this one would have made
    if differences:
        return Proof("differs", lines, "GNU make says something else", stopped, tuple(differences[:_SHOWN]))
    return Proof("same", lines, "GNU make says the same", stopped)


class _Nothing(set[str]):
    """The files that commands make when none runs."""

    def add(self, item: str) -> None:
        """Forgets it."""

    def __ior__(self, others: object) -> _Nothing:  # type: ignore[override]
        return self


def _without_effects(checkout: Checkout, arch: str, call: MakeCall) -> Sequence[str]:
    """The lines of the reading when no command makes a file, as in `make -n`."""
    machine = Machine(checkout, "Linux", arch, places=dict(call.places), made=_Nothing())
    with contextlib.suppress(TooMuch):
        make(machine, call.directory, call.goals, call.environment, call.variables, Where(call.directory, 1))
    return machine.printed


def _make(sandbox: Sandbox, checkout: Checkout, call: MakeCall) -> tuple[list[str] | None, str]:
    """The output lines of `make -n` and its errors; None and the reason when it could not run."""
    words = ["make", "-n", "--no-print-directory", "-C", call.directory, *call.goals]
    words += [f"{name}={value}" for name, value in call.variables.items() if not is_open(value)]
    values = {name: value for name, value in call.environment.items() if not is_open(value) and name != "PATH"}
    values = {
        name: value for name, value in values.items() if "\0" not in value and name not in ("MAKELEVEL", "MAKEFLAGS")
    }
    binds = _binds(checkout, call.places)
    with tempfile.TemporaryDirectory(prefix="newbackend-make-") as scratch:
        root = Path("/")
        if sandbox.kind != "bwrap":
            root = Path(scratch)
            stage_root(
                root,
                [
                    *(
                        Bind(Path(at), at)
                        for at in ("/bin", "/lib", "/lib64", "/usr/bin", "/usr/lib")
                        if Path(at).exists()
                    ),
                    *binds,
                ],
            )
        argv = sandbox.argv(binds, "/", words, root, {**environment(), **values})
        return _run(argv)


def _binds(checkout: Checkout, places: Mapping[str, str]) -> list[Bind]:
    """The checkout at the places where the build has it; its git directory stays out.

    A directory that another place lies in is bound file by file: a read-only bind takes no mount point.
    """
    binds = []
    whole = [f"{place.rstrip('/')}/" for place, inside in places.items() if not inside]
    for place, inside in sorted(places.items(), key=lambda item: len(item[0])):
        source = checkout.root / inside
        if not source.exists() or is_open(place) or place.startswith(tuple(whole)):
            continue  # inside of the whole checkout: a copy that the build has made
        nested = {other for other in places if other.startswith(f"{place.rstrip('/')}/")}
        if inside and not nested:
            binds.append(Bind(source, place))
            continue
        for child in sorted(source.iterdir()) if source.is_dir() else ():
            target = f"{place.rstrip('/')}/{child.name}"
            if child.name != ".git" and target not in nested:
                binds.append(Bind(child, target))
    return binds


def _run(argv: Sequence[str]) -> tuple[list[str] | None, str]:
    with tempfile.TemporaryFile() as errors:
        try:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment()
            )
        except OSError as error:
            return None, f"make cannot be started: {error.strerror}"
        timer = threading.Timer(TIMEOUT, child.kill)
        timer.start()
        try:
            output = child.stdout.read(OUTPUT_LIMIT) if child.stdout else b""
        finally:
            timer.cancel()
            child.kill()
            child.wait()
        errors.seek(0)
        text = errors.read(1 << 16).decode("utf-8", "replace")
    lines = output.decode("utf-8", "replace").splitlines()
    if not lines and "make:" not in text:
        return None, f"make -n gave no answer: {(text.strip().splitlines() or ['no output'])[-1]}"
    return lines, text


def _compared(read: Sequence[str], said: Sequence[str], errors: str) -> tuple[int, list[tuple[str, str]], str]:
    """How many lines agree, those that do not, and why make stopped."""
    mine = "\n".join(read).splitlines()
    stops = [line for line in errors.splitlines() if "***" in line]
    if stops:
        mine = mine[: len(said)]
    alike, differ = 0, list[tuple[str, str]]()
    for own, other in zip_longest(mine, said, fillvalue=""):
        pattern = ".*".join(re.escape(part) for part in re.split("\ue000[^\ue001]*\ue001", own))
        if re.fullmatch(pattern, other):
            alike += 1
        else:
            differ.append((shown(own), other))
    return alike, differ, stops[0].strip() if stops else ""

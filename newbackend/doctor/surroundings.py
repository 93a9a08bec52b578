"""The checkout, the place for temporary files, the sandbox and the network."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newbackend.apply.state import interrupted, state_dir
from newbackend.checkout.git import Git, run_outside
from newbackend.checkout.layout import layout_of, open_checkout
from newbackend.checkout.tree import Checkout
from newbackend.doctor.model import Check, State
from newbackend.errors import NewbackendError
from newbackend.pin import allowed_protocols, base_url

NETWORK_SECONDS = 5.0
OLD_DAYS = 90
_DAY = 86_400
_UPSTREAM = "mudler/LocalAI"
_NO_CHECKOUT = "create, verify and all that read a checkout need one; `newbackend demo` brings its own"


def checkout_checks(start: Path) -> tuple[list[Check], Mapping[str, Any] | None, Path | None]:
    """The checks of the checkout that `start` is in, what is known of it, and its root. Nothing of it is run."""
    try:
        checkout = open_checkout(start)
    except NewbackendError as error:
        missing = Check(
            "checkout", "use", "LocalAI checkout", State.MISSING, error.sentence(), _NO_CHECKOUT, required=True
        )
        return [missing], None, None
    about = _about(checkout)
    return [_age(about), _layout(checkout, about), *_state(checkout)], about, checkout.root


def _about(checkout: Checkout) -> dict[str, Any]:
    """Path, revision, day of the commit and age in days (None where git cannot say), and the layout."""
    about: dict[str, Any] = {"path": str(checkout.root), "revision": None, "committed": None, "age_days": None}
    about["layout"] = layout_of(checkout).describe()
    try:
        revision, _, seconds = Git(checkout.root).run("log", "-1", "--format=%H %ct", "HEAD").decode().partition(" ")
        at = int(seconds)
    except (NewbackendError, ValueError, OSError):
        return about
    day = time.strftime("%Y-%m-%d", time.gmtime(at))
    return {**about, "revision": revision, "committed": day, "age_days": max(0, int((time.time() - at) // _DAY))}


def _age(about: Mapping[str, Any]) -> Check:
    age = about["age_days"]
    if age is None:
        found = f"{about['path']}, whose history git cannot read here"
        return Check("checkout", "use", "LocalAI checkout", State.OLD, found, "verify --base cannot run", required=True)
    found = f"{about['path']} at {about['revision'][:9]} of {about['committed']}, {age} days old"
    old = age > OLD_DAYS
    without = "LocalAI moves: what is registered here may conflict by now, so `git pull` first" if old else ""
    return Check("checkout", "use", "LocalAI checkout", State.OLD if old else State.OK, found, without, required=True)


def _layout(checkout: Checkout, about: Mapping[str, Any]) -> Check:
    """The layout. A feature that this revision does not have is no fault: its places are skipped."""
    layout = about["layout"]
    there = [name for name, value in layout.items() if value]
    absent = [name for name, value in layout.items() if not value]
    known = layout_of(checkout).filter_path is not None
    found = f"{len(there)} of {len(layout)} known features" + (f"; not {', '.join(absent)}" if absent else "")
    without = "" if known else "the path filter of CI is not found, so route and its rules cannot run"
    return Check("layout", "use", "its layout", State.OK if known else State.OLD, found, without)


def _state(checkout: Checkout) -> list[Check]:
    """Whether plans can be written, and whether one was cut off."""
    folder = state_dir(checkout.root)
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    places = (checkout.root, nearest)
    closed = [str(place) for place in places if not os.access(place, os.W_OK | os.X_OK)]
    state, found = (State.MISSING, f"cannot write to {closed[0]}") if closed else (State.OK, "can be written")
    without = "create, apply, change, remove and undo cannot write; looking works"
    checks = [Check("writable", "use", "writing to it", state, found, without, required=True)]
    if interrupted(checkout.root):
        found = "a change is under way or was cut off"
        checks.append(Check("journal", "use", "journal", State.OLD, found, "`newbackend undo` rolls it back"))
    return checks


def temporary_files() -> Check:
    """Whether there is room for a temporary file."""
    state, found = State.OK, tempfile.gettempdir() if _can_write() else ""
    if not found:
        state, found = State.MISSING, "no folder can be written: set TMPDIR"
    return Check("temporary", "use", "temporary files", state, found, "git and templates need them", required=True)


def _can_write() -> bool:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            return True
    except OSError:
        return False


def proof_checks() -> list[Check]:
    """What the proofs of `package check` run in."""
    from newbackend.package.proofs.cpu import emulator
    from newbackend.package.sandbox import find_sandbox

    sandbox, qemu = find_sandbox(), emulator()
    works = not isinstance(sandbox, str)
    return [
        Check(
            "sandbox",
            "proofs",
            "sandbox",
            State.OK if works else State.MISSING,
            f"{sandbox.kind}, {sandbox.tool}" if not isinstance(sandbox, str) else sandbox,
            "package check --smoke and --run say unknown",
        ),
        Check(
            "qemu",
            "proofs",
            "qemu-user, static",
            State.OK if qemu else State.MISSING,
            str(qemu) if qemu else "not found (Debian: qemu-user-static)",
            "package check cannot start a package on an older processor",
        ),
    ]


def network(*, online: bool) -> Check:
    """Whether the host of the pins answers; only looked at when asked for."""
    base, without = base_url(), "create --pin needs a full commit, and the wizard reads nothing of the upstream"

    def check(state: State, found: str) -> Check:
        return Check("network", "network", "upstream host", state, found, without)

    if not online:
        return check(State.SKIPPED, f"{base}: pass --online to ask it")
    env = {"LC_ALL": "C", "GIT_ALLOW_PROTOCOL": allowed_protocols(base)}
    started = time.monotonic()
    try:
        done = run_outside("ls-remote", "--", f"{base}/{_UPSTREAM}", "HEAD", timeout=NETWORK_SECONDS, env=env)
    except subprocess.TimeoutExpired:
        return check(State.MISSING, f"{base} did not answer within {NETWORK_SECONDS:.0f} s")
    except NewbackendError as error:
        return check(State.MISSING, error.message)
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["git ls-remote failed"]
        why = next((line for line in lines if line.startswith("fatal: ")), lines[-1]).removeprefix("fatal: ")
        return check(State.MISSING, f"{base} cannot be reached ({why})")
    return check(State.OK, f"{base} answered in {time.monotonic() - started:.1f} s")

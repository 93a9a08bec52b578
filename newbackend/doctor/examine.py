"""All checks of `newbackend doctor`, in the order in which they are shown."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from newbackend.doctor.model import Check, Diagnosis, State
from newbackend.doctor.programs import modules, programs
from newbackend.doctor.surroundings import checkout_checks, network, proof_checks, temporary_files

GROUPS = {
    "use": "create and verify",
    "build": "building and testing a backend here",
    "proofs": "package check",
    "network": "network",
    "contribute": "a pull request",
}


def examine(start: Path, *, online: bool) -> Diagnosis:
    """Looks at this machine and at the checkout that `start` is in. Only `online` asks the network."""
    in_checkout, about, root = checkout_checks(start)
    tools = programs(root)
    python = Check("python", "use", "Python", State.OK, f"{platform.python_version()}, {sys.executable}", required=True)
    asked = network(online=online)
    every = [python, *tools, *in_checkout, temporary_files(), *proof_checks(), *modules(), asked]
    order = list(GROUPS)
    return Diagnosis(tuple(sorted(every, key=lambda check: order.index(check.group))), about)

"""The release on PyPI that is the engine of a Python backend, from its requirement files."""

from __future__ import annotations

import re

from newbackend.catalog.torch import PACKAGES
from newbackend.describe.facts import Registered
from newbackend.errors import UsageError
from newbackend.registrations.support.display_names import squeezed
from newbackend.requirement import Requirement, normal, parse_requirement

_FILE = re.compile(r"requirements(?:-[\w.]+)?\.txt\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SERVER = frozenset(["grpcio", "grpcio-tools", "protobuf", "certifi", "packaging", "setuptools", "wheel", "pip"])
"""What the server needs, whatever the engine is."""


def release_of(backend: Registered) -> str:
    """PACKAGE==VERSION of the distribution that is named like the backend, or is the only one beside those of the
    server and PyTorch; "" when there is none, or more than one version of it."""
    if not backend.language.takes_pip:
        return ""
    names, pinned = _requirements(backend)
    names -= {*_SERVER, *PACKAGES}
    own = squeezed(backend.name)
    akin = [name for name in sorted(names) if squeezed(name) in own or own in squeezed(name)]
    wanted = akin if akin else sorted(names)
    found = {(one.name, one.version): one for one in pinned if [one.key] == wanted}
    one = next(iter(found.values()), None)
    extras = {extra for each in pinned if one and each.key == one.key for extra in each.extras}
    return str(one) if one and len(found) == 1 and extras == set(one.extras) else ""


def _requirements(backend: Registered) -> tuple[set[str], list[Requirement]]:
    """The names of all distributions, and those at one version."""
    names: set[str] = set()
    pinned: list[Requirement] = []
    for file in backend.checkout.children(backend.directory):
        text = backend.checkout.read(f"{backend.directory}/{file}") if _FILE.match(file) else None
        for line in (text or "").splitlines():
            bare = line.partition("#")[0].strip()
            match = _NAME.match(bare)
            if match and "://" not in bare:
                names.add(normal(match[0]))
                pinned += _pinned(bare)
    return names, pinned


def _pinned(line: str) -> list[Requirement]:
    try:
        return [parse_requirement(line)]
    except UsageError:
        return []

"""Versions that a new backend takes from its siblings in the checkout, because LocalAI moves them and we do not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypedDict

from newbackend.checkout.tree import Checkout, cached
from newbackend.errors import NewbackendError

FOLDER, DOCKERFILES = "backend/python", "backend"
GRPCIO, GRPC = "1.83.0", "v1.65.0"
INDEXES: Mapping[str, str] = {
    "cpu": "https://download.pytorch.org/whl/cpu",
    "cublas13": "https://download.pytorch.org/whl/cu130",
    "hipblas": "https://download.pytorch.org/whl/rocm7.0",
    "intel": "https://download.pytorch.org/whl/xpu",
    "l4t12": "https://pypi.jetson-ai-lab.io/jp6/cu129/",
    "l4t13": "https://download.pytorch.org/whl/cu130",
}
"""Where wheels come from, by build profile, in a checkout without siblings (LocalAI of August 2026)."""
_GRPCIO = re.compile(r"^grpcio==(\d+(?:\.\d+){1,3})\s*$", re.MULTILINE)
_GRPC = re.compile(r"^ARG GRPC_VERSION=(v\d+(?:\.\d+){1,3})\s*$", re.MULTILINE)
_INDEX = re.compile(r"^--extra-index-url[= ](https://[A-Za-z0-9./_-]+)\s*$", re.MULTILINE)


class Versions(TypedDict):
    """grpcio for Python, gRPC for C++, and the index of wheels for each build profile of Python."""

    grpcio: str
    grpc: str
    indexes: dict[str, str]


@cached
def versions_of(checkout: Checkout) -> Versions:
    """What the siblings have: of grpcio the newest, because old backends keep old ones; of all others the most used."""
    names = [name for name in checkout.children(FOLDER) if name != "common"]
    grpcio = _found(_GRPCIO, checkout, [f"{FOLDER}/{name}/requirements.txt" for name in names])
    dockerfiles = [f"{DOCKERFILES}/{name}" for name in checkout.children(DOCKERFILES) if name.startswith("Dockerfile.")]
    grpc = _found(_GRPC, checkout, dockerfiles)
    indexes = {
        profile: _most_used(_found(_INDEX, checkout, [f"{FOLDER}/{name}/requirements-{profile}.txt" for name in names]))
        for profile in INDEXES
    }
    return {
        "grpcio": max(grpcio, key=_numbers, default=GRPCIO),
        "grpc": _most_used(grpc) or GRPC,
        "indexes": {profile: index or INDEXES[profile] for profile, index in indexes.items()},
    }


def _found(pattern: re.Pattern[str], checkout: Checkout, paths: Iterable[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        try:
            found += pattern.findall(checkout.read(path) or "")
        except NewbackendError:
            continue  # no text
    return found


def _most_used(values: Iterable[str]) -> str:
    """The most frequent value, of equals the last by name; "" of none."""
    counts = Counter(values)
    return max(counts, key=lambda value: (counts[value], value), default="")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))

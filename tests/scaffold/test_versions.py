"""Versions follow the siblings in the checkout, forward and backward."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.runner import newbackend

from newbackend.checkout.layout import open_checkout
from newbackend.scaffold.versions import GRPC, GRPCIO, INDEXES, versions_of

PYTHON = "backend/python"


def replaced(root: Path, pattern: str, old: str, new: str) -> None:
    files = list(root.glob(pattern))
    assert files
    for file in files:
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(("index", "grpcio"), [("rocm8.0", "1.99.0"), ("rocm6.3", "1.60.1")])
def test_a_checkout_that_moved_is_followed(sample: Path, index: str, grpcio: str) -> None:
    found = versions_of(open_checkout(sample))
    replaced(sample, f"{PYTHON}/*/requirements-hipblas.txt", "rocm7.0", index)
    replaced(sample, f"{PYTHON}/*/requirements.txt", f"grpcio=={found['grpcio']}", f"grpcio=={grpcio}")
    replaced(sample, "backend/Dockerfile.*", f"GRPC_VERSION={found['grpc']}", "GRPC_VERSION=v1.70.0")
    moved = versions_of(open_checkout(sample))
    assert moved["indexes"]["hipblas"].endswith(index)
    assert (moved["grpcio"], moved["grpc"]) == (grpcio, "v1.70.0")
    words = ("create", "flute", "--lang", "python", "--variants", "cpu,rocm", "--no-input", "--yes", "--allow-dirty")
    done = newbackend(*words, "--repo", sample)
    assert done.status == 0, done.err
    folder = sample / PYTHON / "flute"
    assert (
        (folder / "requirements-hipblas.txt")
        .read_text(encoding="utf-8")
        .startswith(f"--extra-index-url https://download.pytorch.org/whl/{index}\n")
    )
    assert f"grpcio=={grpcio}\n" in (folder / "requirements.txt").read_text(encoding="utf-8")


def test_without_siblings_the_catalogue_holds(sample: Path) -> None:
    for file in [*sample.glob(f"{PYTHON}/*/requirements*.txt"), *sample.glob("backend/Dockerfile.*")]:
        file.write_text("", encoding="utf-8")
    assert versions_of(open_checkout(sample)) == {"grpcio": GRPCIO, "grpc": GRPC, "indexes": dict(INDEXES)}


def test_a_line_that_is_no_version_is_not_taken(sample: Path) -> None:
    for file in sample.glob(f"{PYTHON}/*/requirements.txt"):
        file.write_text("grpcio==1.99.0; import os\ngrpcio==$(id)\n", encoding="utf-8")
    assert versions_of(open_checkout(sample))["grpcio"] == GRPCIO

"""A generated Python backend that runs without an installation: ours is its interpreter.

`make` would create a virtual environment from a package index; a test has no network. So `venv/`
holds just enough to start this interpreter, and the stubs are made by our own grpc_tools.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grpc_tools import protoc
from templates.render import ROOT, context, probe, render_into

SAMPLE = ROOT / "newbackend/sample/tree"
_PYTHON = """#!/bin/sh
exec {interpreter} "$@"
"""


@dataclass(frozen=True)
class Standin:
    """A backend's directory inside a copy of the parts of a checkout that it needs."""

    folder: Path
    proto: Path
    features: Mapping[str, bool]

    @property
    def run_sh(self) -> Path:
        return self.folder / "run.sh"

    def replace(self, file: str, old: str, new: str) -> None:
        """Changes one place of a generated file; raises ValueError when it is not there once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{file} holds {old!r} {text.count(old)} times")
        path.write_text(text.replace(old, new), encoding="utf-8")


def python_standin(
    checkout: Path, root: Path, *, name: str, modalities: list[str], description: str = "A test."
) -> Standin:
    """Renders a Python backend below `root` for the revision of `checkout` and makes it runnable."""
    source = checkout / "backend"
    proto = root / "backend/backend.proto"
    proto.parent.mkdir(parents=True)
    shutil.copy(source / "backend.proto", proto)
    shutil.copytree(source / "python/common", root / "backend/python/common")
    values = context("python", checkout=checkout, name=name, modalities=modalities, description=description)
    render_into(root, "python", values)
    folder = root / "backend/python" / name
    programs = folder / "venv/bin"
    programs.mkdir(parents=True)
    (programs / "activate").touch()
    python = programs / "python"
    python.write_text(_PYTHON.format(interpreter=sys.executable), encoding="utf-8")
    python.chmod(0o755)
    arguments = ["protoc", f"-I{proto.parent}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main([*arguments, proto.name]) != 0:
        raise ValueError(f"protoc cannot read {proto}")
    return Standin(folder, proto, probe(checkout)[1])

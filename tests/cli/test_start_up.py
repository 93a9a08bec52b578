"""Start-up is cheap because heavy imports stay inside the verbs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cli.runner import newbackend

from newbackend import __version__

HEAVY = {
    "copier", "questionary", "prompt_toolkit", "rich", "jinja2", "ruamel.yaml", "yaml", "ryml", "tree_sitter",
    "quickjs", "pydantic", "grpc", "iced_x86",
}  # fmt: skip


def imported_by(*words: str) -> set[str]:
    """Modules that a run imports, by the interpreter's own account."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-X", "importtime", "-m", "newbackend", *words]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False)
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_the_version_is_said() -> None:
    python = ".".join(map(str, sys.version_info[:3]))
    said = newbackend("--version").out
    assert said.startswith(f"newbackend {__version__} (")
    assert said.endswith(f"Python {python}, {os.uname().sysname} {os.uname().machine})\n")


@pytest.mark.parametrize("words", [("--version",), ("undo", "--help")])
def test_a_light_command_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    found = imported_by(*words)
    assert "newbackend.cli.main" in found
    assert not found & HEAVY

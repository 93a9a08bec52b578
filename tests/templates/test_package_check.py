"""package.sh of the compiled languages ends in `newbackend package check`, and does without it.

The scripts run for real, over a small C program in place of the backend.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from package.workshop import gcc, missing_tools

from templates import render as r

pytestmark = pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "-")

PROGRAM = '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'
PROGRAMS = {"cpp": "grpc-server", "go": "my-engine", "rust": "target/release/my-engine-grpc"}
LANGUAGES = sorted(PROGRAMS)


@dataclass(frozen=True)
class Packing:
    """A rendered backend with a program to pack, and a PATH on which `newbackend` is what the test says."""

    folder: Path
    tools: Path

    def installed(self, script: str) -> None:
        """Puts a `newbackend` of these shell lines on the PATH."""
        self.tools.mkdir(exist_ok=True)
        file = self.tools / "newbackend"
        file.write_text(f"#!/bin/bash\n{script}\n")
        file.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(self.tools), "/usr/bin", "/bin", "/usr/sbin", "/sbin"])
        return subprocess.run(
            ["bash", "package.sh"],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )


def packing(lang: str, root: Path, *flags: str) -> Packing:
    # The oldest revision has no helper scripts to copy libraries with, so the backend's own code does it.
    values = r.context(lang, era=r.OLDEST)
    r.render_into(root, lang, values)
    folder = root / f"backend/{lang}/my-engine"
    gcc(folder / PROGRAMS[lang], PROGRAM, *flags)
    return Packing(folder, root / "tools")


@pytest.fixture(params=LANGUAGES)
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Packing:
    return packing(request.param, tmp_path / "checkout")


def test_without_newbackend_its_own_check_is_all(pack: Packing) -> None:
    done = pack.run()
    assert done.returncode == 0, done.stderr
    assert "0 errors" not in done.stdout
    assert (pack.folder / "package/lib/ld.so").exists()


def test_a_newbackend_without_package_check_is_not_asked(pack: Packing) -> None:
    pack.installed('echo "no such command: $*" >&2; exit 2')
    done = pack.run()
    assert done.returncode == 0, done.stderr
    assert "no such command" not in done.stderr


def test_its_findings_refuse_the_package(pack: Packing) -> None:
    pack.installed('[ "${3:-}" = --help ] && exit 0; echo "checking $3"; exit 1')
    done = pack.run()
    assert done.returncode != 0
    assert f"checking {pack.folder}/package" in done.stdout
    assert "newbackend refuses the package" in done.stderr


@pytest.mark.parametrize("status", [2, 3, 127])
def test_its_own_trouble_does_not(pack: Packing, status: int) -> None:
    pack.installed(f'[ "${{3:-}}" = --help ] && exit 0; exit {status}')
    done = pack.run()
    assert done.returncode == 0, done.stderr
    assert f"could not check the package (exit status {status})" in done.stderr


def real(pack: Packing) -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    pack.installed(f'PYTHONPATH="{path}" exec "{sys.executable}" -m newbackend "$@"')


def test_the_real_one_has_nothing_to_say_against_a_good_package(pack: Packing) -> None:
    real(pack)
    done = pack.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout


def test_the_real_one_refuses_what_the_own_check_cannot_see(tmp_path: Path) -> None:
    pack = packing("rust", tmp_path / "checkout")
    real(pack)
    run = pack.folder / "run.sh"
    run.write_text(run.read_text().replace('-grpc" "$@"', '-grpc-server" "$@"'))
    done = pack.run()
    assert done.returncode != 0
    assert "error[PKG001]" in done.stdout


def test_a_static_go_program_is_no_defect_although_run_sh_would_take_a_loader(tmp_path: Path) -> None:
    pack = packing("go", tmp_path / "checkout", "-static")
    real(pack)
    done = pack.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "layout: static" in done.stdout
    assert not (pack.folder / "package/lib").exists()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_script_passes_shellcheck(lang: str, tmp_path: Path) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    folder = packing(lang, tmp_path).folder
    done = subprocess.run(["shellcheck", "package.sh"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout == ""

"""package.sh of the compiled languages proves that its package is whole, and `newbackend package check` agrees.

The scripts run for real, over a small C program in place of the backend.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli.runner import newbackend
from package.workshop import gcc, missing_tools

import newbackend.package as newbackend_package
from templates import render as r

pytestmark = pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "-")

DRIVERS = Path(newbackend_package.__file__).parent / "data/hostlibs.toml"
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


def test_it_runs_no_newbackend_that_happens_to_be_installed(pack: Packing) -> None:
    pack.installed('echo "ran" >&2; exit 1')
    done = pack.run()
    assert done.returncode == 0, done.stderr
    assert "ran" not in done.stderr
    assert (pack.folder / "package/lib/ld.so").exists()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_library_that_only_this_machine_has_is_named(lang: str, tmp_path: Path) -> None:
    pack = packing(lang, tmp_path / "checkout")
    script = pack.folder / "package.sh"
    gone = 'rm -f "$PACKAGE/lib/libc.so.6"'
    script.write_text(re.sub(r"(?m)^(\s*if ! listing=)", rf"{gone}\n\1", script.read_text()))
    done = pack.run()
    assert done.returncode == 1
    assert re.search(r"package.sh: .* needs libc.so.6, found: \S+", done.stderr)
    assert "not self-contained" in done.stderr


def test_the_drivers_that_are_not_packaged_are_those_that_package_check_knows() -> None:
    table = tomllib.loads(DRIVERS.read_text(encoding="utf-8"))
    known = {row["name"] for row in table["library"] if row["kind"] == "driver"}
    part = (r.TEMPLATES / "shared/common/parts/closure.sh.jinja").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^    (lib\S+(?: \| \S+)*)\) return 0", part, re.M)
    assert set(listed.split(" | ")) == known


def test_package_check_has_nothing_to_say_against_a_good_package(pack: Packing) -> None:
    assert pack.run().returncode == 0
    checked = newbackend("package", "check", pack.folder / "package")
    assert checked.status == 0, checked.out
    assert "0 errors" in checked.out


def test_a_static_go_program_is_no_defect_although_run_sh_would_take_a_loader(tmp_path: Path) -> None:
    pack = packing("go", tmp_path / "checkout", "-static")
    assert pack.run().returncode == 0
    assert "layout: static" in newbackend("package", "check", pack.folder / "package").out
    assert not (pack.folder / "package/lib").exists()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_script_passes_shellcheck(lang: str, tmp_path: Path) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    folder = packing(lang, tmp_path).folder
    done = subprocess.run(["shellcheck", "package.sh"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout == ""

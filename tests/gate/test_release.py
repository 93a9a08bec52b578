"""What the release workflow calls: the archives are the same twice, hold what they should, and work when installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import git
from gate.offline import OFFLINE

from newbackend import __version__

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.xdist_group("release")  # built once


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives, built and checked by the script of the release."""
    folder = tmp_path_factory.mktemp("dist")
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **OFFLINE, "PATH": tools, "BUILD_OPTIONS": "--no-isolation"}
    done = subprocess.run(
        ["sh", ROOT / ".ci/dist", folder], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_archives_are_the_same_twice_and_pass_the_checks(dist: Path) -> None:
    names = sorted(file.name for file in dist.iterdir())
    assert names == [f"newbackend-{__version__}-py3-none-any.whl", f"newbackend-{__version__}.tar.gz"]


def test_the_wheel_knows_its_revision_and_has_no_tests(dist: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        if (ROOT / ".git").exists():
            head = git(ROOT, "rev-parse", "HEAD")
            assert head.startswith(wheel.read("newbackend/_revision").decode().strip().removesuffix("-dirty"))
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]
    assert "newbackend/_schema/answers.json" in names


def test_the_source_archive_has_all_that_make_test_needs(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Makefile", "CHANGELOG.md", "action.yml", "tests/conftest.py", "docs/rules.md", ".ci/dist"}
    assert wanted <= names


def test_every_version_has_a_section_in_the_changelog() -> None:
    def section(version: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "tools/changelog.py"), version]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert section(f"v{__version__}").stdout.startswith("First version")
    assert (section("9.9.9").returncode, section("9.9.9").stderr) == (1, "CHANGELOG.md has no section for 9.9.9\n")


def test_no_file_invents_an_address() -> None:
    """Until `address.py` has one, nothing names a repository of this project but the placeholder."""
    named = re.compile(r"(?:github\.com|githubusercontent\.com)/([\w.-]+)/newbackend\b")
    own = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "action.yml", "pyproject.toml")
    files = [ROOT / name for name in own]
    files += [file for pattern in ("docs/*.md", "examples/*", ".github/**/*.yml") for file in ROOT.glob(pattern)]
    found = {name for file in files for name in named.findall(file.read_text(encoding="utf-8"))}
    assert found <= {"OWNER"}

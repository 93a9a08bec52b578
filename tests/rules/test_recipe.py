"""A new rule takes its module and a case: everything else finds it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import newbackend

MODULE = '''\
"""A toy: every backend has a README."""

from __future__ import annotations

from collections.abc import Iterable

from newbackend.checklist import DIRECTORY
from newbackend.findings import Finding, Fix, Severity
from newbackend.registrations.base import Change
from newbackend.rules.context import Context
from newbackend.rules.registry import check, repair, rule
from newbackend.splice.outcome import Ambiguous

README_MISSING = rule(
    "REG899",
    "toy-readme-missing",
    Severity.WARNING,
    what="The backend has no README.",
    why="It is a toy.",
    how="Write one.",
    fix=Fix.SAFE,
    checklist=DIRECTORY,
)


@check(README_MISSING)
def readmes(context: Context) -> Iterable[Finding]:
    """Backends without the file."""
    for info in context.backends.values():
        if info.directory and not context.checkout.exists(f"{info.directory}/README.md"):
            path = f"{info.directory}/README.md"
            yield Finding(README_MISSING, "README.md", path, line=1, message="there is no README", backend=info.name)


@repair(README_MISSING)
def write(context: Context, finding: Finding) -> Iterable[Change]:
    """Leaves it to a person."""
    return ()
'''


@pytest.fixture(scope="module")
def with_toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with one more module of rules; what `PYTHONPATH` has to name."""
    home = tmp_path_factory.mktemp("product")
    source = Path(newbackend.__file__).parent
    shutil.copytree(source, home / "newbackend", ignore=shutil.ignore_patterns("__pycache__", "_templates"))
    (home / "newbackend/_templates").symlink_to(source / "_templates")
    (home / "newbackend/registrations/matrix/rules_toy.py").write_text(MODULE, encoding="utf-8")
    return home


def product(home: Path, *words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(home), *filter(None, sys.path)))
    command = [sys.executable, "-m", *words]
    environment = {**os.environ, "PYTHONPATH": path, **env}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_verify_reports_it(with_toy: Path, sample: Path) -> None:
    report = json.loads(product(with_toy, "newbackend", "verify", "goquill", "--format", "json", cwd=sample).stdout)

    found = [finding for finding in report["findings"] if finding["rule"] == "REG899"]
    assert [(finding["name"], finding["backend"], finding["fix"]) for finding in found] == [
        ("toy-readme-missing", "goquill", "safe")
    ]


def test_newbackend_rule_explains_it(with_toy: Path, tmp_path: Path) -> None:
    assert "Write one." in product(with_toy, "newbackend", "rule", "toy-readme-missing", cwd=tmp_path).stdout


def test_the_documentation_has_it(with_toy: Path, tmp_path: Path) -> None:
    product(with_toy, "newbackend.rulebooks", "rules.md", cwd=tmp_path)

    assert "### REG899 toy-readme-missing" in (tmp_path / "rules.md").read_text(encoding="utf-8")


def test_shell_completion_offers_it(with_toy: Path, tmp_path: Path) -> None:
    words = {"COMP_WORDS": "newbackend rule REG89", "COMP_CWORD": "2", "_NEWBACKEND_COMPLETE": "complete_bash"}

    assert product(with_toy, "newbackend", cwd=tmp_path, **words).stdout.split() == ["REG899"]

"""The documentation builds as a site without a warning, with a page for each rule and each command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from newbackend.cli.reference import commands, manual
from newbackend.rulebooks import all_rules

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.xdist_group("site")  # built once


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in strict mode: a link that leads nowhere is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    return folder


def test_every_page_of_docs_is_there(site: Path) -> None:
    pages = [file.relative_to(ROOT / "docs").with_suffix(".html") for file in (ROOT / "docs").rglob("*.md")]
    missing = [str(page) for page in pages if page.name != "README.html" and not (site / page).is_file()]
    assert missing == []
    start = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="agents.html"' in start
    assert 'href="examples/pull-request.yml"' in (site / "gate.html").read_text(encoding="utf-8")


def test_every_rule_and_every_command_has_a_page(site: Path) -> None:
    assert {file.stem for file in (site / "rules").glob("*.html")} == set(all_rules())
    assert "Add a branch to inferBackendPath" in (site / "rules/REG401.html").read_text(encoding="utf-8")
    names = {command.name.replace(" ", "-") for command in commands()}
    assert {file.stem for file in (site / "commands").glob("*.html")} == names
    assert "--strict" in (site / "commands/verify.html").read_text(encoding="utf-8")


def test_the_manual_page_is_that_of_the_help() -> None:
    text = manual()
    for command in commands():
        assert f".SS {command.usage}".replace("-", r"\-") in text
    assert r"\fB\-\-fail\-on error|warning|never\fR" in text
    requests = {line.split()[0] for line in text.splitlines() if line.startswith(".")}
    assert requests <= {".TH", ".SH", ".SS", ".PP", ".TP", ".B"}

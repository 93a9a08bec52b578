"""actionlint and zizmor find nothing in the workflows that this project has, shows and generates."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from conftest import tool
from specs import spec

from newbackend import __version__, address
from newbackend.catalog.languages import languages
from newbackend.checkout.tree import Checkout
from newbackend.plan.build import plan_create

ROOT = Path(__file__).resolve().parents[2]
OWN = [*sorted((ROOT / ".github/workflows").glob("*.yml")), *sorted((ROOT / "examples").glob("*.yml"))]
USES = re.compile(r"uses: *(\S+)@(\S+)(?: # (\S+))?")


def complaints(*command: str | Path) -> str:
    """What a linter says; "" when it finds nothing."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    assert complaints(tool("actionlint"), *OWN) == ""


def test_zizmor_finds_nothing() -> None:
    command = (tool("zizmor"), "--offline", "--persona", "pedantic", "--no-progress")
    assert complaints(*command, ROOT / "action.yml", ROOT / ".github", *OWN) == ""


def test_the_generated_workflows_are_clean(checkout: Checkout, tmp_path: Path) -> None:
    files = []
    for language in languages().values():
        options = {"glibc_floor": "2.28"}
        if any(flavour.no_glibc_floor for flavour in language.flavours.values()) or language.no_glibc_floor:
            continue
        plan = plan_create(spec(lang=language.id, variants=["cpu"], options=options), checkout)
        for edit in plan.made:
            if edit.op == "create" and edit.path.startswith(".github/workflows/"):
                files.append(tmp_path / f"{language.id}.yml")
                files[-1].write_text(edit.content or "")
    assert files
    assert complaints(tool("actionlint"), *files) == ""
    assert complaints(tool("zizmor"), "--offline", "--no-progress", *files) == ""


@pytest.mark.parametrize("file", [ROOT / "action.yml", *OWN], ids=lambda file: file.name)
def test_actions_are_pinned_by_commit_with_their_version(file: Path) -> None:
    for name, revision, version in USES.findall(file.read_text(encoding="utf-8")):
        assert re.fullmatch("[0-9a-f]{40}", revision), name
        assert version.startswith("v"), name


def test_the_examples_name_this_project_as_the_setting_does() -> None:
    home = address.REPOSITORY or "OWNER/newbackend"
    text = (ROOT / "examples/pull-request.yml").read_text(encoding="utf-8")
    assert f"uses: {home}@" in text
    if address.REPOSITORY:
        assert "OWNER/" not in "".join(file.read_text(encoding="utf-8") for file in OWN)
        assert f"newbackend=={__version__}" in (ROOT / "examples/gallery.yml").read_text(encoding="utf-8")

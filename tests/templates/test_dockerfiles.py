"""hadolint has nothing to say about a generated Dockerfile, but for what all of LocalAI's have on purpose."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from newbackend.catalog.languages import languages

from .render import pin, render

ON_PURPOSE = {
    "DL3008": "the base image pins the distribution; its mirrors do not keep old versions",
    "DL3045": "the last stage is a scratch image whose root is what LocalAI unpacks",
}
CPP = languages()["cpp"]


@pytest.mark.parametrize("flavour", sorted(CPP.flavours))
def test_a_generated_dockerfile_passes_hadolint(flavour: str, tmp_path: Path) -> None:
    tool = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if tool is None:
        pytest.skip("hadolint is not installed (extra `dev`)")
    files = render("cpp", name="my-engine", flavour=flavour, variants=list(CPP.flavours[flavour].variants), pin=pin())
    path = tmp_path / "Dockerfile"
    path.write_text(files["backend/Dockerfile.my-engine"][1])
    words = [tool, "--no-color", *(word for rule in ON_PURPOSE for word in ("--ignore", rule)), str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr

"""Builds `gallery_probe`, a program that links LocalAI's own gallery code, beside a work tree of LocalAI.

LocalAI's tree is only read, but for the generated Go code of its proto. Modules that the registry refuses are replaced:
the agent library by a stand-in, others, of which nothing is called, by empty ones.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from localai.protogen import generate

SOURCE = Path(__file__).with_name("gallery_probe")
MOST_REPLACED = 12
_REFUSED = re.compile(r"([\w./-]+)@v[\w.+-]+: reading \S+: 403", re.M)


def build_probe(localai: Path, scratch: Path) -> Path:
    """The program. Skips where Go is missing, or LocalAI's code does not build on this machine."""
    if shutil.which("go") is None or shutil.which("protoc") is None:
        pytest.skip("go and protoc build the probe")
    scratch.mkdir(parents=True)
    generate(localai, scratch / "tools")
    module = scratch / "module"
    module.mkdir()
    shutil.copy(SOURCE / "main.go", module)
    text = re.sub(r"^module .*", "module probe", (localai / "go.mod").read_text(), flags=re.M)
    own = f"github.com/mudler/LocalAI => {localai}\nreplace github.com/mudler/cogito => {SOURCE / 'cogito'}"
    (module / "go.mod").write_text(f"{text}\nrequire github.com/mudler/LocalAI v0.0.0\nreplace {own}\n")
    shutil.copy(localai / "go.sum", module)
    env = {**os.environ, "GOFLAGS": "-mod=mod -trimpath -buildvcs=false"}
    said = ""
    for _ in range(MOST_REPLACED):
        command = ["go", "build", "-p", "2", "-o", str(scratch / "probe"), "."]
        done = subprocess.run(command, cwd=module, env=env, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return scratch / "probe"
        said = done.stderr
        refused = _REFUSED.search(said)
        if refused is None:
            break
        _replace(module, scratch, refused[1])
    pytest.skip(f"LocalAI's gallery code does not build here: {said[-400:]}")


def _replace(module: Path, scratch: Path, name: str) -> None:
    empty = scratch / "empty" / name.replace("/", "-")
    empty.mkdir(parents=True)
    (empty / "go.mod").write_text(f"module {name}\n\ngo 1.26.0\n")
    with (module / "go.mod").open("a") as file:
        file.write(f"replace {name} => {empty}\n")


def table(probe: Path, backends: Path, index: Path, hosts: list[str]) -> dict[str, dict[str, str]]:
    """Host -> name -> `ENTRY URI` of what LocalAI would install, "" for nothing."""
    done = subprocess.run(
        [str(probe), "table", str(backends), str(index), *hosts], capture_output=True, text=True, check=True
    )
    answer: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])  # its log comes first
    return answer


def install(probe: Path, backends: Path, index: Path, host: str, name: str) -> Path:
    """Installs by LocalAI's own code and returns the run.sh that LocalAI would start."""
    done = subprocess.run(
        [str(probe), "install", str(backends), str(index), host, name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Path(done.stdout.splitlines()[-1])

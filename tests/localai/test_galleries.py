"""LocalAI's own code is asked what it makes of galleries: the official one, and generated ones with their packed
archives (needs NEWBACKEND_LOCALAI)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import NEWEST
from drive import drive
from localai.probe import build_probe, install, table

from newbackend.catalog.hosts import HOSTS
from newbackend.gallery.document import read_index
from newbackend.gallery.table import pick

pytestmark = [pytest.mark.localai, pytest.mark.xdist_group("localai")]

REPOSITORIES = [
    ("go", "purego", "cpu,cuda12,vulkan,l4t-cuda13"),
    ("python", "default", "cpu,cuda13,rocm,intel"),
    ("cpp", "self-contained", "cpu,cuda12"),
    ("rust", "default", "cpu"),
]
BUILDS = {
    "go": ("go", "pure", ("make", "build"), "backend/go/oak/package"),
    "python": ("python", "default", ("make", "assemble"), "build/image"),
    "cpp": ("cpp", "self-contained", ("make", "build"), "backend/cpp/oak/package"),
    "rust": ("rust", "default", ("make", "build"), "backend/rust/oak/package"),
}


@pytest.fixture(scope="module")
def probe(localai_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LocalAI's gallery code as a program."""
    scratch = tmp_path_factory.mktemp("probe")
    tree = scratch / "localai"
    words = ["git", "-C", str(localai_clone), "worktree", "add", "--quiet", "--detach", str(tree), NEWEST]
    subprocess.run(words, check=True)
    try:
        return build_probe(tree, scratch / "build")
    finally:
        subprocess.run(["git", "-C", str(localai_clone), "worktree", "remove", "--force", str(tree)], check=True)


def differences(probe: Path, index: Path) -> tuple[int, list[str]]:
    """How many answers were compared, and those that are not LocalAI's."""
    ours = read_index(index.name, index.read_text())
    theirs = table(probe, index.parent, index, list(HOSTS))
    wrong, count = [], 0
    for host, row in theirs.items():
        for name, answer in row.items():
            picked = pick(ours, name, host).entry
            count += 1
            if (f"{picked.name} {picked.uri}" if picked else "") != answer:
                wrong.append(f"{name} on {host}: {picked}, and LocalAI says {answer!r}")
    return count, wrong


def test_every_entry_of_the_official_gallery_on_every_host(
    probe: Path, localai_at: Callable[[str], Path], tmp_path: Path
) -> None:
    backends = tmp_path / "backends"
    backends.mkdir()
    index = Path(shutil.copy(localai_at(NEWEST) / "backend/index.yaml", backends))
    count, wrong = differences(probe, index)
    assert wrong == []
    assert count > 10_000


def test_odd_galleries_too(probe: Path, tmp_path: Path) -> None:
    """Names in capitals, duplicates, metas of metas, merges, missing and hidden targets."""
    text = """\
- &a
  name: A
  capabilities: {cpu: cpu-a, amd: a, intel: gone, nvidia: Cuda-A, nvidia-cuda-13: ''}
- name: cpu-a
  uri: ghcr.io/me/a:1-amd64
- name: CPU-A
  uri: ghcr.io/me/a:1
- name: cuda-a
  uri: ghcr.io/me/a:2
- !!merge <<: *a
  name: b
- !!merge <<: *a
  name: c
  uri: ghcr.io/chipmunk/c:1
- name: none
  description: nothing
- name: d
  capabilities: {default: d}
"""
    index = tmp_path / "index.yaml"
    index.write_text(text)
    count, wrong = differences(probe, index)
    assert wrong == []
    assert count == 12 * 8


@pytest.mark.parametrize(("lang", "flavour", "variants"), REPOSITORIES)
def test_generated_galleries(probe: Path, tmp_path: Path, lang: str, flavour: str, variants: str) -> None:
    index = _create(tmp_path / "r", lang, flavour, variants) / "gallery/index.yaml"
    (tmp_path / "backends").mkdir()
    count, wrong = differences(probe, Path(shutil.copy(index, tmp_path / "backends")))
    assert wrong == []
    assert count == len(HOSTS) * (1 + len(variants.split(",")))


@pytest.mark.build
@pytest.mark.parametrize("lang", list(BUILDS))
def test_a_packed_backend_is_installed_and_answers(probe: Path, tmp_path: Path, lang: str) -> None:
    lang, flavour, command, package = BUILDS[lang]
    root = _create(tmp_path / "r", lang, flavour, "cpu")
    quick = {
        "JOBS": "2", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0", "CARGO_INCREMENTAL": "0", "CARGO_BUILD_JOBS": "2",
        "USE_PIP": "true", "PYTHON_VERSION": "3.11", "PORTABLE_PYTHON": "false",
    }  # fmt: skip
    built = subprocess.run(
        [*command], cwd=root, env={**os.environ, **quick}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    packed = newbackend("package", "pack", root / package, "--output", tmp_path / "oak.tar")
    assert packed.status == 0, packed.err
    backends = tmp_path / "backends"
    backends.mkdir()
    gallery = (root / "gallery/index.yaml").read_text()
    local = re.sub(r"uri: .*", f"uri: ocifile://{tmp_path}/oak.tar", gallery)
    (backends / "index.yaml").write_text(local)
    run = install(probe, backends, backends / "index.yaml", "default", "oak")
    assert run == backends / "cpu-oak/run.sh"
    results = drive(run, root / "backend/backend.proto", name="oak", modalities=["llm", "embeddings"], features={})
    assert [f"{result.name}: {result.detail}" for result in results if not result.ok] == []
    assert {"start", "health", "rpc-Predict", "rpc-Embedding"} <= {result.name for result in results}


def _create(target: Path, lang: str, flavour: str, variants: str) -> Path:
    words = ["create", "oak", "--lang", lang, "--set", f"flavour={flavour}", "--modality", "llm,embeddings"]
    words += ["--variants", variants, "--license", "MIT", "--image-base", "ghcr.io/me/oak", "--no-input", "--yes"]
    done = newbackend(*words, "--standalone", target)
    assert done.status == 0, done.err
    return target

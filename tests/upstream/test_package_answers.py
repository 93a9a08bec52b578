"""Engines that are a Python distribution or a Rust crate."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
from cli.runner import Result, newbackend
from miniature import Make
from templates.render import pin, render

from newbackend.upstream.package_answers import accelerator_extras

PYPROJECT = """[project]
name = "wood-wind"
version = "2.0"
requires-python = ">=3.10"
license = "MIT"
[project.optional-dependencies]
cuda = ["torch"]
cuda-dev = ["torch", "pytest"]
rocm = ["torch"]
cpu = ["torch"]
docs = ["sphinx"]
"""
PYTHON = {
    "pyproject.toml": PYPROJECT,
    "src/wood_wind/__init__.py": "",
    "README.md": "Wood wind plays very well.\n",
}
CARGO = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
    "crates/brass/Cargo.toml": '[package]\nname = "brass"\nversion = "0.1.0"\nlicense = "MIT"\n',
    "crates/brass/src/lib.rs": "",
    "crates/aaa/Cargo.toml": '[package]\nname = "aaa"\nversion = "0.1.0"\n',
    "crates/aaa/src/lib.rs": "",
}


BRASS = '[lib]\nname = "horns"\n[features]\ndefault = ["cpu"]\ncpu = []\ncuda = []\nserde = []\n'


def create(sample: Path, lang: str, pin: str, *more: str) -> Result:
    words = ("create", "flute", "--lang", lang, "--pin", pin, "--variants", "cpu", "--no-input", "--yes", *more)
    return newbackend(*words, "--repo", sample)


def test_a_python_engine_is_installed_with_its_extra_and_imported(make: Make, sample: Path) -> None:
    done = create(sample, "python", f"acme/wood-wind@{make('acme/wood-wind', PYTHON)}")
    assert done.status == 0, done.err
    said = "takes wood-wind from acme/wood-wind (pyproject.toml, Python >=3.10, [cuda] for cublas, [rocm] for hipblas"
    assert said in done.out + done.err
    folder = sample / "backend/python/flute"
    install = (folder / "install.sh").read_text(encoding="utf-8")
    assert 'cublas | l4t) extra="[cuda]" ;;' in install
    assert '"") extra="[cpu]" ;;' in install
    subprocess.run(["bash", "-n", str(folder / "install.sh")], check=True)
    # It needs nothing of PyTorch, and git brings it: neither a file of a profile nor a clone.
    assert sorted(path.name for path in folder.glob("requirements*.txt")) == ["requirements.txt"]
    planned = subprocess.run(["make", "-n", "-C", str(folder)], capture_output=True, text=True, check=True)
    assert "git" not in planned.stdout
    assert '"import wood_wind"' in (folder / "test.py").read_text(encoding="utf-8")
    assert "description: Wood wind plays very well" in (folder / ".newbackend.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("extras", "taken"),
    [
        (["cuda", "cu126"], {"cublas": "cuda"}),
        (["cu118", "cu121", "cu126", "cu13"], {"cublas12": "cu126", "cublas13": "cu13"}),
        (["cuda12", "cuda13", "rocm6", "rocm"], {"cublas12": "cuda12", "cublas13": "cuda13", "hipblas": "rocm"}),
        (["torch-cu128", "rocm62", "cuda12-dev"], {"cublas12": "torch-cu128", "hipblas": "rocm62"}),
        (["cu11", "cube12", "focus12", "docs"], {}),
        (["cpu", "cu12", "xpu"], {"cublas12": "cu12", "intel": "xpu", "cpu": "cpu"}),
    ],
)
def test_extras_for_hardware(extras: list[str], taken: dict[str, str]) -> None:
    assert accelerator_extras(extras) == taken


INSTALLED = """
BUILD_PROFILE=cpu
function installRequirements() { :; }
function runProtogen() { echo stubs; }
function uv() { echo "$@"; }
"""


@pytest.mark.parametrize(
    ("build_type", "source", "installed"),
    [
        ("", "", f"wood-wind[cpu] @ git+https://github.com/acme/wood-wind@{'2' * 40}"),
        ("l4t", "", f"wood-wind[cuda] @ git+https://github.com/acme/wood-wind@{'2' * 40}"),
        ("hipblas", "/my/clone", "/my/clone[rocm]"),
        ("intel", "/my/clone", "/my/clone"),
    ],
)
def test_the_commit_of_the_makefile_is_installed(tmp_path: Path, build_type: str, source: str, installed: str) -> None:
    extras = {"cublas": "cuda", "hipblas": "rocm", "cpu": "cpu"}
    assert _installed(tmp_path, extras, build_type, "cpu", source) == [f"pip install {installed}", "stubs"]


@pytest.mark.parametrize(
    ("build_type", "profile", "extra"),
    [("cublas", "cublas12", "[cu126]"), ("l4t", "l4t13", "[cu130]"), ("hipblas", "hipblas", ""), ("", "cpu", "[cpu]")],
)
def test_each_cuda_version_has_its_extra(tmp_path: Path, build_type: str, profile: str, extra: str) -> None:
    extras = {"cublas12": "cu126", "cublas13": "cu130", "cpu": "cpu"}
    installed = _installed(tmp_path, extras, build_type, profile, "/my/clone")
    assert installed == [f"pip install /my/clone{extra}", "stubs"]


def _installed(tmp_path: Path, extras: dict[str, str], build_type: str, profile: str, source: str) -> list[str]:
    """What `install.sh` runs, under stand-ins for LocalAI's functions."""
    engine = {"package": "wood-wind", "pip": "", "module": "wood_wind", "torch": [], "releases": {}, "extras": extras}
    at = pin("wood-wind")
    for path, (mode, text) in render("python", name="flute", pin=at, engine=engine).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(mode)
    common = tmp_path / "backend/python/common"
    common.mkdir()
    (common / "libbackend.sh").write_text(INSTALLED.replace("=cpu", f"={profile}"), encoding="utf-8")
    words = [f"{at['variable']}={'2' * 40}", f"{at['src_variable']}={source}", f"BUILD_TYPE={build_type}"]
    done = subprocess.run(
        ["make", "-s", "-C", str(tmp_path / "backend/python/flute"), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_the_package_needs_of_pytorch_is_in_each_profile(make: Make, sample: Path) -> None:
    manifest = PYPROJECT.replace("[project.optional", 'dependencies = ["torchaudio>=2", "numpy"]\n[project.optional')
    made = make("acme/wood-wind", {**PYTHON, "pyproject.toml": manifest})
    done = create(sample, "python", f"acme/wood-wind@{made}", "--variants", "cpu,cuda12,cuda13")
    assert done.status == 0, done.err
    folder = sample / "backend/python/flute"
    profiles = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("requirements-*.txt")}
    assert set(profiles) == {"requirements-cpu.txt", "requirements-cublas12.txt", "requirements-cublas13.txt"}
    index, *packages = profiles["requirements-cpu.txt"].splitlines()
    assert index.startswith("--extra-index-url https://")
    assert packages == ["torch", "torchaudio"]
    assert profiles["requirements-cublas12.txt"] == "torch\ntorchaudio\n"


def test_the_crate_that_is_named_like_the_repository_is_a_dependency(make: Make, sample: Path) -> None:
    files = {**CARGO, "crates/brass/Cargo.toml": CARGO["crates/brass/Cargo.toml"] + BRASS}
    done = create(sample, "rust", f"acme/brass@{make('acme/brass', files)}", "--modality", "tts")
    assert done.status == 0, done.err
    folder = sample / "backend/rust/flute"
    cargo = tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))
    assert cargo["dependencies"]["brass"] == {"path": "sources/brass/crates/brass"}
    assert cargo["features"] == {"default": ["cpu"], "cublas": ["brass/cuda"], "cpu": ["brass/cpu"]}
    assert "pub use horns as upstream;" in (folder / "src/engine.rs").read_text(encoding="utf-8")
    # Only cargo can lock what the crate needs; the first build does.
    assert not (folder / "Cargo.lock").exists()
    assert (
        "--locked"
        not in subprocess.run(
            ["make", "-n", "-C", str(folder), "flute-grpc"], capture_output=True, text=True, check=True
        ).stdout
    )


@pytest.mark.parametrize(("lang", "says"), [("python", "is no Python package"), ("rust", "has no library crate")])
def test_another_kind_of_upstream_is_said(make: Make, sample: Path, lang: str, says: str) -> None:
    done = create(sample, lang, f"acme/tin@{make('acme/tin', {'Makefile': 'all:'})}", "--modality", "tts")
    assert done.status == 0, done.err
    assert f"acme/tin {says}" in done.out + done.err


def test_without_the_upstream_it_is_installed_by_its_manifest_all_the_same(sample: Path) -> None:
    done = create(sample, "python", f"acme/gone@{'1' * 40}")
    assert done.status == 0, done.err
    assert "cannot be read" not in done.out + done.err
    assert "is not a Python package" in (sample / "backend/python/flute/install.sh").read_text(encoding="utf-8")

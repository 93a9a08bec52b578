"""Engines that are a Python distribution or a Rust crate."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cli.runner import Result, newbackend
from miniature import Make

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
PYTHON = {"pyproject.toml": PYPROJECT, "src/wood_wind/__init__.py": "", "README.md": "Wood wind plays very well.\n"}
CARGO = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
    "crates/brass/Cargo.toml": '[package]\nname = "brass"\nversion = "0.1.0"\nlicense = "MIT"\n',
    "crates/brass/src/lib.rs": "",
    "crates/aaa/Cargo.toml": '[package]\nname = "aaa"\nversion = "0.1.0"\n',
    "crates/aaa/src/lib.rs": "",
}


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
    assert 'cublas | l4t) upstream+="[cuda]" ;;' in install
    assert '"") upstream+="[cpu]" ;;' in install
    subprocess.run(["bash", "-n", str(folder / "install.sh")], check=True)
    assert '"import wood_wind"' in (folder / "test.py").read_text(encoding="utf-8")
    assert "description: Wood wind plays very well" in (folder / ".newbackend.yml").read_text(encoding="utf-8")


def test_the_crate_that_is_named_like_the_repository_is_named(make: Make, sample: Path) -> None:
    done = create(sample, "rust", f"acme/brass@{make('acme/brass', CARGO)}", "--modality", "tts")
    assert done.status == 0, done.err
    cargo = (sample / "backend/rust/flute/Cargo.toml").read_text(encoding="utf-8")
    assert '# brass = { path = "sources/brass/crates/brass" }' in cargo


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

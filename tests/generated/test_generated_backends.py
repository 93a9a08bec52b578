"""Generated backends are built by their own Makefiles with real compilers, packaged, started from their
`run.sh` and driven over gRPC. Heavy parts (crates, Go modules) are cached by their own tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli.runner import newbackend
from drive import drive, failures, report

from newbackend.catalog.languages import languages
from newbackend.checkout.layout import PROTO, layout_of, open_checkout

pytestmark = pytest.mark.build

MINUTES = 15
TOOLS: Mapping[str, tuple[str, ...]] = {
    "cpp": ("make", "cmake", "g++", "protoc", "grpc_cpp_plugin"),
    "go": ("make", "go", "protoc"),
    "purego": ("make", "go", "protoc", "cmake", "g++"),
    "rust": ("make", "cargo", "protoc"),
    "python": ("make", "bash"),
}


@dataclass(frozen=True)
class Case:
    """One generated backend: `modalities` empty means all that the flavour serves."""

    name: str
    lang: str
    flavour: str
    modalities: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The modalities to generate."""
        return self.modalities or languages()[self.lang].modalities_of(self.flavour)


CASES = [
    Case("oak-cpp", "cpp", "self-contained"),
    Case("elm-cpp", "cpp", "shared-base", ("llm",)),
    Case("match", "go", "pure"),
    Case("3dgen", "go", "purego", ("llm", "embeddings", "tts")),
    Case("class", "rust", "default"),
    Case("func", "python", "default"),
]


def need(lang: str) -> None:
    """Skips with the tool's name when the machine cannot build this language."""
    gone = [tool for tool in TOOLS[lang] if shutil.which(tool) is None]
    if gone:
        pytest.skip(f"building {lang} backends needs {', '.join(gone)}")


def run(*words: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Output of a build step; its tail is the failure message."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout[-6000:]}"
    return done.stdout


def build(case: Case, root: Path) -> Path:
    """Builds and packages by the backend's own Makefile; returns the run.sh to start."""
    folder = root / languages()[case.lang].directory_of(case.name)
    jobs = {"JOBS": "2", "MAKEFLAGS": ""}
    if case.lang == "cpp":
        run("make", "CMAKE_ARGS=-DWARNINGS_AS_ERRORS=ON", "grpc-server", "package", cwd=folder, env=jobs)
    elif case.lang == "go":
        run("make", "protogen-go", cwd=root)
        run("make", "build", cwd=folder, env=jobs)
        assert run("gofmt", "-l", ".", cwd=folder) == ""
        run("go", "vet", ".", cwd=folder)
    elif case.lang == "rust":
        run("make", "build", cwd=folder, env={**jobs, "CARGO_BUILD_JOBS": "2"})
    else:
        env = {"USE_PIP": "true", "PYTHON_VERSION": "3.11", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        run("make", cwd=folder, env=env)
        return folder / "run.sh"
    return folder / "package/run.sh"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.lang}-{case.flavour}")
def test_a_generated_backend_builds_packages_starts_and_answers(case: Case, sample: Path) -> None:
    need("purego" if case.flavour == "purego" else case.lang)
    words = ["create", case.name, "--lang", case.lang, "--set", f"flavour={case.flavour}"]
    words += ["--modality", ",".join(case.wanted), "--no-input", "--yes", "--repo", str(sample)]
    created = newbackend(*words)
    assert created.status == 0, created.err
    run_sh = build(case, sample)
    folder = sample / languages()[case.lang].directory_of(case.name)
    run("make", "test", cwd=folder, env={"USE_PIP": "true", "PYTHON_VERSION": "3.11"})
    features = layout_of(open_checkout(sample)).features
    results = drive(run_sh, sample / PROTO, name=case.name, modalities=case.wanted, features=features)
    assert not failures(results), report(results)
    assert len(results) > 10
    run("make", "clean", cwd=folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.lang}-{case.flavour}")
def test_shellcheck_has_nothing_to_say(case: Case, sample: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    variants = ",".join(languages()[case.lang].variants[case.flavour])
    words = ["create", case.name, "--lang", case.lang, "--set", f"flavour={case.flavour}", "--variants", variants]
    assert newbackend(*words, "--no-input", "--yes", "--repo", str(sample)).status == 0
    folder = sample / languages()[case.lang].directory_of(case.name)
    scripts = [str(path) for path in folder.rglob("*.sh")]
    assert scripts
    run("shellcheck", "-x", "-e", "SC1091", *scripts, cwd=folder)

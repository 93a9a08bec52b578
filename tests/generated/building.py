"""Generates one backend, and builds and packages it by its own Makefile with real compilers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from newbackend.catalog.languages import languages

MINUTES = 15
# Unoptimised: what is tested is that it compiles, packages, starts and answers. It takes a third of the time.
CARGO = {"CARGO_BUILD_JOBS": "2", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0", "CARGO_INCREMENTAL": "0"}
# What `make lint` asks of the backend's own crate, without checking its dependencies once more.
CLIPPY = {"RUSTC_WORKSPACE_WRAPPER": "clippy-driver", "CLIPPY_ARGS": "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__"}
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
    options: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The modalities to generate."""
        return self.modalities or languages()[self.lang].flavours[self.flavour].modalities

    @property
    def create(self) -> list[str]:
        """The words of the command that generates it, without platforms and modalities."""
        said = [word for one in (f"flavour={self.flavour}", *self.options) for word in ("--set", one)]
        return ["create", self.name, "--lang", self.lang, *said, "--no-input", "--yes"]


def identity(case: Case) -> str:
    """How pytest names it."""
    return "-".join((case.lang, case.flavour, *(["options"] if case.options else [])))


def need(case: Case) -> None:
    """Skips with the tool's name when the machine cannot build this language."""
    tools = TOOLS["purego" if case.flavour in ("purego", "capi") else case.lang]
    gone = [tool for tool in tools if shutil.which(tool) is None]
    if gone:
        pytest.skip(f"building {case.lang} backends needs {', '.join(gone)}")


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


def compiler_cache(root: Path) -> dict[str, str]:
    """Variables by which CMake takes what it compiled before in another folder, where ccache is installed."""
    if shutil.which("ccache") is None:
        return {}
    launchers = {f"CMAKE_{language}_COMPILER_LAUNCHER": "ccache" for language in ("C", "CXX")}
    return {**launchers, "CCACHE_BASEDIR": str(root), "CCACHE_NOHASHDIR": "1", "CCACHE_SLOPPINESS": "time_macros"}


def build(case: Case, root: Path) -> Path:
    """Builds and packages by the backend's own Makefile; returns the run.sh to start."""
    folder = root / languages()[case.lang].directory_of(case.name)
    jobs = {"JOBS": "2", "MAKEFLAGS": "", **compiler_cache(root)}
    if case.lang == "cpp":
        run("make", "CMAKE_ARGS=-DWARNINGS_AS_ERRORS=ON", "grpc-server", "package", cwd=folder, env=jobs)
    elif case.lang == "go":
        if not list((root / "pkg/grpc/proto").glob("*.pb.go")):
            run("make", "protogen-go", cwd=root)
        run("make", "build", cwd=folder, env=jobs)
        assert run("gofmt", "-l", ".", cwd=folder) == ""
        run("go", "vet", ".", cwd=folder)
    elif case.lang == "rust":
        assert "warning" not in run("make", "build", cwd=folder, env=CARGO | jobs)
    else:
        env = {"USE_PIP": "true", "PYTHON_VERSION": "3.11", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        run("make", cwd=folder, env=env)
        return folder / "run.sh"
    return folder / "package/run.sh"

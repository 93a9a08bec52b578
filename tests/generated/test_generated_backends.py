"""Generated backends are built by their own Makefiles with real compilers, packaged, started from their
`run.sh` and driven over gRPC. Heavy parts (crates, Go modules) are cached by their own tools."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli.runner import newbackend
from drive import drive, failures, report
from drive.server import started
from drive.wire import Client, Proto

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
    options: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The modalities to generate."""
        return self.modalities or languages()[self.lang].modalities_of(self.flavour)

    @property
    def create(self) -> list[str]:
        """The words of the command that generates it, without platforms and modalities."""
        said = [word for one in (f"flavour={self.flavour}", *self.options) for word in ("--set", one)]
        return ["create", self.name, "--lang", self.lang, *said, "--no-input", "--yes"]


# A purego backend whose library is built once per kind of x86-64 processor.
CHOOSER = Case("axon", "go", "purego", ("llm", "embeddings"), ("options.cpu_variants=avx,avx2,avx512",))
CASES = [
    Case("oak-cpp", "cpp", "self-contained"),
    Case("elm-cpp", "cpp", "shared-base", ("llm",)),
    Case("match", "go", "pure"),
    Case("3dgen", "go", "purego", ("llm", "embeddings", "tts")),
    CHOOSER,
    Case("class", "rust", "default"),
    Case("func", "python", "default"),
]


def identity(case: Case) -> str:
    """How pytest names it."""
    return "-".join((case.lang, case.flavour, *(["options"] if case.options else [])))


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


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_a_generated_backend_builds_packages_starts_and_answers(case: Case, sample: Path) -> None:
    need("purego" if case.flavour == "purego" else case.lang)
    created = newbackend(*case.create, "--modality", ",".join(case.wanted), "--repo", sample)
    assert created.status == 0, created.err
    run_sh = build(case, sample)
    folder = sample / languages()[case.lang].directory_of(case.name)
    run("make", "test", cwd=folder, env={"USE_PIP": "true", "PYTHON_VERSION": "3.11"})
    features = layout_of(open_checkout(sample)).features
    results = drive(run_sh, sample / PROTO, name=case.name, modalities=case.wanted, features=features)
    assert not failures(results), report(results)
    assert len(results) > 10
    run("make", "clean", cwd=folder)


# What `run.sh` asks the processor for before it takes a library, by the library's suffix.
ASKED = {
    "-avx": {"pni", "ssse3", "sse4_1", "sse4_2", "popcnt", "cx16", "avx"},
    "-avx2": {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"},
    "-avx512": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}


def newest(features: set[str]) -> str:
    """The suffix of the library for a processor with these features; "" is the one for all."""
    taken = ""
    for suffix, asked in ASKED.items():
        if not asked <= features:
            break
        taken = suffix
    return taken


def test_run_sh_takes_the_newest_library_that_the_processor_can_run(sample: Path, tmp_path: Path) -> None:
    need("purego")
    assert newbackend(*CHOOSER.create, "--modality", "llm", "--repo", sample).status == 0
    package = build(CHOOSER, sample).parent
    shipped = {path.stem.removeprefix("libaxon_engine") for path in package.glob("lib/libaxon_engine*.so")}
    assert shipped == ({"", *ASKED} if platform.machine() == "x86_64" else {""})
    checked = newbackend("package", "check", package, "--cpu-floor", "x86-64-v2", "--fail-on", "warning")
    assert checked.status == 0, checked.out

    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    here = set(next((row for row in cpuinfo if row.startswith("flags")), "").split())
    seen: set[str] = set()
    for hidden in (set(), {"avx512f"}, {"avx512f", "fma"}, {"avx512f", "fma", "avx"}):
        features = here - hidden
        seen.add(newest(features))
        expected = f"libaxon_engine{newest(features)}.so"
        assert expected in served_by(package, features, sample, tmp_path), hidden
    assert "" in seen


def served_by(package: Path, features: set[str], root: Path, scratch: Path) -> set[str]:
    """The engine libraries that a started backend has mapped, after it has answered, when run.sh sees a
    processor with these features."""
    cpuinfo, run_sh = scratch / "cpuinfo", package / "run.sh"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {' '.join(sorted(features))}\n")
    original = run_sh.read_text()
    model = scratch / "model.bin"
    model.write_bytes(b"NEWBACKEND")
    proto = Proto.compile(root / PROTO)
    try:
        run_sh.write_text(original.replace("/proc/cpuinfo", str(cpuinfo)))
        with started(run_sh, proto, scratch, joined=False, env={}) as (server, _):
            client = Client(proto, server.address)
            client.call("LoadModel", Model=model.name, ModelFile=str(model))
            assert client.call("Predict", Prompt="hello").message == b"echo: hello"
            client.close()
            mapped = Path(f"/proc/{server.pid}/maps").read_text(encoding="utf-8").split()
    finally:
        run_sh.write_text(original)
    return {Path(word).name for word in mapped if "_engine" in word}


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_shellcheck_has_nothing_to_say(case: Case, sample: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    variants = ",".join(languages()[case.lang].variants[case.flavour])
    assert newbackend(*case.create, "--variants", variants, "--repo", sample).status == 0
    folder = sample / languages()[case.lang].directory_of(case.name)
    scripts = [str(path) for path in folder.rglob("*.sh")]
    assert scripts
    run("shellcheck", "-x", "-e", "SC1091", *scripts, cwd=folder)

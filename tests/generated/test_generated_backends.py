"""Generated backends are built by their own Makefiles with real compilers, packaged, started from their
`run.sh` and driven over gRPC. Heavy parts (crates, Go modules) are cached by their own tools."""

from __future__ import annotations

import platform
import re
import shutil
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from cli.runner import newbackend
from drive import drive, failures, report
from drive.server import started
from drive.wire import Client, Proto
from generated.building import CARGO, CLIPPY, Case, build, identity, need, run

from newbackend.catalog.languages import PLACEHOLDER, languages
from newbackend.checkout.layout import PROTO, layout_of, open_checkout

pytestmark = pytest.mark.build

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


def one_after_another(case: Case) -> ParameterSet:
    """C++ backends one after the other: the second takes from the compiler cache what the first compiled."""
    return pytest.param(case, id=identity(case), marks=[pytest.mark.xdist_group("cpp")] if case.lang == "cpp" else [])


@pytest.mark.parametrize("case", map(one_after_another, CASES))
def test_a_generated_backend_builds_packages_starts_and_answers(case: Case, sample: Path) -> None:
    need(case)
    created = newbackend(*case.create, "--modality", ",".join(case.wanted), "--repo", sample)
    assert created.status == 0, created.err
    run_sh = build(case, sample)
    folder = sample / languages()[case.lang].directory_of(case.name)
    run("make", "test", cwd=folder, env={**CARGO, "USE_PIP": "true", "PYTHON_VERSION": "3.11"})
    features = layout_of(open_checkout(sample)).features
    results = drive(run_sh, sample / PROTO, name=case.name, modalities=case.wanted, features=features)
    assert not failures(results), report(results)
    assert len(results) > 10
    if case.lang == "rust":
        another_engine_is_not_asked_without_a_model(folder, case)
    if case.flavour == "pure":
        another_go_engine_is_asked_with_a_model_alone(folder, case)
    run("make", "clean", cwd=folder)


def another_engine_is_not_asked_without_a_model(folder: Path, case: Case) -> None:
    """It takes the placeholder's place, and none of its models."""
    engine = folder / "src/engine.rs"
    text = engine.read_text(encoding="utf-8")
    for old, new in {
        PLACEHOLDER: "Another engine",
        'b"NEWBACKEND"': 'b"ANOTHER"',
        f'".{case.name}"': '".another"',
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    engine.write_text(text, encoding="utf-8")
    run("cargo", "fmt", "--check", cwd=folder)
    told = run("make", "test", cwd=folder, env=CARGO | CLIPPY)
    needing = re.findall(r"^test \S+ \.\.\. ignored, set CLASS_TEST_MODEL to a model$", told, re.MULTILINE)
    assert len(needing) > 20, told
    assert "ignored, only the made-up engine answers like this" in told


def another_go_engine_is_asked_with_a_model_alone(folder: Path, case: Case) -> None:
    """The same code without the marker, which is a real engine for the tests."""
    engine = folder / "engine.go"
    text = engine.read_text(encoding="utf-8")
    assert text.count(PLACEHOLDER) == 1
    engine.write_text(text.replace(PLACEHOLDER, "Another engine"), encoding="utf-8")
    words = ("go", "test", "-count=1", "-v", "./", "-ginkgo.v", "-ginkgo.no-color")
    unasked = run(*words, cwd=folder, env={"CGO_ENABLED": "0"})
    model = folder / "its.model"
    model.write_bytes(b"NEWBACKEND")
    variable = f"{case.name.upper()}_TEST_MODEL"
    asked = run(*words, cwd=folder, env={"CGO_ENABLED": "0", variable: str(model)})
    model.unlink()
    assert unasked.count(f"set {variable} to a model") >= 20
    assert f"set {variable} to a model" not in asked
    assert "only the made-up engine answers like this" in asked
    assert unasked.count("[SKIPPED]") > asked.count("[SKIPPED]") > 0


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
    need(CHOOSER)
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
    variants = ",".join(languages()[case.lang].flavours[case.flavour].variants)
    assert newbackend(*case.create, "--variants", variants, "--repo", sample).status == 0
    folder = sample / languages()[case.lang].directory_of(case.name)
    scripts = [str(path) for path in folder.rglob("*.sh")]
    assert scripts
    run("shellcheck", "-x", "-e", "SC1091", *scripts, cwd=folder)

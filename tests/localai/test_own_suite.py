"""LocalAI's own gRPC suite (`tests/e2e-backends`) on a generated backend of every language and flavour, in the
real tree (needs NEWBACKEND_LOCALAI). `-rP` shows what was built, how long it took and what passed."""

from __future__ import annotations

import json
import math
import shutil
import struct
import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.runner import newbackend
from conftest import MAY_24, NEWEST
from drive import drive, failures, report
from generated.building import Case, build, identity, need, run
from localai.protogen import generate

from newbackend.catalog import modalities
from newbackend.checkout.layout import PROTO, layout_of, open_checkout

pytestmark = [pytest.mark.localai, pytest.mark.build, pytest.mark.xdist_group("localai-suite")]

# What the suite calls the abilities that a modality gives.
CAPS = {
    "llm": ("predict", "stream"),
    "embeddings": ("embeddings",),
    "tokenize": ("tokenize",),
    "tts": ("tts",),
    "transcription": ("transcription",),
    "image": ("image",),
    "audio-transform": ("audio_transform",),
    "token-classification": ("token_classify",),
}
CASES = [
    Case("oak-cpp", "cpp", "self-contained"),
    Case("elm-cpp", "cpp", "shared-base"),
    Case("match", "go", "pure"),
    Case("3dgen", "go", "purego"),
    Case("class", "rust", "default"),
    Case("func", "python", "default"),
]


class Suite:
    """The suite's compiled test program of each revision."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    def program(self, root: Path, revision: str) -> Path:
        """Compiled once per revision; the checkout gets the Go code of its proto."""
        generate(root, self.scratch / "tools")
        binary = self.scratch / f"suite-{revision[:9]}"
        if not binary.exists():
            run("go", "test", "-c", "-o", binary, "./tests/e2e-backends/", cwd=root)
        return binary


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Skips without what compiling the suite needs."""
    gone = [tool for tool in ("go", "protoc") if shutil.which(tool) is None]
    if gone:
        pytest.skip(f"LocalAI's suite needs {', '.join(gone)}")
    return Suite(tmp_path_factory.mktemp("suite"))


def sound(path: Path) -> Path:
    """Two seconds of a tone, 16 kHz mono, as the suite sends it."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", "not compressed"))
        file.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(at / 10))) for at in range(32000)))
    return path


@pytest.mark.parametrize("revision", [NEWEST, MAY_24])
@pytest.mark.parametrize("case", CASES, ids=identity)
def test_a_generated_backend_passes_localais_own_suite(
    localai_at: Callable[[str], Path], suite: Suite, tmp_path: Path, case: Case, revision: str
) -> None:
    need(case)
    root = localai_at(revision)
    features = layout_of(open_checkout(root)).features
    rpcs = (root / PROTO).read_text(encoding="utf-8")
    served = [one for one in case.wanted if all(f"rpc {rpc}(" in rpcs for rpc in modalities()[one].rpcs)]
    caps = ["health", "load", *(cap for one in served for cap in CAPS.get(one, ()))]
    created = newbackend(*case.create, "--modality", ",".join(served), "--repo", root)
    assert created.status == 0, created.err
    program = suite.program(root, revision)

    began = time.monotonic()
    run_sh = build(case, root)
    took = time.monotonic() - began
    results = drive(run_sh, root / PROTO, name=case.name, modalities=served, features=features)
    assert not failures(results), report(results)

    model, written = tmp_path / "model.bin", tmp_path / "suite.json"
    model.write_bytes(b"NEWBACKEND")
    env = {
        "BACKEND_BINARY": str(run_sh),
        "BACKEND_TEST_MODEL_FILE": str(model),
        "BACKEND_TEST_AUDIO_FILE": str(sound(tmp_path / "tone.wav")),
        "BACKEND_TEST_CAPS": ",".join(caps),
    }
    words = (program, "-test.timeout", "10m", f"-ginkgo.json-report={written}")
    run(*words, cwd=root / "tests/e2e-backends", env=env)
    specs = [one for part in json.loads(written.read_text()) for one in part["SpecReports"]]
    specs = [one for one in specs if one["LeafNodeType"] == "It"]
    passed = [one["LeafNodeText"] for one in specs if one["State"] == "passed"]
    left_out = {one["Failure"]["Message"].split(" capability")[0] for one in specs if one["State"] == "skipped"}
    print(f"{case.lang} {case.flavour} {revision[:9]}: built in {took:.0f} s, {len(results)} calls checked, ", end="")
    print(f"suite {len(passed)} passed: {', '.join(caps)}; modalities: {', '.join(served)}")
    assert len(passed) >= len(caps)
    assert not left_out.intersection(caps)
    assert len(passed) + sum(one["State"] == "skipped" for one in specs) == len(specs)

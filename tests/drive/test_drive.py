"""The driver passes a good backend and finds everything that is wrong with a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from drive import call_checks, drive, failures, process_checks, report
from drive.session import CheckResult
from drive.standin import SAMPLE, Standin, python_standin
from newbackend.catalog import modalities

NAME = "every"
ALL = list(modalities())

Damage = tuple[str, str, str]  # file, what stands there once, what comes in its place

NOW = '__import__("time").time_ns()'
SLEEP = '__import__("time").sleep(1.5)'

# Each makes the checks of its key fail, and only those.
WRONG_ANSWERS: dict[str, Damage] = {
    "health joined-address": ("backend.py", 'message=b"OK"', 'message=b"ok"'),
    "not-loaded still-not-loaded": ("backend.py", "FAILED_PRECONDITION", "INTERNAL"),
    "not-offered": (
        "backend.py",
        "    def Free(",
        "    def StartFineTune(self, request, context):\n        return pb.FineTuneJobResult()\n\n    def Free(",
    ),
    "status-and-free": ("backend.py", 'success=True, message="model released"', "success=False"),
    "large-message": ("backend.py", "50 * 1024 * 1024", "4 * 1024 * 1024"),
    "rpc-Predict rpc-PredictStream": ("engine.py", 'f"echo: {prompt}"', 'f"echo - {prompt}"'),
    "two-at-once": ("backend.py", "answer.prompt_tokens = reply.tokens", f"answer.prompt_tokens = {NOW} % 2**31"),
    "cancelled-stream": (
        "engine.py",
        "            yield Piece(text, tokens=self.count_tokens(text))\n",
        "            try:\n                yield Piece(text, tokens=self.count_tokens(text))\n"
        f"            except GeneratorExit:\n                {SLEEP}\n                raise\n",
    ),
    "rpc-Embedding": ("engine.py", "[value / length for", "[value for"),
    "rpc-Rerank": ("engine.py", "asked & words_of(document)", "asked - words_of(document)"),
    "rpc-TokenizeString": ("engine.py", "list(text.encode())", "list(map(ord, text))"),
    "rpc-Detokenize": ("engine.py", '.decode(errors="replace")', '.decode("latin-1")'),
    "rpc-TTS": ("engine.py", "tone(request.voice + request.language + request.text", 'tone(""'),
    "rpc-TTSStream": ("backend.py", '{"sample_rate": piece.rate}', '{"rate": piece.rate}'),
    "rpc-SoundGeneration": ("engine.py", "return tone(text, seconds)\n", 'return Audio(b"", 16000)\n'),
    "rpc-AudioTranscription": ("backend.py", "NANOSECONDS = 1_000_000_000", "NANOSECONDS = 1_000"),
    "rpc-AudioTranscriptionStream": ("backend.py", 'space = " " if heard else ""', 'space = ""'),
    "rpc-VAD": ("engine.py", "len(samples) / SAMPLE_RATE", "len(samples)"),
    "rpc-Diarize": ("engine.py", '"SPEAKER_01"', '"SPEAKER_00"'),
    "rpc-GenerateImage": ("media.py", '">IIBBBBB", width, height', '">IIBBBBB", height, width'),
    "rpc-GenerateVideo": ("engine.py", 'mp4_box(b"ftyp"', 'mp4_box(b"type"'),
    "rpc-Detect": ("engine.py", "Box(0, 0, image.width, image.height", "Box(0, 0, 1, 1"),
    "rpc-Depth": ("engine.py", "DepthMap(width, height, [", "DepthMap(width, height + 1, ["),
    "rpc-SoundDetection": ("backend.py", "key=lambda sound: -sound.score", "key=lambda sound: sound.score"),
    "rpc-TokenClassify": ("backend.py", "end=len(text[:end].encode())", "end=end"),
    "rpc-AudioTransform": ("backend.py", "samples=result.samples", "samples=result.samples // 2"),
    "rpc-AudioTransformStream": ("engine.py", "        return pcm\n", "        return pcm[::-1]\n"),
    "rpc-StoresSet": ("engine.py", "key=lambda entry: -entry[0]", "key=lambda entry: entry[0]"),
}

# A backend that takes every model, asks nobody for a token, ignores its parent and is not exec'd.
CARELESS: dict[str, Damage] = {
    "missing-model foreign-model nameless-model still-not-loaded": (
        "engine.py",
        "        check_model(model)\n",
        "",
    ),
    "auth-token model-identity parent-death": (
        "backend.py",
        "interceptors=get_auth_interceptors()",
        "interceptors=()",
    ),
    "joined-address": ("run.sh", "#!/bin/bash\n", '#!/bin/bash\ncase "$1" in --addr=*) exit 9 ;; esac\n'),
    "sigterm": ("run.sh", 'startBackend "$@"\n', 'startBackend "$@" &\nwait\n'),
}

# A backend that cannot be stopped and does not know its own models by their suffix.
STUBBORN: dict[str, Damage] = {
    "good-model": ("engine.py", "path.endswith(MODEL_SUFFIX)", "path == MODEL_SUFFIX"),
    "sigterm": (
        "backend.py",
        "signal.signal(signal.SIGTERM, stop)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    ),
}


def driven(standin: Standin, modalities: list[str]) -> list[CheckResult]:
    return drive(standin.run_sh, standin.proto, name=NAME, modalities=modalities, features=standin.features)


def damaged(root: Path, modalities: list[str], damages: dict[str, Damage]) -> Standin:
    standin = python_standin(SAMPLE, root, name=NAME, modalities=modalities)
    for file, old, new in damages.values():
        standin.replace(file, old, new)
    return standin


def names(damages: dict[str, Damage]) -> set[str]:
    return {name for key in damages for name in key.split()}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged backend is given up on sooner."""
    monkeypatch.setattr(call_checks, "HEALTH_SECONDS", 0.5)
    monkeypatch.setattr(process_checks, "STOP_SECONDS", 2.0)


def test_a_good_backend_passes_every_check(tmp_path: Path) -> None:
    results = driven(python_standin(SAMPLE, tmp_path, name=NAME, modalities=ALL), ALL)
    assert not failures(results), report(results)
    everything = names(WRONG_ANSWERS) | names(CARELESS) | names(STUBBORN) | {"start"}
    assert {result.name for result in results} == everything


@pytest.mark.usefixtures("impatient")
def test_every_wrong_answer_is_found(tmp_path: Path) -> None:
    results = driven(damaged(tmp_path, ALL, WRONG_ANSWERS), ALL)
    assert {result.name for result in failures(results)} == names(WRONG_ANSWERS), report(results)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("damages", [CARELESS, STUBBORN], ids=["careless", "stubborn"])
def test_a_process_that_breaks_the_rules_is_found(tmp_path: Path, damages: dict[str, Damage]) -> None:
    results = driven(damaged(tmp_path, ["llm"], damages), ["llm"])
    assert {result.name for result in failures(results)} == names(damages), report(results)


def test_a_backend_that_does_not_start_says_why(tmp_path: Path) -> None:
    standin = python_standin(SAMPLE, tmp_path, name=NAME, modalities=["llm"])
    (standin.folder / "backend.py").write_text("raise SystemExit('out of order')\n", encoding="utf-8")
    (only,) = driven(standin, ["llm"])
    assert (only.name, only.ok) == ("start", False)
    assert "out of order" in only.detail


def test_checks_follow_the_modalities_and_the_features(tmp_path: Path) -> None:
    standin = python_standin(SAMPLE, tmp_path, name=NAME, modalities=["vad"])
    without = {"model_identity": False, "parent_watch": False}
    results = drive(standin.run_sh, standin.proto, name=NAME, modalities=["vad"], features=without)
    seen = {result.name for result in results}
    assert not failures(results), report(results)
    assert "rpc-VAD" in seen
    assert not seen & {"rpc-Predict", "cancelled-stream", "model-identity", "parent-death"}


def test_a_proto_that_is_none_is_refused(tmp_path: Path) -> None:
    proto = tmp_path / "backend.proto"
    proto.write_text("no proto", encoding="utf-8")
    with pytest.raises(ValueError, match="protoc cannot read"):
        drive(tmp_path / "run.sh", proto, name=NAME, modalities=["vad"], features={})

"""Which backends are like the new one: by what their servers answer, not by a tag."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from newbackend.checkout.layout import open_checkout
from newbackend.registrations.support.served_calls import served_modalities
from newbackend.wizard.offers import siblings

PROTO_RPCS = ("Predict", "TTS", "AudioTranscription", "Embedding")
SERVERS = {
    "python": ("backend.py", "class S:\n    def Health(self, request, context):\n        pass\n    {}\n"),
    "go": ("engine.go", "package main\n\n{}\n"),
    "cpp": ("grpc-server.cpp", "class S {{\n  {}\n}};\n"),
}
TTS = {
    "python": "def TTS(self, request, context):\n        return speak(request)",
    "go": "func (e *Engine) TTS(opts *pb.TTSRequest) error {\n\treturn e.speak(opts)\n}",
    "cpp": "grpc::Status TTS(ServerContext*, const backend::TTSRequest*) override { return speak(); }",
}
REFUSED = {
    "python": "def TTS(self, request, context):\n        context.abort(grpc.StatusCode.UNIMPLEMENTED, 'no')",
    "go": 'func (e *Engine) TTS(opts *pb.TTSRequest) error {\n\treturn status.Error(codes.Unimplemented, "no")\n}',
    "cpp": 'grpc::Status TTS(ServerContext*) override { return Status(StatusCode::UNIMPLEMENTED, "no"); }',
}
NAME = {"python": "pywhistle", "go": "gowhistle", "cpp": "cppreed"}


def server(root: Path, lang: str, method: str) -> str:
    """A server of one method for a registered backend of the sample; returns the backend's name."""
    file, text = SERVERS[lang]
    folder = root / f"backend/{lang}"
    name = next(path.name for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "common")
    for old in (folder / name).rglob("*"):
        if old.suffix in (".py", ".go", ".cpp", ".h") and old.is_file():
            old.unlink()
    (folder / name / file).write_text(text.format(method))
    return name


@pytest.mark.parametrize("lang", SERVERS)
def test_the_methods_of_a_server_say_what_it_serves(sample: Path, lang: str) -> None:
    name = server(sample, lang, TTS[lang])
    assert served_modalities(open_checkout(sample), name, lang) == ("tts",)


@pytest.mark.parametrize("lang", SERVERS)
def test_a_method_that_only_refuses_serves_nothing(sample: Path, lang: str) -> None:
    name = server(sample, lang, REFUSED[lang])
    assert "tts" not in served_modalities(open_checkout(sample), name, lang)


def test_a_wrong_tag_makes_no_relative(sample: Path) -> None:
    name = server(sample, "python", TTS["python"])
    index = sample / "backend/index.yaml"
    text = index.read_text()
    at = text.index(f'name: "{name}"')
    start = text.rindex("tags:\n", 0, at)
    line = text.index("\n", start) + 1
    indent = text[line:].split("-")[0]
    index.write_text(text[:line] + f"{indent}- LLM\n" + text[line:])
    rows = {row.name: row for row in siblings(open_checkout(sample), "python", ("llm",))}
    assert not rows[name].related
    assert {row.name: row for row in siblings(open_checkout(sample), "python", ("tts",))}[name].shared == ("tts",)


def test_those_that_serve_most_of_the_same_come_first(sample: Path) -> None:
    rows = siblings(open_checkout(sample), "python", ("llm",))
    likeness = [row.likeness(("llm",)) for row in rows]
    assert likeness == sorted(likeness, reverse=True)


@pytest.mark.localai
def test_on_the_real_thing_neither_kokoro_nor_trl_generates_text(localai_at: Callable[[str], Path]) -> None:
    rows = {row.name: row for row in siblings(open_checkout(localai_at("82c191afa")), "python", ("llm",))}
    assert not rows["kokoro"].related
    assert not rows["trl"].related
    assert rows["vllm"].related

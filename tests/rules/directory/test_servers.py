"""What a server of each language must implement, by LocalAI's own files."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules.found import found, ids

from newbackend.checkout.tree import Checkout
from newbackend.rules.directory.servers import snake

RUST = "backend/rust/rustlark"


@pytest.mark.parametrize(
    ("rpc", "method"),
    [
        ("TTSStream", "tts_stream"),
        ("VAD", "vad"),
        ("Generate3D", "generate3_d"),
        ("AudioToAudioStream", "audio_to_audio_stream"),
    ],
)
def test_rpc_names_are_those_of_prost(rpc: str, method: str) -> None:
    assert snake(rpc) == method


def test_a_new_rpc_breaks_a_rust_server_without_stubs_and_no_other(sample: Path) -> None:
    proto = (sample / "backend/backend.proto").read_text(encoding="utf-8")
    grown = proto.replace("  rpc Health(", "  rpc NewCall(HealthMessage) returns (Reply) {}\n  rpc Health(")
    assert grown != proto
    assert found(Checkout(sample, {"backend/backend.proto": grown}), "REG816") == []
    build = (sample / f"{RUST}/build.rs").read_text(encoding="utf-8").replace(".generate_default_stubs(true)", "")
    findings = found(Checkout(sample, {"backend/backend.proto": grown, f"{RUST}/build.rs": build}), "REG816")
    assert "NewCall" in findings[0].subject


def test_streams_end_once_the_base_closes_them(sample: Path) -> None:
    path = "backend/go/gotide/tide.go"
    cut = (sample / path).read_text(encoding="utf-8").replace("TTSStream(", "Unrelated(")
    cut = cut.replace(
        "func (t *Tide) VAD(", "func (t *Tide) TTS(*pb.TTSRequest) error { return nil }\n\nfunc (t *Tide) VAD("
    )
    assert ids(found(Checkout(sample, {path: cut}), "REG817")) == {("REG817", "gotide")}
    base = "pkg/grpc/base/base.go"
    old = "TTSStream(*pb.TTSRequest, chan []byte) error { return errUnimplemented }"
    new = "TTSStream(_ *pb.TTSRequest, out chan []byte) error {\n\tclose(out)\n\treturn errUnimplemented\n}"
    source = (sample / base).read_text(encoding="utf-8")
    assert old in source
    assert found(Checkout(sample, {path: cut, base: source.replace(old, new)}), "REG817") == []

"""whisper.cpp end to end: created from its address, built, a model with random weights loaded, a recording heard.

Only with a clone of it below NEWBACKEND_UPSTREAMS: the build takes two minutes of a processor.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from cli.runner import newbackend
from generated.building import Case, compiler_cache, run
from generated.building import need as need_tools
from upstream.test_real_bindings import UPSTREAMS, folder_of
from upstream.whisper_model import write_model

REPO = "ggml-org/whisper.cpp"
MURMUR = Case("murmur", "go", "capi", ("transcription",), ("options.cpu_variants=",))  # one library of four
HEARS = """func (e *engine) transcribe(_ context.Context, _ *pb.TranscriptRequest, audio clip, emit func(*pb.TranscriptSegment) bool) error {
	params := WhisperFullDefaultParamsByRef(WhisperSamplingGreedy)
	defer WhisperFreeParams(params)
	params.TemperatureInc = 0
	params.NThreads = 1
	params.MaxTokens = 8
	if status := WhisperFull(e.model, params, audio.samples, int32(len(audio.samples))); status != 0 {
		return fmt.Errorf("whisper_full gives %d", status)
	}
	for i := range WhisperFullNSegments(e.model) {
		emit(&pb.TranscriptSegment{Text: WhisperFullGetSegmentText(e.model, i)})
	}
	return nil
}
"""  # noqa: E501
SPEC = """package main

import (
	"os"
	"time"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var _ = Describe("a model with random weights", func() {
	It("is loaded, hears a recording and is given back", func(ctx SpecContext) {
		client := serve()
		loaded, err := client.LoadModel(ctx, &pb.ModelOptions{Model: os.Getenv("RANDOM_MODEL"), Threads: 2})
		Expect(err).NotTo(HaveOccurred())
		Expect(loaded.GetSuccess()).To(BeTrue())
		result, err := client.AudioTranscription(ctx, &pb.TranscriptRequest{Dst: recording(16000)})
		Expect(err).NotTo(HaveOccurred())
		Expect(result.GetDuration()).To(BeNumerically("~", 2))
		Expect(result.GetText()).NotTo(ContainSubstring("placeholder"))
		_, err = client.Free(ctx, &pb.HealthMessage{})
		Expect(err).NotTo(HaveOccurred())
	}, SpecTimeout(5*time.Minute))

	It("is refused when it is cut off", func(ctx SpecContext) {
		whole, err := os.ReadFile(os.Getenv("RANDOM_MODEL"))
		Expect(err).NotTo(HaveOccurred())
		_, err = serve().LoadModel(ctx, &pb.ModelOptions{Model: file("cut"+modelSuffix, whole[:len(whole)/2])})
		Expect(status.Code(err)).To(Equal(codes.InvalidArgument))
		Expect(err).To(MatchError(ContainSubstring("whisper_init_from_file_with_params gives NULL")))
	}, SpecTimeout(time.Minute))
})
"""


@pytest.mark.build
def test_a_model_is_loaded_and_a_recording_is_heard(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder_of(REPO)
    need_tools(MURMUR)
    sha = run("git", "rev-parse", "HEAD", cwd=root).strip()
    base = Path(os.environ[UPSTREAMS]).resolve()
    monkeypatch.setenv("NEWBACKEND_GIT_BASE", str(base))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{base}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    words = ["--modality", "transcription", "--variants", "cpu", "--pin", f"{REPO}@{sha}", "--repo", str(sample)]
    done = newbackend(*MURMUR.create, *words)
    assert done.status == 0, done.err
    folder = sample / "backend/go/murmur"
    engine = (folder / "engine.go").read_text(encoding="utf-8")
    assert "openEngine loads a model with whisper_init_from_file_with_params and close frees it with" in engine
    assert re.search(r"//   transcription: whisper_full:\d+ ", engine)
    kept = engine[: engine.index("func (e *engine) transcribe(")].replace('\t"errors"\n', '\t"fmt"\n')
    (folder / "engine.go").write_text(kept.replace('\t"time"\n', "") + HEARS, encoding="utf-8")
    (folder / "random_test.go").write_text(SPEC, encoding="utf-8")
    model = tmp_path / "tiny.murmur"
    write_model(model)
    run("make", "protogen-go", cwd=sample)
    run("make", "engine", cwd=folder, env={"JOBS": "2", "MAKEFLAGS": "", **compiler_cache(sample)})
    library = str(folder / "build/libmurmur_engine.so")
    environment = {"RANDOM_MODEL": str(model), "MURMUR_LIBRARY": library, "CGO_ENABLED": "0"}
    run("go", "test", "-count=1", ".", "-ginkgo.focus=random weights", cwd=folder, env=environment)

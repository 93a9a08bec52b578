package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/mudler/LocalAI/pkg/grpc/base"
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	embeddingSize = 1024
	longestText   = 1 << 20
)

// The C functions of cpp/shim.h; main fills them in from the library.
var (
	quillLoad     func(path string) int32
	quillFree     func()
	quillEmbed    func(text string, out *float32, length int32) int32
	quillComplete func(prompt string, tokens int32, out *byte, length int32) int32
)

// Quill serves one .quill file.
type Quill struct {
	base.SingleThread
	loaded bool
}

func (q *Quill) Load(opts *pb.ModelOptions) error {
	if err := accept(opts.ModelFile); err != nil {
		return err
	}
	if quillLoad(opts.ModelFile) != 0 {
		return status.Errorf(codes.InvalidArgument, "goquill: cannot read %s", opts.ModelFile)
	}
	q.loaded = true
	return nil
}

// accept refuses everything but an existing .quill file.
func accept(path string) error {
	if filepath.Ext(path) != ".quill" {
		return status.Errorf(codes.InvalidArgument, "goquill: not a .quill file: %q", path)
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return status.Errorf(codes.InvalidArgument, "goquill: no such file: %q", path)
	}
	return nil
}

func (q *Quill) Free() error {
	if q.loaded {
		quillFree()
	}
	q.loaded = false
	return nil
}

func (q *Quill) Embeddings(opts *pb.PredictOptions) ([]float32, error) {
	if !q.loaded {
		return nil, status.Error(codes.FailedPrecondition, "goquill: model not loaded")
	}
	values := make([]float32, embeddingSize)
	size := quillEmbed(opts.Embeddings, &values[0], embeddingSize)
	if size < 0 || size > embeddingSize {
		return nil, status.Errorf(codes.Internal, "goquill: the engine answered %d", size)
	}
	return normalise(values[:size]), nil
}

func (q *Quill) Predict(opts *pb.PredictOptions) (string, error) {
	if !q.loaded {
		return "", status.Error(codes.FailedPrecondition, "goquill: model not loaded")
	}
	text := make([]byte, longestText)
	size := quillComplete(opts.Prompt, opts.Tokens, &text[0], longestText)
	if size < 0 {
		return "", status.Error(codes.Internal, "goquill: the engine failed")
	}
	return string(text[:size]), nil
}

// PredictStream sends the completion word by word: the engine has no callback yet.
func (q *Quill) PredictStream(opts *pb.PredictOptions, out chan string) error {
	defer close(out)
	text, err := q.Predict(opts)
	for _, piece := range strings.SplitAfter(text, " ") {
		if piece != "" {
			out <- piece
		}
	}
	return err
}

// normalise scales to length one; a vector of zeros stays.
func normalise(values []float32) []float32 {
	var sum float64
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	if sum == 0 {
		return values
	}
	length := float32(math.Sqrt(sum))
	for i := range values {
		values[i] /= length
	}
	return values
}

// The streams below are not offered. Closing the channel is what lets the call end.

func (q *Quill) TTSStream(_ *pb.TTSRequest, out chan []byte) error {
	close(out)
	return status.Error(codes.Unimplemented, "goquill: TTSStream is not offered")
}

func (q *Quill) AudioTranscriptionStream(_ context.Context, _ *pb.TranscriptRequest, out chan *pb.TranscriptStreamResponse) error {
	close(out)
	return status.Error(codes.Unimplemented, "goquill: AudioTranscriptionStream is not offered")
}

func (q *Quill) FineTuneProgress(_ *pb.FineTuneProgressRequest, out chan *pb.FineTuneProgressUpdate) error {
	close(out)
	return status.Error(codes.Unimplemented, "goquill: FineTuneProgress is not offered")
}

func (q *Quill) QuantizationProgress(_ *pb.QuantizationProgressRequest, out chan *pb.QuantizationProgressUpdate) error {
	close(out)
	return status.Error(codes.Unimplemented, "goquill: QuantizationProgress is not offered")
}

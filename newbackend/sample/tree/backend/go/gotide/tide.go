package main

import (
	"context"
	"strings"

	"github.com/mudler/LocalAI/pkg/grpc/base"
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	sampleRate = 16000
	frame      = 160 // 10 ms
	threshold  = 0.02
)

// Tide has no model file: it answers to its own name only, so that it never takes the model of
// another backend.
type Tide struct {
	base.SingleThread
}

func (t *Tide) Load(opts *pb.ModelOptions) error {
	if !strings.EqualFold(opts.Model, "gotide") {
		return status.Errorf(codes.InvalidArgument, "gotide: not a model of this backend: %q", opts.Model)
	}
	return nil
}

func (t *Tide) VAD(req *pb.VADRequest) (pb.VADResponse, error) {
	return pb.VADResponse{Segments: segments(req.Audio)}, nil
}

// segments joins the frames that are louder than the threshold; times are seconds.
func segments(audio []float32) []*pb.VADSegment {
	found := []*pb.VADSegment{}
	open := false
	for start := 0; start < len(audio); start += frame {
		end := min(start+frame, len(audio))
		switch loud := peak(audio[start:end]) > threshold; {
		case loud && !open:
			found = append(found, &pb.VADSegment{Start: float32(start) / sampleRate, End: float32(end) / sampleRate})
			open = true
		case loud:
			found[len(found)-1].End = float32(end) / sampleRate
		default:
			open = false
		}
	}
	return found
}

func peak(samples []float32) float32 {
	var most float32
	for _, s := range samples {
		most = max(most, s, -s)
	}
	return most
}

// The streams below are not offered. Closing the channel is what lets the call end.

func (t *Tide) TTSStream(_ *pb.TTSRequest, out chan []byte) error {
	close(out)
	return status.Error(codes.Unimplemented, "gotide: TTSStream is not offered")
}

func (t *Tide) AudioTranscriptionStream(_ context.Context, _ *pb.TranscriptRequest, out chan *pb.TranscriptStreamResponse) error {
	close(out)
	return status.Error(codes.Unimplemented, "gotide: AudioTranscriptionStream is not offered")
}

func (t *Tide) FineTuneProgress(_ *pb.FineTuneProgressRequest, out chan *pb.FineTuneProgressUpdate) error {
	close(out)
	return status.Error(codes.Unimplemented, "gotide: FineTuneProgress is not offered")
}

func (t *Tide) QuantizationProgress(_ *pb.QuantizationProgressRequest, out chan *pb.QuantizationProgressUpdate) error {
	close(out)
	return status.Error(codes.Unimplemented, "gotide: QuantizationProgress is not offered")
}

// Package base answers for everything that a backend does not implement.
package base

import (
	"context"
	"errors"
	"runtime"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

var errUnimplemented = errors.New("unimplemented")

// Base is for models that may be called from several goroutines at once.
//
// Of the methods with a stream, PredictStream and AudioTransformStream end it. The four others leave
// it open, as the real package does, so a backend that does not override them hangs when called.
type Base struct{}

// Locking is false: calls run side by side.
func (*Base) Locking() bool { return false }

// Lock is never called, because Locking is false.
func (*Base) Lock() { panic("not implemented") }

// Unlock is never called, because Locking is false.
func (*Base) Unlock() { panic("not implemented") }

// Busy cannot be known without a lock.
func (*Base) Busy() bool { return false }

// Free has nothing to release.
func (*Base) Free() error { return nil }

// Status tells the memory in use and no state.
func (*Base) Status() (pb.StatusResponse, error) {
	return pb.StatusResponse{Memory: memoryUsage()}, nil
}

func memoryUsage() *pb.MemoryUsageData {
	var usage runtime.MemStats
	runtime.ReadMemStats(&usage)
	return &pb.MemoryUsageData{Total: usage.Sys, Breakdown: map[string]uint64{"go-heap": usage.HeapAlloc}}
}

func (*Base) Load(*pb.ModelOptions) error { return errUnimplemented }

func (*Base) ModelMetadata(*pb.ModelOptions) (*pb.ModelMetadataResponse, error) {
	return nil, errUnimplemented
}

func (*Base) Predict(*pb.PredictOptions) (string, error) { return "", errUnimplemented }

func (*Base) PredictStream(_ *pb.PredictOptions, out chan string) error {
	close(out)
	return errUnimplemented
}

func (*Base) Embeddings(*pb.PredictOptions) ([]float32, error) { return nil, errUnimplemented }

func (*Base) TokenizeString(*pb.PredictOptions) (pb.TokenizationResponse, error) {
	return pb.TokenizationResponse{}, errUnimplemented
}

func (*Base) Detokenize(*pb.DetokenizeRequest) (pb.DetokenizeResponse, error) {
	return pb.DetokenizeResponse{}, errUnimplemented
}

func (*Base) AudioTranscription(context.Context, *pb.TranscriptRequest) (pb.TranscriptResult, error) {
	return pb.TranscriptResult{}, errUnimplemented
}

func (*Base) AudioTranscriptionStream(context.Context, *pb.TranscriptRequest, chan *pb.TranscriptStreamResponse) error {
	return errUnimplemented
}

func (*Base) VAD(*pb.VADRequest) (pb.VADResponse, error) {
	return pb.VADResponse{}, errUnimplemented
}

func (*Base) Diarize(*pb.DiarizeRequest) (pb.DiarizeResponse, error) {
	return pb.DiarizeResponse{}, errUnimplemented
}

func (*Base) SoundDetection(context.Context, *pb.SoundDetectionRequest) (*pb.SoundDetectionResponse, error) {
	return nil, errUnimplemented
}

func (*Base) TTS(*pb.TTSRequest) error { return errUnimplemented }

func (*Base) TTSStream(*pb.TTSRequest, chan []byte) error { return errUnimplemented }

func (*Base) SoundGeneration(*pb.SoundGenerationRequest) error { return errUnimplemented }

func (*Base) AudioTransform(*pb.AudioTransformRequest) (*pb.AudioTransformResult, error) {
	return nil, errUnimplemented
}

func (*Base) AudioTransformStream(_ <-chan *pb.AudioTransformFrameRequest, out chan<- *pb.AudioTransformFrameResponse) error {
	close(out)
	return errUnimplemented
}

func (*Base) GenerateImage(*pb.GenerateImageRequest) error { return errUnimplemented }

func (*Base) GenerateVideo(*pb.GenerateVideoRequest) error { return errUnimplemented }

func (*Base) Detect(*pb.DetectOptions) (pb.DetectResponse, error) {
	return pb.DetectResponse{}, errUnimplemented
}

func (*Base) Depth(*pb.DepthRequest) (pb.DepthResponse, error) {
	return pb.DepthResponse{}, errUnimplemented
}

func (*Base) StoresSet(*pb.StoresSetOptions) error { return errUnimplemented }

func (*Base) StoresGet(*pb.StoresGetOptions) (pb.StoresGetResult, error) {
	return pb.StoresGetResult{}, errUnimplemented
}

func (*Base) StoresFind(*pb.StoresFindOptions) (pb.StoresFindResult, error) {
	return pb.StoresFindResult{}, errUnimplemented
}

func (*Base) StoresDelete(*pb.StoresDeleteOptions) error { return errUnimplemented }

func (*Base) FineTuneProgress(*pb.FineTuneProgressRequest, chan *pb.FineTuneProgressUpdate) error {
	return errUnimplemented
}

func (*Base) QuantizationProgress(*pb.QuantizationProgressRequest, chan *pb.QuantizationProgressUpdate) error {
	return errUnimplemented
}

// Package grpc serves a model over the backend protocol. It is the miniature of the real package:
// the modalities that backends are generated for, and nothing else.
package grpc

import (
	"context"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

// AIModel is what a backend implements; embedding base.Base or base.SingleThread supplies whatever
// it does not offer. A method with a bidirectional or server stream closes its output itself.
type AIModel interface {
	// Locking says whether the server is to hold Lock around every call but Health, Status and Free.
	Locking() bool
	Lock()
	Unlock()
	Busy() bool

	Load(*pb.ModelOptions) error
	Free() error
	Status() (pb.StatusResponse, error)
	ModelMetadata(*pb.ModelOptions) (*pb.ModelMetadataResponse, error)

	Predict(*pb.PredictOptions) (string, error)
	PredictStream(*pb.PredictOptions, chan string) error
	Embeddings(*pb.PredictOptions) ([]float32, error)
	TokenizeString(*pb.PredictOptions) (pb.TokenizationResponse, error)
	Detokenize(*pb.DetokenizeRequest) (pb.DetokenizeResponse, error)

	AudioTranscription(context.Context, *pb.TranscriptRequest) (pb.TranscriptResult, error)
	AudioTranscriptionStream(context.Context, *pb.TranscriptRequest, chan *pb.TranscriptStreamResponse) error
	VAD(*pb.VADRequest) (pb.VADResponse, error)
	Diarize(*pb.DiarizeRequest) (pb.DiarizeResponse, error)
	SoundDetection(context.Context, *pb.SoundDetectionRequest) (*pb.SoundDetectionResponse, error)

	TTS(*pb.TTSRequest) error
	TTSStream(*pb.TTSRequest, chan []byte) error
	SoundGeneration(*pb.SoundGenerationRequest) error
	AudioTransform(*pb.AudioTransformRequest) (*pb.AudioTransformResult, error)
	AudioTransformStream(in <-chan *pb.AudioTransformFrameRequest, out chan<- *pb.AudioTransformFrameResponse) error

	GenerateImage(*pb.GenerateImageRequest) error
	GenerateVideo(*pb.GenerateVideoRequest) error
	Detect(*pb.DetectOptions) (pb.DetectResponse, error)
	Depth(*pb.DepthRequest) (pb.DepthResponse, error)

	StoresSet(*pb.StoresSetOptions) error
	StoresGet(*pb.StoresGetOptions) (pb.StoresGetResult, error)
	StoresFind(*pb.StoresFindOptions) (pb.StoresFindResult, error)
	StoresDelete(*pb.StoresDeleteOptions) error

	FineTuneProgress(*pb.FineTuneProgressRequest, chan *pb.FineTuneProgressUpdate) error
	QuantizationProgress(*pb.QuantizationProgressRequest, chan *pb.QuantizationProgressUpdate) error
}

// AIModelRich is for text models that know more than the text. Where it is implemented it replaces
// Predict and PredictStream; its stream is closed by the server, not by the model.
type AIModelRich interface {
	PredictRich(*pb.PredictOptions) (*pb.Reply, error)
	PredictStreamRich(*pb.PredictOptions, chan<- *pb.Reply) error
}

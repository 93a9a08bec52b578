package grpc

import (
	"context"
	"errors"
	"io"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

// Text

func (s *server) Predict(_ context.Context, in *pb.PredictOptions) (*pb.Reply, error) {
	if rich, ok := s.model.(AIModelRich); ok {
		return answerPointer(s, in, rich.PredictRich)
	}
	return answerPointer(s, in, func(in *pb.PredictOptions) (*pb.Reply, error) {
		text, err := s.model.Predict(in)
		return &pb.Reply{Message: []byte(text)}, err
	})
}

func (s *server) PredictStream(in *pb.PredictOptions, out pb.Backend_PredictStreamServer) error {
	if rich, ok := s.model.(AIModelRich); ok {
		return stream(s, in, func(in *pb.PredictOptions, items chan *pb.Reply) error {
			defer close(items)
			return rich.PredictStreamRich(in, items)
		}, same[pb.Reply], out.Send)
	}
	return stream(s, in, s.model.PredictStream, func(text string) *pb.Reply {
		return &pb.Reply{Message: []byte(text)}
	}, out.Send)
}

func (s *server) Embedding(_ context.Context, in *pb.PredictOptions) (*pb.EmbeddingResult, error) {
	return answerPointer(s, in, func(in *pb.PredictOptions) (*pb.EmbeddingResult, error) {
		vector, err := s.model.Embeddings(in)
		return &pb.EmbeddingResult{Embeddings: vector, Layout: pb.EmbeddingLayout_EMBEDDING_LAYOUT_FINAL}, err
	})
}

func (s *server) TokenizeString(_ context.Context, in *pb.PredictOptions) (*pb.TokenizationResponse, error) {
	return answer(s, in, s.model.TokenizeString)
}

func (s *server) Detokenize(_ context.Context, in *pb.DetokenizeRequest) (*pb.DetokenizeResponse, error) {
	return answer(s, in, s.model.Detokenize)
}

// Listening

func (s *server) AudioTranscription(ctx context.Context, in *pb.TranscriptRequest) (*pb.TranscriptResult, error) {
	return answer(s, in, func(in *pb.TranscriptRequest) (pb.TranscriptResult, error) {
		return s.model.AudioTranscription(ctx, in)
	})
}

func (s *server) AudioTranscriptionStream(in *pb.TranscriptRequest, out pb.Backend_AudioTranscriptionStreamServer) error {
	return stream(s, in, func(in *pb.TranscriptRequest, items chan *pb.TranscriptStreamResponse) error {
		return s.model.AudioTranscriptionStream(out.Context(), in, items)
	}, same[pb.TranscriptStreamResponse], out.Send)
}

func (s *server) VAD(_ context.Context, in *pb.VADRequest) (*pb.VADResponse, error) {
	return answer(s, in, s.model.VAD)
}

func (s *server) Diarize(_ context.Context, in *pb.DiarizeRequest) (*pb.DiarizeResponse, error) {
	return answer(s, in, s.model.Diarize)
}

func (s *server) SoundDetection(ctx context.Context, in *pb.SoundDetectionRequest) (*pb.SoundDetectionResponse, error) {
	return answerPointer(s, in, func(in *pb.SoundDetectionRequest) (*pb.SoundDetectionResponse, error) {
		return s.model.SoundDetection(ctx, in)
	})
}

// Sounding

func (s *server) TTS(_ context.Context, in *pb.TTSRequest) (*pb.Result, error) {
	return do(s, in, s.model.TTS)
}

func (s *server) TTSStream(in *pb.TTSRequest, out pb.Backend_TTSStreamServer) error {
	return stream(s, in, s.model.TTSStream, func(audio []byte) *pb.Reply {
		return &pb.Reply{Audio: audio}
	}, out.Send)
}

func (s *server) SoundGeneration(_ context.Context, in *pb.SoundGenerationRequest) (*pb.Result, error) {
	return do(s, in, s.model.SoundGeneration)
}

func (s *server) AudioTransform(_ context.Context, in *pb.AudioTransformRequest) (*pb.AudioTransformResult, error) {
	return answerPointer(s, in, s.model.AudioTransform)
}

// AudioTransformStream ends when the client stops sending, even if the model fails earlier.
func (s *server) AudioTransformStream(both pb.Backend_AudioTransformStreamServer) error {
	leave, err := s.enter(nil)
	if err != nil {
		return err
	}
	defer leave()
	const slack = 4
	in := make(chan *pb.AudioTransformFrameRequest, slack)
	out := make(chan *pb.AudioTransformFrameResponse, slack)
	received, sent := make(chan error, 1), make(chan error, 1)
	go func() {
		defer close(in)
		for {
			message, err := both.Recv()
			if err != nil {
				received <- err
				return
			}
			select {
			case in <- message:
			case <-both.Context().Done():
				received <- both.Context().Err()
				return
			}
		}
	}()
	go func() {
		var failure error
		for message := range out {
			if failure == nil {
				failure = both.Send(message)
			}
		}
		sent <- failure
	}()
	failed, unsent, unread := s.model.AudioTransformStream(in, out), <-sent, <-received
	if errors.Is(unread, io.EOF) {
		unread = nil
	}
	for _, err := range []error{failed, unsent, unread} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Pictures

func (s *server) GenerateImage(_ context.Context, in *pb.GenerateImageRequest) (*pb.Result, error) {
	return do(s, in, s.model.GenerateImage)
}

func (s *server) GenerateVideo(_ context.Context, in *pb.GenerateVideoRequest) (*pb.Result, error) {
	return do(s, in, s.model.GenerateVideo)
}

func (s *server) Detect(_ context.Context, in *pb.DetectOptions) (*pb.DetectResponse, error) {
	return answer(s, in, s.model.Detect)
}

func (s *server) Depth(_ context.Context, in *pb.DepthRequest) (*pb.DepthResponse, error) {
	return answer(s, in, s.model.Depth)
}

// Vector stores

func (s *server) StoresSet(_ context.Context, in *pb.StoresSetOptions) (*pb.Result, error) {
	return do(s, in, s.model.StoresSet)
}

func (s *server) StoresGet(_ context.Context, in *pb.StoresGetOptions) (*pb.StoresGetResult, error) {
	return answer(s, in, s.model.StoresGet)
}

func (s *server) StoresFind(_ context.Context, in *pb.StoresFindOptions) (*pb.StoresFindResult, error) {
	return answer(s, in, s.model.StoresFind)
}

func (s *server) StoresDelete(_ context.Context, in *pb.StoresDeleteOptions) (*pb.Result, error) {
	return do(s, in, s.model.StoresDelete)
}

// Long jobs

func (s *server) FineTuneProgress(in *pb.FineTuneProgressRequest, out pb.Backend_FineTuneProgressServer) error {
	return stream(s, in, s.model.FineTuneProgress, same[pb.FineTuneProgressUpdate], out.Send)
}

func (s *server) QuantizationProgress(in *pb.QuantizationProgressRequest, out pb.Backend_QuantizationProgressServer) error {
	return stream(s, in, s.model.QuantizationProgress, same[pb.QuantizationProgressUpdate], out.Send)
}

// Package grpcerrors holds the failures that backends and their callers agree on. Go error values
// do not cross gRPC, so each is told by its status code and, where the code is not enough, its text.
package grpcerrors

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ModelMismatchSentinel is part of the text of every identity failure, in all languages.
const ModelMismatchSentinel = "model identity mismatch"

// ModelNotLoaded makes the caller load the model and try again.
func ModelNotLoaded(backend string) error {
	return status.Errorf(codes.FailedPrecondition, "%s: model not loaded", backend)
}

// ModelMismatch says that this process holds another model than the request names.
func ModelMismatch(backend, loaded, requested string) error {
	return status.Errorf(codes.NotFound, "%s: %s: loaded %q, requested %q",
		backend, ModelMismatchSentinel, loaded, requested)
}

// StreamTranscriptionUnsupported makes the caller fall back to the whole transcript at once.
func StreamTranscriptionUnsupported(backend, reason string) error {
	return status.Errorf(codes.Unimplemented, "%s: streaming transcription is not supported: %s", backend, reason)
}

// LiveTranscriptionUnsupported makes the caller fall back to transcribing finished recordings.
func LiveTranscriptionUnsupported(backend, reason string) error {
	return status.Errorf(codes.Unimplemented, "%s: live transcription is not supported: %s", backend, reason)
}

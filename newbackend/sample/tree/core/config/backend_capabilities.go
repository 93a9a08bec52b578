package config

import (
	"slices"
	"strings"
)

// Usecase names, as models declare them in known_usecases.
const (
	UsecaseChat                = "chat"
	UsecaseCompletion          = "completion"
	UsecaseEdit                = "edit"
	UsecaseVision              = "vision"
	UsecaseEmbeddings          = "embeddings"
	UsecaseTokenize            = "tokenize"
	UsecaseImage               = "image"
	UsecaseVideo               = "video"
	Usecase3D                  = "3d"
	UsecaseTranscript          = "transcript"
	UsecaseTTS                 = "tts"
	UsecaseSoundGeneration     = "sound_generation"
	UsecaseRerank              = "rerank"
	UsecaseDetection           = "detection"
	UsecaseDepth               = "depth"
	UsecaseVAD                 = "vad"
	UsecaseAudioTransform      = "audio_transform"
	UsecaseDiarization         = "diarization"
	UsecaseSoundClassification = "sound_classification"
	UsecaseRealtimeAudio       = "realtime_audio"
	UsecaseFaceRecognition     = "face_recognition"
	UsecaseSpeakerRecognition  = "speaker_recognition"
	UsecaseTokenClassify       = "token_classify"
	UsecaseScore               = "score"
)

// GRPCMethod is an RPC of backend.proto.
type GRPCMethod string

const (
	MethodPredict            GRPCMethod = "Predict"
	MethodPredictStream      GRPCMethod = "PredictStream"
	MethodEmbedding          GRPCMethod = "Embedding"
	MethodGenerateImage      GRPCMethod = "GenerateImage"
	MethodUpscaleImage       GRPCMethod = "UpscaleImage"
	MethodGenerateVideo      GRPCMethod = "GenerateVideo"
	MethodGenerate3D         GRPCMethod = "Generate3D"
	MethodAudioTranscription GRPCMethod = "AudioTranscription"
	MethodTTS                GRPCMethod = "TTS"
	MethodTTSStream          GRPCMethod = "TTSStream"
	MethodSoundGeneration    GRPCMethod = "SoundGeneration"
	MethodTokenizeString     GRPCMethod = "TokenizeString"
	MethodDetect             GRPCMethod = "Detect"
	MethodDepth              GRPCMethod = "Depth"
	MethodRerank             GRPCMethod = "Rerank"
	MethodVAD                GRPCMethod = "VAD"
	MethodAudioTransform     GRPCMethod = "AudioTransform"
	MethodDiarize            GRPCMethod = "Diarize"
	MethodSoundDetection     GRPCMethod = "SoundDetection"
	MethodAudioToAudioStream GRPCMethod = "AudioToAudioStream"
	MethodFaceVerify         GRPCMethod = "FaceVerify"
	MethodFaceAnalyze        GRPCMethod = "FaceAnalyze"
	MethodVoiceVerify        GRPCMethod = "VoiceVerify"
	MethodVoiceEmbed         GRPCMethod = "VoiceEmbed"
	MethodVoiceAnalyze       GRPCMethod = "VoiceAnalyze"
	MethodTokenClassify      GRPCMethod = "TokenClassify"
	MethodScore              GRPCMethod = "Score"
)

// BackendCapability says what a backend can be asked for.
type BackendCapability struct {
	// GRPCMethods are the RPCs that the backend implements.
	GRPCMethods []GRPCMethod
	// PossibleUsecases are all usecases that a model of the backend may declare.
	PossibleUsecases []string
	// DefaultUsecases hold for a model that declares none.
	DefaultUsecases []string
	AcceptsImages   bool
	AcceptsVideos   bool
	AcceptsAudios   bool
	// AudioTransformInputMono16k asks the core to fold uploads to 16 kHz mono first.
	AudioTransformInputMono16k bool
	// VoiceCloning is nil for a backend that cannot speak with a given voice.
	VoiceCloning *VoiceCloningCapability
	// Description is for people.
	Description string
}

// VoiceCloningCapability says what a reference voice must come with.
type VoiceCloningCapability struct {
	ReferenceTranscriptRequired bool     `json:"reference_transcript_required"`
	AcceptedAudioFormats        []string `json:"accepted_audio_formats"`
}

func referenceVoiceCloning() *VoiceCloningCapability {
	return &VoiceCloningCapability{
		ReferenceTranscriptRequired: true,
		AcceptedAudioFormats:        []string{"audio/wav"},
	}
}

// BackendCapabilities maps each backend to what it can do.
var BackendCapabilities = map[string]BackendCapability{
	// --- LLM / text generation backends ---
	"cppanvil": {
		GRPCMethods:      []GRPCMethod{MethodPredict, MethodPredictStream, MethodEmbedding, MethodTokenizeString},
		PossibleUsecases: []string{UsecaseChat, UsecaseCompletion, UsecaseEdit, UsecaseEmbeddings, UsecaseTokenize},
		DefaultUsecases:  []string{UsecaseChat},
		Description:      "cppanvil: text generation and embeddings",
	},
	// neo-cppanvil serves what cppanvil serves: it is built from the same sources.
	"neo-cppanvil": {
		GRPCMethods:      []GRPCMethod{MethodPredict, MethodPredictStream, MethodEmbedding, MethodTokenizeString},
		PossibleUsecases: []string{UsecaseChat, UsecaseCompletion, UsecaseEdit, UsecaseEmbeddings, UsecaseTokenize},
		DefaultUsecases:  []string{UsecaseChat},
		Description:      "neo-cppanvil: fork of cppanvil with smaller weights",
	},
	"goquill": {
		GRPCMethods:      []GRPCMethod{MethodPredict, MethodPredictStream, MethodEmbedding},
		PossibleUsecases: []string{UsecaseChat, UsecaseCompletion, UsecaseEmbeddings},
		DefaultUsecases:  []string{UsecaseEmbeddings},
		Description:      "goquill: embeddings and completions",
	},

	// --- Speech-to-text backends ---
	"pywhistle": {
		GRPCMethods:      []GRPCMethod{MethodAudioTranscription},
		PossibleUsecases: []string{UsecaseTranscript},
		DefaultUsecases:  []string{UsecaseTranscript},
		Description:      "pywhistle: transcription",
	},
	"fast-pywhistle": {
		GRPCMethods:      []GRPCMethod{MethodAudioTranscription},
		PossibleUsecases: []string{UsecaseTranscript},
		DefaultUsecases:  []string{UsecaseTranscript},
		Description:      "fast-pywhistle: transcription on a quicker runtime",
	},

	// --- TTS backends ---
	"pyecho": {
		GRPCMethods:      []GRPCMethod{MethodTTS, MethodTTSStream},
		PossibleUsecases: []string{UsecaseTTS},
		DefaultUsecases:  []string{UsecaseTTS},
		VoiceCloning:     referenceVoiceCloning(),
		Description:      "pyecho: speech synthesis",
	},
	"rustlark": {
		GRPCMethods:      []GRPCMethod{MethodTTS, MethodTTSStream},
		PossibleUsecases: []string{UsecaseTTS},
		DefaultUsecases:  []string{UsecaseTTS},
		Description:      "rustlark: speech synthesis in Rust",
	},

	// --- Audio utilities ---
	"gotide": {
		GRPCMethods:      []GRPCMethod{MethodVAD},
		PossibleUsecases: []string{UsecaseVAD},
		DefaultUsecases:  []string{UsecaseVAD},
		Description:      "gotide: voice activity detection",
	},
	"cppreed": {
		GRPCMethods:      []GRPCMethod{MethodSoundDetection},
		PossibleUsecases: []string{UsecaseSoundClassification},
		DefaultUsecases:  []string{UsecaseSoundClassification},
		Description:      "cppreed: sound-event classification",
	},
}

// NormalizeBackendName turns names with dots into the spelling of the table.
func NormalizeBackendName(backend string) string {
	return strings.ReplaceAll(backend, ".", "-")
}

// GetBackendCapability returns the capability of a backend, or nil.
func GetBackendCapability(backend string) *BackendCapability {
	if capability, ok := BackendCapabilities[NormalizeBackendName(backend)]; ok {
		return &capability
	}
	return nil
}

// BackendsFor lists the backends that can serve a usecase, sorted.
func BackendsFor(usecase string) []string {
	names := []string{}
	for name, capability := range BackendCapabilities {
		if slices.Contains(capability.PossibleUsecases, usecase) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

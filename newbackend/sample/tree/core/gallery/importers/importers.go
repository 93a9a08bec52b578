package importers

import (
	"encoding/json"
	"errors"
	"strings"
)

// ErrNoImporter says that nothing recognised the URI and no preference was given.
var ErrNoImporter = errors.New("importer: nothing matches, set preferences.backend")

// Order matters: the first match wins, so a narrow matcher stands before a wide one.
var defaultImporters = []Importer{
	// ASR
	&PywhistleImporter{},
	// Text LLM
	// CppanvilImporter takes every .anvil file, keep it last.
	&CppanvilImporter{},
}

// Details is what an importer may look at.
type Details struct {
	URI         string
	Preferences json.RawMessage
}

// ModelConfig is what an import ends in.
type ModelConfig struct {
	Name    string `json:"name"`
	Backend string `json:"backend"`
	Model   string `json:"model"`
}

// Importer recognises the models of one backend.
type Importer interface {
	Match(details Details) bool
	Import(details Details) (ModelConfig, error)
	// Name is the backend's name.
	Name() string
	// Modality is the backend's main modality: text, asr, tts, image, video,
	// embeddings, reranker, detection or vad.
	Modality() string
	// AutoDetects is true when Match can fire without a preference.
	AutoDetects() bool
}

// KnownBackendEntry is a backend that shares an importer with another one.
type KnownBackendEntry struct {
	Name        string
	Modality    string
	Description string
}

// AdditionalBackendsProvider is an importer that speaks for forks as well.
type AdditionalBackendsProvider interface {
	AdditionalBackends() []KnownBackendEntry
}

// Registry returns the importers in the order in which they are asked.
func Registry() []Importer {
	return defaultImporters
}

// Discover returns the configuration of the first importer that matches.
func Discover(details Details) (ModelConfig, error) {
	for _, i := range defaultImporters {
		if i.Match(details) {
			return i.Import(details)
		}
	}
	return ModelConfig{}, ErrNoImporter
}

// preferredBackend is preferences.backend, or nothing.
func preferredBackend(details Details) string {
	var preferences struct {
		Backend string `json:"backend"`
	}
	if len(details.Preferences) > 0 && json.Unmarshal(details.Preferences, &preferences) != nil {
		return ""
	}
	return preferences.Backend
}

// baseName is the last part of a URI.
func baseName(uri string) string {
	return uri[strings.LastIndex(uri, "/")+1:]
}

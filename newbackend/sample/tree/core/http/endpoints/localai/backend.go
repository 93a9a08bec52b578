package localai

import (
	"encoding/json"
	"net/http"
	"sort"

	"github.com/mudler/LocalAI/core/gallery/importers"
	"github.com/mudler/LocalAI/core/schema"
)

// knownPrefOnlyBackends lists the backends that no importer recognises. The
// import form offers them as a preference.
var knownPrefOnlyBackends = []schema.KnownBackend{
	// Text LLM
	// goquill reads a format of its own and cannot be told from other files by name.
	{Name: "goquill", Modality: "text", AutoDetect: false, Description: "goquill embeddings and completions (preference-only)"},
	// ASR
	{Name: "fast-pywhistle", Modality: "asr", AutoDetect: false, Description: "fast-pywhistle transcription (preference-only)"},
	// TTS
	{Name: "pyecho", Modality: "tts", AutoDetect: false, Description: "pyecho speech synthesis (preference-only)"},
	{Name: "rustlark", Modality: "tts", AutoDetect: false, Description: "rustlark speech synthesis (preference-only)"},
	// VAD
	{Name: "gotide", Modality: "vad", AutoDetect: false, Description: "gotide voice activity detection (preference-only)"},
	// Sound classification has no chip in the form: it is filed under audio transcription.
	{Name: "cppreed", Modality: "asr", AutoDetect: false, Description: "cppreed sound classification (preference-only)"},
}

// KnownBackends writes every backend that the import form can offer, sorted by name.
func KnownBackends(w http.ResponseWriter, _ *http.Request) {
	known := map[string]schema.KnownBackend{}
	for _, b := range knownPrefOnlyBackends {
		known[b.Name] = b
	}
	for _, i := range importers.Registry() {
		known[i.Name()] = schema.KnownBackend{Name: i.Name(), Modality: i.Modality(), AutoDetect: i.AutoDetects()}
		if host, ok := i.(importers.AdditionalBackendsProvider); ok {
			for _, extra := range host.AdditionalBackends() {
				known[extra.Name] = schema.KnownBackend{Name: extra.Name, Modality: extra.Modality, Description: extra.Description}
			}
		}
	}
	out := make([]schema.KnownBackend, 0, len(known))
	for _, b := range known {
		out = append(out, b)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	_ = json.NewEncoder(w).Encode(out)
}

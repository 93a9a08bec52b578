package importers

import "strings"

var _ Importer = &PywhistleImporter{}

// PywhistleImporter recognises pywhistle checkpoints by the name of the repository.
type PywhistleImporter struct{}

func (i *PywhistleImporter) Name() string      { return "pywhistle" }
func (i *PywhistleImporter) Modality() string  { return "asr" }
func (i *PywhistleImporter) AutoDetects() bool { return true }

func (i *PywhistleImporter) Match(details Details) bool {
	// A preference decides alone: fast-pywhistle reads the same repositories.
	if b := preferredBackend(details); b != "" {
		return b == i.Name()
	}
	return strings.HasPrefix(strings.ToLower(baseName(details.URI)), "whistle-")
}

func (i *PywhistleImporter) Import(details Details) (ModelConfig, error) {
	return ModelConfig{Name: baseName(details.URI), Backend: i.Name(), Model: details.URI}, nil
}

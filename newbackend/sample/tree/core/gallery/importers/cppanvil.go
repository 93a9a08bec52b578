package importers

import "strings"

var (
	_ Importer                   = &CppanvilImporter{}
	_ AdditionalBackendsProvider = &CppanvilImporter{}
)

// CppanvilImporter takes every .anvil file.
type CppanvilImporter struct{}

func (i *CppanvilImporter) Name() string      { return "cppanvil" }
func (i *CppanvilImporter) Modality() string  { return "text" }
func (i *CppanvilImporter) AutoDetects() bool { return true }

// AdditionalBackends names the fork: it reads the same files.
func (i *CppanvilImporter) AdditionalBackends() []KnownBackendEntry {
	return []KnownBackendEntry{
		{Name: "neo-cppanvil", Modality: "text", Description: "Fork of cppanvil with smaller weights"},
	}
}

func (i *CppanvilImporter) Match(details Details) bool {
	if b := preferredBackend(details); b != "" {
		return b == i.Name() || b == "neo-cppanvil"
	}
	return strings.HasSuffix(strings.ToLower(details.URI), ".anvil")
}

func (i *CppanvilImporter) Import(details Details) (ModelConfig, error) {
	backend := preferredBackend(details)
	if backend == "" {
		backend = i.Name()
	}
	return ModelConfig{Name: baseName(details.URI), Backend: backend, Model: baseName(details.URI)}, nil
}

// Asks LocalAI's own code what it makes of a gallery.
//
//	probe table BACKENDS INDEX HOST...         what each host gets for every name, as JSON
//	probe install BACKENDS INDEX HOST NAME     installs NAME and prints the directory that runs
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/mudler/LocalAI/core/config"
	"github.com/mudler/LocalAI/core/gallery"
	"github.com/mudler/LocalAI/pkg/model"
	"github.com/mudler/LocalAI/pkg/system"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(verb, backends, index string, rest []string) error {
	galleries := []config.Gallery{{Name: "probe", URL: "file://" + index}}
	if verb == "install" {
		return install(galleries, backends, rest[0], rest[1])
	}
	answers := map[string]map[string]string{}
	for _, host := range rest {
		picked, err := table(galleries, state(host, backends))
		if err != nil {
			return err
		}
		answers[host] = picked
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func state(host, backends string) *system.SystemState {
	return system.NewCapabilityState(host, system.WithBackendPath(backends), system.WithBackendSystemPath(backends+"-none"))
}

// table answers what an install by name would take: the lookups of InstallBackendFromGallery, without its download.
func table(galleries []config.Gallery, host *system.SystemState) (map[string]string, error) {
	all, err := gallery.AvailableBackendsUnfiltered(galleries, host)
	if err != nil {
		return nil, err
	}
	offered, err := gallery.AvailableBackends(galleries, host)
	if err != nil {
		return nil, err
	}
	picked := map[string]string{}
	for _, entry := range all {
		picked[entry.Name] = pick(offered, host, entry.Name)
	}
	return picked, nil
}

func pick(offered gallery.GalleryElements[*gallery.GalleryBackend], host *system.SystemState, name string) string {
	found := gallery.FindGalleryElement(offered, name)
	if found == nil {
		return ""
	}
	if found.IsMeta() {
		found = found.FindBestBackendFromMeta(host, offered)
	}
	if found == nil || found.IsMeta() {
		return ""
	}
	return found.Name + " " + found.URI
}

func install(galleries []config.Gallery, backends, host, name string) error {
	here := state(host, backends)
	quiet := func(string, string, string, float64) {}
	loader := model.NewModelLoader(here)
	err := gallery.InstallBackendFromGallery(context.Background(), galleries, here, loader, name, quiet, false, false)
	if err != nil {
		return err
	}
	installed, err := gallery.ListSystemBackends(here)
	if err != nil {
		return err
	}
	backend, ok := installed.Get(name)
	if !ok {
		return fmt.Errorf("%s is not registered after its installation", name)
	}
	fmt.Println(backend.RunFile)
	return nil
}

// Command goquill serves embeddings with quill.cpp.
package main

import (
	"flag"
	"os"
	"runtime"

	"github.com/ebitengine/purego"
	grpc "github.com/mudler/LocalAI/pkg/grpc"
)

var addr = flag.String("addr", "localhost:50051", "the address to listen on")

// library is where run.sh says the engine is, or its bare name.
func library() string {
	if path := os.Getenv("QUILL_LIBRARY"); path != "" {
		return path
	}
	if runtime.GOOS == "darwin" {
		return "libquillshim.dylib"
	}
	return "libquillshim.so"
}

func main() {
	flag.Parse()
	handle, err := purego.Dlopen(library(), purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		panic(err)
	}
	purego.RegisterLibFunc(&quillLoad, handle, "quill_load")
	purego.RegisterLibFunc(&quillFree, handle, "quill_free")
	purego.RegisterLibFunc(&quillEmbed, handle, "quill_embed")
	purego.RegisterLibFunc(&quillComplete, handle, "quill_complete")
	if err := grpc.StartServer(*addr, &Quill{}); err != nil {
		panic(err)
	}
}

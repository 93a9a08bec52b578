// Command gotide finds speech in recordings, by loudness.
package main

import (
	"flag"

	grpc "github.com/mudler/LocalAI/pkg/grpc"
)

var addr = flag.String("addr", "localhost:50051", "the address to listen on")

func main() {
	flag.Parse()
	if err := grpc.StartServer(*addr, &Tide{}); err != nil {
		panic(err)
	}
}

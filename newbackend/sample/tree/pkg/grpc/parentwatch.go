package grpc

import (
	"log"
	"os"
	"runtime"
	"strings"
	"time"
)

// Switch and period of the parent watch.
const (
	EnvBackendParentWatch         = "LOCALAI_BACKEND_PARENT_WATCH"
	EnvBackendParentWatchInterval = "LOCALAI_BACKEND_PARENT_WATCH_INTERVAL"
)

// watchParent ends this process when the one that started it is gone, because a core that was
// killed can no longer stop its backends. A process that already has no parent is left alone.
func watchParent() {
	switch strings.ToLower(strings.TrimSpace(os.Getenv(EnvBackendParentWatch))) {
	case "false", "0", "no", "off":
		return
	}
	parent := os.Getppid()
	if runtime.GOOS == "windows" || parent <= 1 {
		return
	}
	interval, err := time.ParseDuration(os.Getenv(EnvBackendParentWatchInterval))
	if err != nil || interval <= 0 {
		interval = 2 * time.Second
	}
	go func() {
		for range time.Tick(interval) {
			if now := os.Getppid(); now != parent || now == 1 {
				log.Printf("the parent process %d is gone, so this backend ends too", parent)
				os.Exit(1)
			}
		}
	}()
}

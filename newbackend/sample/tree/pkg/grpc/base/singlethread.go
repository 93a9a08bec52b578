package base

import (
	"sync"

	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
)

// SingleThread is for models that may be called from one goroutine at a time. The server holds its
// lock around every call but Health, Status and Free.
type SingleThread struct {
	Base
	running sync.Mutex
}

// Locking is true: calls wait for one another.
func (*SingleThread) Locking() bool { return true }

// Lock waits until no call runs.
func (s *SingleThread) Lock() { s.running.Lock() }

// Unlock lets the next call run.
func (s *SingleThread) Unlock() { s.running.Unlock() }

// Busy answers the opposite of its name, as the real package does.
func (s *SingleThread) Busy() bool {
	free := s.running.TryLock()
	if free {
		s.running.Unlock()
	}
	return free
}

// Status follows Busy, and so is turned round too.
func (s *SingleThread) Status() (pb.StatusResponse, error) {
	state := pb.StatusResponse_READY
	if s.Busy() {
		state = pb.StatusResponse_BUSY
	}
	return pb.StatusResponse{State: state, Memory: memoryUsage()}, nil
}

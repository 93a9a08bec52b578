package grpc

import (
	"context"
	"log"
	"net"
	"sync"

	"github.com/mudler/LocalAI/pkg/grpc/grpcerrors"
	pb "github.com/mudler/LocalAI/pkg/grpc/proto"
	"google.golang.org/grpc"
)

// messageLimit is the largest message in either direction, in bytes.
const messageLimit = 50 << 20

// StartServer serves the model on host:port until the process ends.
func StartServer(address string, model AIModel) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	options := append(authOptions(), grpc.MaxRecvMsgSize(messageLimit), grpc.MaxSendMsgSize(messageLimit))
	server := grpc.NewServer(options...)
	pb.RegisterBackendServer(server, NewBackendServer(model))
	watchParent()
	log.Printf("gRPC Server listening at %v", listener.Addr())
	return server.Serve(listener)
}

// NewBackendServer answers the protocol's calls with the model's methods. Calls that the model
// interface does not know are answered with UNIMPLEMENTED.
func NewBackendServer(model AIModel) pb.BackendServer {
	return &server{model: model}
}

type server struct {
	pb.UnimplementedBackendServer
	model AIModel

	mutex  sync.Mutex
	loaded string // the name of the model, once it is loaded
}

// enter checks that a request which names a model means the loaded one, and takes the model's lock.
func (s *server) enter(request any) (leave func(), err error) {
	if named, ok := request.(interface{ GetModelIdentity() string }); ok {
		s.mutex.Lock()
		loaded := s.loaded
		s.mutex.Unlock()
		if wanted := named.GetModelIdentity(); wanted != "" && loaded != "" && wanted != loaded {
			return nil, grpcerrors.ModelMismatch("grpc-server", loaded, wanted)
		}
	}
	if !s.model.Locking() {
		return func() {}, nil
	}
	s.model.Lock()
	return s.model.Unlock, nil
}

// answer runs a call whose method returns the response.
func answer[Request, Response any](s *server, in Request, method func(Request) (Response, error)) (*Response, error) {
	leave, err := s.enter(in)
	if err != nil {
		return nil, err
	}
	defer leave()
	out, err := method(in)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// answerPointer runs a call whose method returns a pointer to the response.
func answerPointer[Request, Response any](s *server, in Request, method func(Request) (*Response, error)) (*Response, error) {
	leave, err := s.enter(in)
	if err != nil {
		return nil, err
	}
	defer leave()
	return method(in)
}

// do runs a call whose method returns only an error. gRPC drops the result when there is one.
func do[Request any](s *server, in Request, method func(Request) error) (*pb.Result, error) {
	return answerPointer(s, in, func(in Request) (*pb.Result, error) {
		if err := method(in); err != nil {
			return nil, err
		}
		return &pb.Result{Message: "done", Success: true}, nil
	})
}

// stream runs a call whose method writes to a channel. It returns only when the method has closed
// the channel, however the method itself ended; until then the model stays locked.
func stream[Request, Item, Message any](s *server, in Request, method func(Request, chan Item) error, wrap func(Item) *Message, send func(*Message) error) error {
	leave, err := s.enter(in)
	if err != nil {
		return err
	}
	defer leave()
	items, sent := make(chan Item), make(chan struct{})
	go func() {
		defer close(sent)
		for item := range items {
			_ = send(wrap(item)) // the client is gone; the model must not wait for it
		}
	}()
	err = method(in, items)
	<-sent
	return err
}

func same[Message any](message *Message) *Message {
	return message
}

func (s *server) Health(context.Context, *pb.HealthMessage) (*pb.Reply, error) {
	return &pb.Reply{Message: []byte("OK")}, nil
}

func (s *server) LoadModel(_ context.Context, in *pb.ModelOptions) (*pb.Result, error) {
	return do(s, in, func(in *pb.ModelOptions) error {
		err := s.model.Load(in)
		if err == nil {
			s.mutex.Lock()
			s.loaded = in.GetModel()
			s.mutex.Unlock()
		}
		return err
	})
}

func (s *server) Free(context.Context, *pb.HealthMessage) (*pb.Result, error) {
	if err := s.model.Free(); err != nil {
		return &pb.Result{Message: err.Error()}, nil
	}
	return &pb.Result{Success: true}, nil
}

func (s *server) Status(context.Context, *pb.HealthMessage) (*pb.StatusResponse, error) {
	out, err := s.model.Status()
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func (s *server) ModelMetadata(_ context.Context, in *pb.ModelOptions) (*pb.ModelMetadataResponse, error) {
	return answerPointer(s, in, s.model.ModelMetadata)
}

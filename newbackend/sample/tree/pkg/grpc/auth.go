package grpc

import (
	"context"
	"crypto/subtle"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// AuthTokenEnvVar names the variable whose value every call must carry as a bearer token, if set.
const AuthTokenEnvVar = "LOCALAI_GRPC_AUTH_TOKEN"

func authOptions() []grpc.ServerOption {
	token := os.Getenv(AuthTokenEnvVar)
	if token == "" {
		return nil
	}
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := authorize(ctx, token); err != nil {
				return nil, err
			}
			return next(ctx, in)
		}),
		grpc.StreamInterceptor(func(service any, both grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := authorize(both.Context(), token); err != nil {
				return err
			}
			return next(service, both)
		}),
	}
}

// authorize compares in constant time, so that the time taken tells nothing about the token.
func authorize(ctx context.Context, token string) error {
	given := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(given) == 0 {
		return status.Error(codes.Unauthenticated, "no authorization was given")
	}
	bearer, ok := strings.CutPrefix(given[0], "Bearer ")
	if !ok || subtle.ConstantTimeCompare([]byte(bearer), []byte(token)) != 1 {
		return status.Error(codes.Unauthenticated, "the authorization is not valid")
	}
	return nil
}

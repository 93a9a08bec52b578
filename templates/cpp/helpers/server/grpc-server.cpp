// Entry point: listens on --addr, serves until SIGTERM or SIGINT, or until LocalAI is gone.
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "address.h"
#include "auth.h"
#include "parent_watch.h"
#include "server.h"

namespace {

// LocalAI waits until a backend is idle before it stops it, so what still runs may be cut short.
constexpr std::chrono::seconds kGrace{2};

/// Blocks the stop signals in this and all later threads, so that one thread can wait for them.
sigset_t block_stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

std::string token_from_environment() {
    const char* token = std::getenv(auth::kVariable);
    return token == nullptr ? "" : token;
}

}  // namespace

int main(int argc, char** argv) {
    std::string error;
    const auto address = address::parse(std::vector<std::string>(argv + 1, argv + argc), error);
    if (!address) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 2;
    }
    const sigset_t signals = block_stop_signals();
    parent_watch::start();

    server::Service service(token_from_environment());
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(*address, grpc::InsecureServerCredentials(), &port);
    // Without this two backends could share a port and answer in turns.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(server::kMessageLimit);
    builder.SetMaxSendMessageSize(server::kMessageLimit);
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server || port == 0) {
        std::fprintf(stderr, "cannot listen on %s\n", address->c_str());
        return 1;
    }
    std::fprintf(stderr, "gRPC server listening on %s\n", address->c_str());

    std::thread stopper([&server, &signals] {
        int received = 0;
        sigwait(&signals, &received);
        server->Shutdown(std::chrono::system_clock::now() + kGrace);
    });
    server->Wait();
    stopper.join();
    return 0;
}

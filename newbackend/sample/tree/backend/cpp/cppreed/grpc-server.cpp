// cppreed: one label per recording.

#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "backend.grpc.pb.h"
#include "loudness.h"

class Service final : public backend::Backend::Service {
  public:
    grpc::Status Health(grpc::ServerContext *, const backend::HealthMessage *, backend::Reply *reply) override;
    grpc::Status LoadModel(grpc::ServerContext *, const backend::ModelOptions *, backend::Result *result) override;
    grpc::Status Free(grpc::ServerContext *, const backend::HealthMessage *, backend::Result *result) override;
    grpc::Status SoundDetection(grpc::ServerContext *, const backend::SoundDetectionRequest *request,
                                backend::SoundDetectionResponse *response) override;

  private:
    grpc::Status ready(const std::string &wanted);

    std::mutex mutex_;
    std::string model_;
};

// An error when the request names another model than the loaded one, or none is loaded.
grpc::Status Service::ready(const std::string &wanted) {
    if (model_.empty()) return {grpc::StatusCode::FAILED_PRECONDITION, "cppreed: model not loaded"};
    if (!wanted.empty() && wanted != model_) {
        return {grpc::StatusCode::NOT_FOUND,
                "model identity mismatch: the request is for '" + wanted + "', loaded is '" + model_ + "'"};
    }
    return grpc::Status::OK;
}

grpc::Status Service::Health(grpc::ServerContext *, const backend::HealthMessage *, backend::Reply *reply) {
    reply->set_message("OK");
    return grpc::Status::OK;
}

grpc::Status Service::LoadModel(grpc::ServerContext *, const backend::ModelOptions *options, backend::Result *result) {
    const std::string &path = options->modelfile().empty() ? options->model() : options->modelfile();
    const bool named = path.size() > 5 && path.compare(path.size() - 5, 5, ".reed") == 0;
    if (!named || !std::ifstream(path).good()) {
        result->set_message("not a cppreed model: " + path);
        return grpc::Status::OK;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    model_ = options->model();
    result->set_success(true);
    return grpc::Status::OK;
}

grpc::Status Service::Free(grpc::ServerContext *, const backend::HealthMessage *, backend::Result *result) {
    std::lock_guard<std::mutex> lock(mutex_);
    model_.clear();
    result->set_success(true);
    return grpc::Status::OK;
}

grpc::Status Service::SoundDetection(grpc::ServerContext *, const backend::SoundDetectionRequest *request,
                                     backend::SoundDetectionResponse *response) {
    std::lock_guard<std::mutex> lock(mutex_);
    const grpc::Status status = ready(request->modelidentity());
    if (!status.ok()) return status;
    std::ifstream recording(request->src(), std::ios::binary);
    if (!recording) return {grpc::StatusCode::INVALID_ARGUMENT, "cannot read " + request->src()};
    recording.seekg(44); // the header of a plain WAV file
    std::vector<int16_t> samples;
    for (int16_t s = 0; recording.read(reinterpret_cast<char *>(&s), sizeof s);) samples.push_back(s);
    const float level = reed::loudness(samples);
    auto *found = response->add_detections();
    found->set_label(reed::label(level));
    found->set_score(level);
    return grpc::Status::OK;
}

// --addr HOST:PORT and --addr=HOST:PORT.
static std::string address_of(int argc, char **argv) {
    std::string address = "localhost:50051";
    for (int i = 1; i < argc; ++i) {
        std::string arg = argv[i];
        if (arg.rfind("--addr=", 0) == 0) address = arg.substr(7);
        if (arg == "--addr" && i + 1 < argc) address = argv[++i];
    }
    return address;
}

int main(int argc, char **argv) {
    const std::string address = address_of(argc, argv);
    int port = 0;
    Service service;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
    builder.SetMaxReceiveMessageSize(50 * 1024 * 1024);
    builder.SetMaxSendMessageSize(50 * 1024 * 1024);
    builder.RegisterService(&service);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server || port == 0) {
        std::cerr << "cannot listen on " << address << std::endl;
        return 1;
    }
    std::cerr << "listening on " << address << std::endl;
    server->Wait();
    return 0;
}

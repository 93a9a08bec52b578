// cppanvil: text generation with anvil.cpp. neo-cppanvil compiles this file as well.

#include <iostream>
#include <memory>
#include <mutex>
#include <string>

#include <grpcpp/grpcpp.h>

#include "anvil.h"
#include "backend.grpc.pb.h"

class Service final : public backend::Backend::Service {
  public:
    grpc::Status Health(grpc::ServerContext *, const backend::HealthMessage *, backend::Reply *reply) override;
    grpc::Status LoadModel(grpc::ServerContext *, const backend::ModelOptions *, backend::Result *result) override;
    grpc::Status Free(grpc::ServerContext *, const backend::HealthMessage *, backend::Result *result) override;
    grpc::Status Predict(grpc::ServerContext *, const backend::PredictOptions *options, backend::Reply *reply) override;
    grpc::Status PredictStream(grpc::ServerContext *context, const backend::PredictOptions *options,
                               grpc::ServerWriter<backend::Reply> *writer) override;
    grpc::Status Embedding(grpc::ServerContext *, const backend::PredictOptions *options,
                           backend::EmbeddingResult *result) override;
    grpc::Status TokenizeString(grpc::ServerContext *, const backend::PredictOptions *options,
                                backend::TokenizationResponse *response) override;

  private:
    grpc::Status ready(const std::string &wanted);

    std::mutex mutex_;
    std::string model_;
    std::unique_ptr<anvil::Engine> engine_;
};

// An error when the request names another model than the loaded one, or none is loaded.
grpc::Status Service::ready(const std::string &wanted) {
    if (model_.empty()) return {grpc::StatusCode::FAILED_PRECONDITION, "cppanvil: model not loaded"};
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
    std::lock_guard<std::mutex> lock(mutex_);
    std::string error;
    auto engine = anvil::Engine::open(options->modelfile(), options->contextsize(), &error);
    if (!engine) {
        result->set_message("cppanvil: " + error);
        return grpc::Status::OK;
    }
    engine_ = std::move(engine);
    model_ = options->model();
    result->set_success(true);
    return grpc::Status::OK;
}

grpc::Status Service::Free(grpc::ServerContext *, const backend::HealthMessage *, backend::Result *result) {
    std::lock_guard<std::mutex> lock(mutex_);
    engine_.reset();
    model_.clear();
    result->set_success(true);
    return grpc::Status::OK;
}

grpc::Status Service::Predict(grpc::ServerContext *, const backend::PredictOptions *options, backend::Reply *reply) {
    std::lock_guard<std::mutex> lock(mutex_);
    const grpc::Status status = ready(options->modelidentity());
    if (!status.ok()) return status;
    std::string text;
    engine_->generate(options->prompt(), options->tokens(), [&](const std::string &piece) {
        text += piece;
        return true;
    });
    reply->set_message(text);
    return grpc::Status::OK;
}

grpc::Status Service::PredictStream(grpc::ServerContext *context, const backend::PredictOptions *options,
                                    grpc::ServerWriter<backend::Reply> *writer) {
    std::lock_guard<std::mutex> lock(mutex_);
    const grpc::Status status = ready(options->modelidentity());
    if (!status.ok()) return status;
    engine_->generate(options->prompt(), options->tokens(), [&](const std::string &piece) {
        backend::Reply reply;
        reply.set_message(piece);
        return !context->IsCancelled() && writer->Write(reply);
    });
    return grpc::Status::OK;
}

grpc::Status Service::Embedding(grpc::ServerContext *, const backend::PredictOptions *options,
                                backend::EmbeddingResult *result) {
    std::lock_guard<std::mutex> lock(mutex_);
    const grpc::Status status = ready(options->modelidentity());
    if (!status.ok()) return status;
    for (float value : engine_->embed(options->embeddings())) result->add_embeddings(value);
    return grpc::Status::OK;
}

grpc::Status Service::TokenizeString(grpc::ServerContext *, const backend::PredictOptions *options,
                                     backend::TokenizationResponse *response) {
    std::lock_guard<std::mutex> lock(mutex_);
    const grpc::Status status = ready(options->modelidentity());
    if (!status.ok()) return status;
    for (int token : engine_->tokenize(options->prompt())) response->add_tokens(token);
    response->set_length(response->tokens_size());
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

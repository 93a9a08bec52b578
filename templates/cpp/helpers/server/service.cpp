// The calls that every backend answers: health, load, status, free.
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "auth.h"
#include "model_file.h"
#include "model_identity.h"
#include "server.h"

namespace server {

namespace {

constexpr std::chrono::milliseconds kCancelPoll{20};

std::vector<std::pair<std::string, std::string>> options_of(const backend::ModelOptions& request) {
    std::vector<std::pair<std::string, std::string>> result;
    for (const std::string& option : request.options()) {
        const std::size_t colon = option.find(':');
        // Only the first colon separates: values such as URLs have their own.
        result.emplace_back(option.substr(0, colon),
                            colon == std::string::npos ? "" : option.substr(colon + 1));
    }
    return result;
}

/// Resident memory of this process; 0 where /proc does not say.
std::uint64_t resident_bytes() {
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    std::ifstream statm("/proc/self/statm");
    if (!(statm >> total >> resident)) return 0;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string text_of(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field, int index) {
    const auto* reflection = message.GetReflection();
    std::string text;
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
        google::protobuf::TextFormat::PrintFieldValueToString(message, field, index, &text);
        return text;
    }
    return index < 0 ? reflection->GetString(message, field) : reflection->GetRepeatedString(message, field, index);
}

}  // namespace

engine::Fields fields_of(const google::protobuf::Message& request) {
    std::vector<const google::protobuf::FieldDescriptor*> set;
    request.GetReflection()->ListFields(request, &set);
    engine::Fields fields;
    for (const auto* field : set) {
        const std::string name(field->name());
        if (!field->is_repeated()) {
            fields.emplace_back(name, text_of(request, field, -1));
            continue;
        }
        for (int i = 0; i < request.GetReflection()->FieldSize(request, field); ++i) {
            if (!field->is_map()) {
                fields.emplace_back(name, text_of(request, field, i));
                continue;
            }
            const auto& entry = request.GetReflection()->GetRepeatedMessage(request, field, i);
            const auto* parts = entry.GetDescriptor();
            fields.emplace_back(name + "." + text_of(entry, parts->field(0), -1), text_of(entry, parts->field(1), -1));
        }
    }
    return fields;
}

std::optional<Outcome> Service::unauthenticated(const Context& context) const {
    const auto range = context.client_metadata().equal_range(auth::kMetadataKey);
    std::vector<std::string> values;
    for (auto it = range.first; it != range.second; ++it) {
        values.emplace_back(it->second.data(), it->second.size());
    }
    if (auth::allowed(token_, values)) return std::nullopt;
    return Outcome(grpc::StatusCode::UNAUTHENTICATED, "missing or wrong bearer token");
}

Outcome Service::acquire(const std::string& identity, std::shared_ptr<engine::Engine>& engine) {
    const std::lock_guard<std::mutex> lock(state_);
    if (!engine_) return Outcome(grpc::StatusCode::FAILED_PRECONDITION, "model not loaded");
    if (const auto conflict = model_identity::conflict(identity_, identity)) {
        return Outcome(grpc::StatusCode::NOT_FOUND, *conflict);
    }
    engine = engine_;
    return Outcome::OK;
}

Outcome Service::take_turn(Context* context, std::unique_lock<std::timed_mutex>& turn) {
    while (!turn.try_lock_for(kCancelPoll)) {
        if (context->IsCancelled()) return Outcome(grpc::StatusCode::CANCELLED, "cancelled while waiting");
    }
    return Outcome::OK;
}

Outcome Service::Health(Context* context, const backend::HealthMessage*, backend::Reply* reply) {
    if (auto refused = unauthenticated(*context)) return *refused;
    reply->set_message("OK");
    return Outcome::OK;
}

Outcome Service::LoadModel(Context* context, const backend::ModelOptions* request, backend::Result* result) {
    if (auto refused = unauthenticated(*context)) return *refused;
    const std::lock_guard<std::mutex> loading(loading_);
    engine::Settings settings;
    settings.request = fields_of(*request);
    settings.path = model_file::locate(request->modelfile(), request->model());
    if (const std::string refusal = model_file::refusal(settings.path); !refusal.empty()) {
        return Outcome(grpc::StatusCode::INVALID_ARGUMENT, refusal);
    }
    settings.threads = request->threads();
    settings.context_size = request->contextsize();
    settings.gpu_layers = request->ngpulayers();
    settings.options = options_of(*request);
    {
        // The old model goes first: two large models seldom fit into memory together.
        const std::lock_guard<std::mutex> lock(state_);
        engine_.reset();
        identity_.clear();
    }
    try {
        std::shared_ptr<engine::Engine> opened = engine::open(settings);
        const std::lock_guard<std::mutex> lock(state_);
        engine_ = std::move(opened);
        identity_ = request->model();
    } catch (const engine::BadInput& error) {
        return Outcome(grpc::StatusCode::INVALID_ARGUMENT, error.what());
    } catch (const std::exception& error) {
        return Outcome(grpc::StatusCode::INTERNAL, error.what());
    }
    std::fprintf(stderr, "loaded %s\n", settings.path.c_str());
    result->set_success(true);
    result->set_message("loaded " + settings.path);
    return Outcome::OK;
}

Outcome Service::Status(Context* context, const backend::HealthMessage*, backend::StatusResponse* response) {
    if (auto refused = unauthenticated(*context)) return *refused;
    bool loaded = false;
    {
        const std::lock_guard<std::mutex> lock(state_);
        loaded = engine_ != nullptr;
    }
    response->set_state(!loaded          ? backend::StatusResponse::UNINITIALIZED
                        : calls_.load() > 0 ? backend::StatusResponse::BUSY
                                            : backend::StatusResponse::READY);
    const std::uint64_t resident = resident_bytes();
    response->mutable_memory()->set_total(resident);
    (*response->mutable_memory()->mutable_breakdown())["resident"] = resident;
    return Outcome::OK;
}

Outcome Service::Free(Context* context, const backend::HealthMessage*, backend::Result* result) {
    if (auto refused = unauthenticated(*context)) return *refused;
    {
        // A call that is still running keeps its own reference and ends in peace.
        const std::lock_guard<std::mutex> lock(state_);
        engine_.reset();
        identity_.clear();
    }
    result->set_success(true);
    return Outcome::OK;
}

}  // namespace server

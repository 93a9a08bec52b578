// A request may name the model it is meant for; another model must not answer it.
//
// In a distributed setup a port can be taken over by the process of a different model, and a
// liveness probe cannot tell. Either side being empty means "not known": then nothing is checked.
#pragma once

#include <optional>
#include <string>

namespace model_identity {

/// The text LocalAI looks for in a NOT_FOUND status.
inline constexpr const char* kSentinel = "model identity mismatch";

/// The refusal, or nothing when the request may be answered.
inline std::optional<std::string> conflict(const std::string& loaded, const std::string& requested) {
    if (loaded.empty() || requested.empty() || loaded == requested) return std::nullopt;
    return std::string(kSentinel) + ": loaded \"" + loaded + "\", requested \"" + requested + "\"";
}

}  // namespace model_identity

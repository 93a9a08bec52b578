// The bearer token that LocalAI may demand from its callers (LOCALAI_GRPC_AUTH_TOKEN).
#pragma once

#include <string>
#include <vector>

namespace auth {

inline constexpr const char* kVariable = "LOCALAI_GRPC_AUTH_TOKEN";
inline constexpr const char* kMetadataKey = "authorization";

/// Equality whose running time does not depend on where the first difference is.
inline bool equal(const std::string& left, const std::string& right) {
    volatile unsigned char difference = left.size() == right.size() ? 0 : 1;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const char other = right.empty() ? '\0' : right[i % right.size()];
        difference = static_cast<unsigned char>(difference | (left[i] ^ other));
    }
    return difference == 0;
}

/// True when no token is configured or one of the `authorization` values is `Bearer <token>`.
inline bool allowed(const std::string& token, const std::vector<std::string>& values) {
    if (token.empty()) return true;
    const std::string wanted = "Bearer " + token;
    bool found = false;
    for (const std::string& value : values) found = equal(value, wanted) || found;
    return found;
}

}  // namespace auth

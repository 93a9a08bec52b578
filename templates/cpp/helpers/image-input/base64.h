// Base64 decoding for images that come inside a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace base64 {

/// The bytes, or nothing when `text` is not base64. A `data:...;base64,` prefix and line breaks are
/// allowed, padding may be absent.
inline std::optional<std::string> decode(const std::string& text) {
    std::size_t at = 0;
    if (text.rfind("data:", 0) == 0) {
        at = text.find(',');
        if (at == std::string::npos) return std::nullopt;
        ++at;
    }
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    bool padded = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n' || c == '\r') continue;
        if (c == '=') {
            padded = true;
            continue;
        }
        std::uint32_t value = 0;
        if (c >= 'A' && c <= 'Z') {
            value = static_cast<std::uint32_t>(c - 'A');
        } else if (c >= 'a' && c <= 'z') {
            value = static_cast<std::uint32_t>(c - 'a') + 26;
        } else if (c >= '0' && c <= '9') {
            value = static_cast<std::uint32_t>(c - '0') + 52;
        } else if (c == '+' || c == '-') {
            value = 62;
        } else if (c == '/' || c == '_') {
            value = 63;
        } else {
            return std::nullopt;
        }
        if (padded) return std::nullopt;
        bits = bits << 6 | value;
        if (++count == 4) {
            for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<char>(bits >> shift & 0xff));
            bits = 0;
            count = 0;
        }
    }
    if (count == 1) return std::nullopt;
    if (count >= 2) out.push_back(static_cast<char>(bits >> (count == 2 ? 4 : 10) & 0xff));
    if (count == 3) out.push_back(static_cast<char>(bits >> 2 & 0xff));
    return out;
}

}  // namespace base64

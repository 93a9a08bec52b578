// Loudness of a recording, and the label that belongs to it.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace reed {

// Root mean square of 16-bit samples, 0 to 1; silence and no samples at all are 0.
inline float loudness(const std::vector<int16_t> &samples) {
    if (samples.empty()) return 0.0F;
    double sum = 0;
    for (int16_t s : samples) sum += static_cast<double>(s) * s;
    return static_cast<float>(std::sqrt(sum / static_cast<double>(samples.size())) / 32768.0);
}

inline std::string label(float level) {
    if (level < 0.01F) return "Silence";
    return level < 0.3F ? "Rustle" : "Reed";
}

} // namespace reed

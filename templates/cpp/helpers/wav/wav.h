// Reading and writing WAV files. Reads PCM of 8 to 32 bits and 32-bit float, any channel count
// (mixed to mono); writes 16-bit mono, which is what LocalAI serves.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace wav {

/// The file is not there, not WAV, or of a kind that is not read here.
class Unreadable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Mono samples in [-1, 1].
struct Sound {
    int sample_rate = 0;
    std::vector<float> samples;

    float seconds() const { return static_cast<float>(samples.size()) / static_cast<float>(sample_rate); }
};

namespace detail {

inline std::uint32_t little(const unsigned char* at, int bytes) {
    std::uint32_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) value = value << 8 | at[i];
    return value;
}

inline void put(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

struct Format {
    unsigned code = 0;
    unsigned channels = 0;
    unsigned rate = 0;
    unsigned bits = 0;
};

inline float sample(const unsigned char* at, const Format& format) {
    const std::uint32_t raw = little(at, static_cast<int>(format.bits / 8));
    if (format.code == 3) {
        float value = 0;
        std::memcpy(&value, &raw, sizeof value);
        return value;
    }
    // 8-bit WAV is unsigned; every other width is signed.
    if (format.bits == 8) return (static_cast<float>(raw) - 128.0F) / 128.0F;
    const auto shifted = static_cast<std::int32_t>(raw << (32 - format.bits));
    return static_cast<float>(static_cast<double>(shifted) / 2147483648.0);
}

}  // namespace detail

/// 16-bit little-endian PCM of the samples; what lies outside [-1, 1] is clipped.
inline std::string pcm16(const std::vector<float>& samples) {
    std::string out;
    out.reserve(samples.size() * 2);
    for (const float value : samples) {
        const float clipped = std::isnan(value) ? 0.0F : std::clamp(value, -1.0F, 1.0F);
        const auto scaled = static_cast<std::int32_t>(std::lround(std::min(clipped * 32768.0F, 32767.0F)));
        detail::put(out, static_cast<std::uint32_t>(scaled), 2);
    }
    return out;
}

/// A whole WAV file, 16-bit mono.
inline std::string encode(const Sound& sound) {
    const std::string data = pcm16(sound.samples);
    const auto rate = static_cast<std::uint32_t>(sound.sample_rate);
    std::string out = "RIFF";
    detail::put(out, static_cast<std::uint32_t>(36 + data.size()), 4);
    out += "WAVEfmt ";
    detail::put(out, 16, 4);
    detail::put(out, 1, 2);
    detail::put(out, 1, 2);
    detail::put(out, rate, 4);
    detail::put(out, rate * 2, 4);
    detail::put(out, 2, 2);
    detail::put(out, 16, 2);
    out += "data";
    detail::put(out, static_cast<std::uint32_t>(data.size()), 4);
    return out + data;
}

/// The sound in the bytes of a WAV file.
inline Sound decode(const std::string& bytes) {
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0) {
        throw Unreadable("not a WAV file");
    }
    detail::Format format;
    std::size_t at = 12;
    while (bytes.size() - at >= 8) {
        const std::string id = bytes.substr(at, 4);
        const std::size_t left = bytes.size() - at - 8;
        // Streamed files carry 0xFFFFFFFF or 0 sizes that reach beyond the end.
        const std::size_t size = std::min<std::size_t>(detail::little(data + at + 4, 4), left);
        const unsigned char* body = data + at + 8;
        if (id == "fmt " && size >= 16) {
            format.code = detail::little(body, 2);
            format.channels = detail::little(body + 2, 2);
            format.rate = detail::little(body + 4, 4);
            format.bits = detail::little(body + 14, 2);
            if (format.code == 0xfffe && size >= 26) format.code = detail::little(body + 24, 2);
        } else if (id == "data") {
            const bool integer = format.code == 1 && format.bits >= 8 && format.bits <= 32 && format.bits % 8 == 0;
            const bool real = format.code == 3 && format.bits == 32;
            if (!(integer || real) || format.channels == 0 || format.rate == 0) {
                throw Unreadable("WAV of a kind that is not read here");
            }
            Sound sound;
            sound.sample_rate = static_cast<int>(format.rate);
            const std::size_t width = format.bits / 8;
            const std::size_t frames = size / (width * format.channels);
            sound.samples.reserve(frames);
            for (std::size_t frame = 0; frame < frames; ++frame) {
                float sum = 0;
                for (std::size_t channel = 0; channel < format.channels; ++channel) {
                    sum += detail::sample(body + (frame * format.channels + channel) * width, format);
                }
                sound.samples.push_back(sum / static_cast<float>(format.channels));
            }
            return sound;
        }
        at += 8 + std::min(left, size + size % 2);
    }
    throw Unreadable("WAV file without sound");
}

inline Sound read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw Unreadable("cannot read " + path);
    try {
        return decode(std::string(std::istreambuf_iterator<char>(in), {}));
    } catch (const Unreadable& error) {
        throw Unreadable(path + ": " + error.what());
    }
}

/// Throws std::runtime_error when the file cannot be written.
inline void write(const std::string& path, const Sound& sound) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << encode(sound) << std::flush;
    if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace wav

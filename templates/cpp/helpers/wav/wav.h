// Sound, and reading and writing it as WAV files. Reads PCM of 8 to 32 bits and 32-bit float; writes 16 bits. Rate and
// channels are those of the sound.
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

/// Samples in [-1, 1]; those of all channels take turns.
struct Sound {
    int sample_rate = 0;
    std::vector<float> samples;
    int channels = 1;

    /// Samples per channel.
    std::size_t frames() const { return samples.size() / static_cast<std::size_t>(channels); }
    float seconds() const { return static_cast<float>(frames()) / static_cast<float>(sample_rate); }
};

namespace detail {

/// No recording has more samples per second: a header that says so is broken.
constexpr unsigned kMaxRate = 768000;

/// A sinc under a Hann window, read off a table.
class LowPass {
  public:
    /// For an output that takes one sample every `step` samples of the input.
    explicit LowPass(double step) : reach_(kCrossings * std::max(step, 1.0) / kPassed) {
        constexpr double kPi = 3.14159265358979323846;
        for (int i = 0; i <= kCrossings * kPerCrossing; ++i) {
            const double x = static_cast<double>(i) / kPerCrossing;
            const double sinc = i == 0 ? 1 : std::sin(kPi * x) / (kPi * x);
            weights_.push_back(static_cast<float>(sinc * (0.5 + 0.5 * std::cos(kPi * x / kCrossings))));
        }
    }

    /// How far a sample is heard, in samples of the input.
    double reach() const { return reach_; }

    float weight(double distance) const {
        const double at = std::fabs(distance) / reach_ * (kCrossings * kPerCrossing);
        const auto index = static_cast<std::size_t>(at);
        if (index + 1 >= weights_.size()) return 0;
        return weights_[index] + (weights_[index + 1] - weights_[index]) * static_cast<float>(at - static_cast<double>(index));
    }

  private:
    static constexpr int kCrossings = 16;  // zero crossings on either side
    static constexpr int kPerCrossing = 512;
    static constexpr double kPassed = 0.95;  // of what the lower rate can hold: the filter has no sharp edge
    double reach_;
    std::vector<float> weights_;
};

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

/// The mean of all channels.
inline Sound mono(const Sound& sound) {
    if (sound.channels == 1) return sound;
    const auto channels = static_cast<std::size_t>(sound.channels);
    Sound mixed{sound.sample_rate, {}, 1};
    mixed.samples.reserve(sound.frames());
    for (std::size_t frame = 0; frame < sound.frames(); ++frame) {
        float sum = 0;
        for (std::size_t channel = 0; channel < channels; ++channel) sum += sound.samples[frame * channels + channel];
        mixed.samples.push_back(sum / static_cast<float>(channels));
    }
    return mixed;
}

/// The same sound at another rate. What is too high for the new rate is left out.
inline Sound resampled(const Sound& sound, int rate) {
    if (sound.sample_rate == rate) return sound;
    const double step = static_cast<double>(sound.sample_rate) / rate;
    const detail::LowPass filter(step);
    const auto channels = static_cast<std::size_t>(sound.channels);
    const auto frames = static_cast<std::size_t>(std::lround(static_cast<double>(sound.frames()) / step));
    Sound result{rate, {}, sound.channels};
    result.samples.reserve(frames * channels);
    for (std::size_t frame = 0; frame < frames; ++frame) {
        const double at = static_cast<double>(frame) * step;
        const auto first = static_cast<std::size_t>(std::max(0.0, std::ceil(at - filter.reach())));
        const auto end = std::min(static_cast<std::size_t>(at + filter.reach()) + 1, sound.frames());
        for (std::size_t channel = 0; channel < channels; ++channel) {
            float sum = 0;
            float whole = 0;
            for (std::size_t input = first; input < end; ++input) {
                const float weight = filter.weight(static_cast<double>(input) - at);
                sum += weight * sound.samples[input * channels + channel];
                whole += weight;
            }
            result.samples.push_back(whole == 0 ? 0 : sum / whole);
        }
    }
    return result;
}

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

/// A whole WAV file of 16-bit samples.
inline std::string encode(const Sound& sound) {
    const std::string data = pcm16(sound.samples);
    const auto rate = static_cast<std::uint32_t>(sound.sample_rate);
    const auto channels = static_cast<std::uint32_t>(sound.channels);
    std::string out = "RIFF";
    detail::put(out, static_cast<std::uint32_t>(36 + data.size()), 4);
    out += "WAVEfmt ";
    detail::put(out, 16, 4);
    detail::put(out, 1, 2);
    detail::put(out, channels, 2);
    detail::put(out, rate, 4);
    detail::put(out, rate * channels * 2, 4);
    detail::put(out, channels * 2, 2);
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
            if (!(integer || real) || format.channels == 0 || format.rate == 0 ||
                format.rate > detail::kMaxRate) {
                throw Unreadable("WAV of a kind that is not read here");
            }
            Sound sound{static_cast<int>(format.rate), {}, static_cast<int>(format.channels)};
            const std::size_t width = format.bits / 8;
            const std::size_t count = size / (width * format.channels) * format.channels;
            sound.samples.reserve(count);
            for (std::size_t i = 0; i < count; ++i) sound.samples.push_back(detail::sample(body + i * width, format));
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

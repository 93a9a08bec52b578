#include "wav.h"

#include "check.h"

namespace {

std::string header(unsigned code, unsigned channels, unsigned rate, unsigned bits, std::uint32_t size) {
    std::string out = "RIFF....WAVEfmt ";
    wav::detail::put(out, 16, 4);
    wav::detail::put(out, code, 2);
    wav::detail::put(out, channels, 2);
    wav::detail::put(out, rate, 4);
    wav::detail::put(out, rate * channels * bits / 8, 4);
    wav::detail::put(out, channels * bits / 8, 2);
    wav::detail::put(out, bits, 2);
    out += "data";
    wav::detail::put(out, size, 4);
    return out;
}

wav::Sound tone(int rate, double hertz) {
    wav::Sound sound{rate, {}};
    for (int i = 0; i < rate; ++i) {
        sound.samples.push_back(static_cast<float>(0.5 * std::sin(6.283185307179586 * hertz * i / rate)));
    }
    return sound;
}

/// The largest difference, without the ends, which have no neighbours.
float difference(const wav::Sound& left, const wav::Sound& right) {
    float largest = left.samples.size() == right.samples.size() ? 0.0F : 1.0F;
    for (std::size_t i = 100; i + 100 < std::min(left.samples.size(), right.samples.size()); ++i) {
        largest = std::max(largest, std::fabs(left.samples[i] - right.samples[i]));
    }
    return largest;
}

bool refused(const std::string& bytes) {
    try {
        wav::decode(bytes);
        return false;
    } catch (const wav::Unreadable&) {
        return true;
    }
}

}  // namespace

int main() {
    const wav::Sound sound{16000, {0.0F, 0.5F, -0.5F, 1.0F, -1.0F, 2.0F}};
    const std::string bytes = wav::encode(sound);
    CHECK(bytes.size() == 44 + 12);
    const wav::Sound back = wav::decode(bytes);
    CHECK(back.sample_rate == 16000);
    CHECK(back.samples.size() == 6);
    CHECK(back.samples[1] == 0.5F);
    CHECK(back.samples[2] == -0.5F);
    CHECK(back.samples[4] == -1.0F);
    CHECK(back.samples[5] < 1.0F);
    CHECK(wav::encode(back) == bytes);

    const wav::Sound stereo = wav::decode(header(1, 2, 8000, 8, 4) + std::string("\x80\x00\xff\x81", 4));
    CHECK(stereo.channels == 2);
    CHECK(stereo.samples.size() == 4);
    CHECK(stereo.samples[1] == -1.0F);
    CHECK(stereo.seconds() == 2.0F / 8000.0F);
    const wav::Sound again = wav::decode(wav::encode(stereo));
    CHECK(again.channels == 2 && again.frames() == 2);
    const wav::Sound mixed = wav::mono(stereo);
    CHECK(mixed.channels == 1 && mixed.samples.size() == 2);
    CHECK(mixed.samples[0] == -0.5F);
    CHECK(mixed.samples[1] == 0.5F);
    const wav::Sound faster = wav::resampled(stereo, 16000);
    CHECK(faster.channels == 2 && faster.frames() == 4);

    for (const auto& [from, to] : {std::pair(44100, 16000), std::pair(8000, 16000), std::pair(11025, 16000)}) {
        CHECK(difference(wav::resampled(tone(from, 440), to), tone(to, 440)) < 2e-3F);
    }
    // What is too high for the new rate does not come back as another tone.
    CHECK(difference(wav::resampled(tone(44100, 15000), 16000), tone(16000, 0)) < 1e-3F);

    const wav::Sound deep = wav::decode(header(1, 1, 8000, 24, 3) + std::string("\x00\x00\xc0", 3));
    CHECK(deep.samples.at(0) == -0.5F);
    const wav::Sound real = wav::decode(header(3, 1, 8000, 32, 4) + std::string("\x00\x00\x00\x3f", 4));
    CHECK(real.samples.at(0) == 0.5F);

    const wav::Sound endless = wav::decode(header(1, 1, 8000, 16, 0xffffffff) + std::string(6, '\0'));
    CHECK(endless.samples.size() == 3);

    CHECK(refused(""));
    CHECK(refused("GGUF and something else"));
    CHECK(refused(bytes.substr(0, 30)));
    CHECK(refused(header(1, 0, 8000, 16, 2) + "xx"));
    CHECK(refused(header(1, 1, 0, 16, 2) + "xx"));
    CHECK(refused(header(1, 1, 4000000000, 16, 2) + "xx"));
    CHECK(refused(header(1, 1, 8000, 12, 2) + "xx"));
    CHECK(refused(header(7, 1, 8000, 8, 2) + "xx"));
    return check::report("wav");
}

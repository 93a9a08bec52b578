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
    CHECK(stereo.samples.size() == 2);
    CHECK(stereo.samples[0] == -0.5F);
    CHECK(stereo.samples[1] == 0.5F);
    CHECK(stereo.seconds() == 2.0F / 8000.0F);

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
    CHECK(refused(header(1, 1, 8000, 12, 2) + "xx"));
    CHECK(refused(header(7, 1, 8000, 8, 2) + "xx"));
    return check::report("wav");
}

#include "png.h"

#include "check.h"

int main() {
    // Reference values of the two checksums.
    CHECK(png::detail::crc("123456789") == 0xcbf43926U);
    CHECK(png::detail::adler("Wikipedia") == 0x11e60398U);

    const std::string one = png::encode(1, 1, {255, 0, 0});
    CHECK(one.compare(0, 8, "\x89PNG\r\n\x1a\n") == 0);
    CHECK(one.compare(12, 4, "IHDR") == 0);
    CHECK(one.compare(one.size() - 8, 4, "IEND") == 0);
    // Signature, IHDR, IDAT with 2 + 5 + 4 + 4 bytes, IEND.
    CHECK(one.size() == 8 + 25 + 12 + 15 + 12);

    // Larger than one stored block.
    const std::string big = png::encode(200, 200, std::vector<std::uint8_t>(200 * 200 * 3, 7));
    CHECK(big.size() > 200 * 200 * 3);

    bool refused = false;
    try {
        png::encode(2, 2, {0, 0, 0});
    } catch (const std::invalid_argument&) {
        refused = true;
    }
    CHECK(refused);
    return check::report("png");
}

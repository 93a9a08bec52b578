#include "image_size.h"

#include "check.h"

int main() {
    using namespace std::string_literals;
    const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\x40\0\0\0\xf0"s;
    const auto size = image_size::of(png);
    CHECK(size && size->width == 320 && size->height == 240);

    // An APP0 segment of 4 bytes, a fill byte, then a baseline frame.
    const std::string jpeg = "\xff\xd8\xff\xe0\0\4xx\xff\xff\xc0\0\x11\x08\0\xf0\1\x40\3"s;
    const auto other = image_size::of(jpeg);
    CHECK(other && other->width == 320 && other->height == 240);

    CHECK(!image_size::of(""));
    CHECK(!image_size::of("GIF89a"));
    CHECK(!image_size::of(png.substr(0, 20)));
    CHECK(!image_size::of(jpeg.substr(0, 12)));
    CHECK(!image_size::of("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\xf0"s));
    return check::report("image_size");
}

// The size of a PNG or JPEG image, read from its header.
#pragma once

#include <optional>
#include <string>

namespace image_size {

struct Size {
    int width = 0;
    int height = 0;
};

namespace detail {

inline int big(const std::string& bytes, std::size_t at, int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
    return static_cast<int>(value & 0x7fffffffU);
}

inline std::optional<Size> png(const std::string& bytes) {
    if (bytes.size() < 24 || bytes.compare(0, 8, "\x89PNG\r\n\x1a\n") != 0) return std::nullopt;
    return Size{big(bytes, 16, 4), big(bytes, 20, 4)};
}

inline std::optional<Size> jpeg(const std::string& bytes) {
    if (bytes.compare(0, 2, "\xff\xd8") != 0) return std::nullopt;
    std::size_t at = 2;
    while (at + 9 <= bytes.size()) {
        if (bytes[at] != '\xff') return std::nullopt;
        const int marker = big(bytes, at + 1, 1);
        const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) return Size{big(bytes, at + 7, 2), big(bytes, at + 5, 2)};
        if (marker == 0xff) {  // fill byte
            ++at;
        } else {
            at += 2 + static_cast<std::size_t>(big(bytes, at + 2, 2));
        }
    }
    return std::nullopt;
}

}  // namespace detail

/// Nothing when the bytes are neither PNG nor JPEG, or the size is zero.
inline std::optional<Size> of(const std::string& bytes) {
    std::optional<Size> size = detail::png(bytes);
    if (!size) size = detail::jpeg(bytes);
    if (size && (size->width < 1 || size->height < 1)) return std::nullopt;
    return size;
}

}  // namespace image_size

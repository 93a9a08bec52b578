// Writes PNG files without a compression library: 8-bit RGB in stored blocks.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace png {

namespace detail {

inline void put(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

inline std::uint32_t crc(const std::string& bytes) {
    static const std::array<std::uint32_t, 256> table = [] {
        std::array<std::uint32_t, 256> entries{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
            entries[i] = value;
        }
        return entries;
    }();
    std::uint32_t value = 0xffffffffU;
    for (const unsigned char byte : bytes) value = table[(value ^ byte) & 0xff] ^ value >> 8;
    return ~value;
}

inline std::uint32_t adler(const std::string& bytes) {
    std::uint32_t low = 1;
    std::uint32_t high = 0;
    for (const unsigned char byte : bytes) {
        low = (low + byte) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

inline void chunk(std::string& out, const std::string& type, const std::string& body) {
    put(out, static_cast<std::uint32_t>(body.size()));
    out += type + body;
    put(out, crc(type + body));
}

/// A zlib stream of stored blocks.
inline std::string stored(const std::string& bytes) {
    constexpr std::size_t kBlock = 65535;
    std::string out = "\x78\x01";
    for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
        const std::size_t size = std::min(kBlock, bytes.size() - at);
        out.push_back(at + size == bytes.size() ? '\1' : '\0');
        for (const std::size_t length : {size, ~size}) {
            out.push_back(static_cast<char>(length & 0xff));
            out.push_back(static_cast<char>(length >> 8 & 0xff));
        }
        out.append(bytes, at, size);
    }
    put(out, adler(bytes));
    return out;
}

}  // namespace detail

/// A whole PNG file; `rgb` holds three bytes per pixel, row by row from the top left.
inline std::string encode(int width, int height, const std::vector<std::uint8_t>& rgb) {
    const std::size_t row = static_cast<std::size_t>(width) * 3;
    if (width < 1 || height < 1 || rgb.size() != row * static_cast<std::size_t>(height)) {
        throw std::invalid_argument("pixels do not fit the size of the image");
    }
    std::string lines;
    lines.reserve(rgb.size() + static_cast<std::size_t>(height));
    for (auto at = rgb.begin(); at != rgb.end(); at += static_cast<std::ptrdiff_t>(row)) {
        lines.push_back('\0');  // no filter
        lines.append(at, at + static_cast<std::ptrdiff_t>(row));
    }
    std::string head;
    detail::put(head, static_cast<std::uint32_t>(width));
    detail::put(head, static_cast<std::uint32_t>(height));
    head += std::string("\x08\x02\x00\x00\x00", 5);
    std::string out = "\x89PNG\r\n\x1a\n";
    detail::chunk(out, "IHDR", head);
    detail::chunk(out, "IDAT", detail::stored(lines));
    detail::chunk(out, "IEND", "");
    return out;
}

/// Throws std::runtime_error when the file cannot be written.
inline void write(const std::string& path, int width, int height, const std::vector<std::uint8_t>& rgb) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << encode(width, height, rgb) << std::flush;
    if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace png

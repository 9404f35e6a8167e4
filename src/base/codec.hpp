// SPDX-License-Identifier: MIT
// Little-endian integers and varints. A varint holds 7 bits a byte, least first; the top bit says
// that more follow; 10 bytes at most, and the shortest form is the only one accepted, so that equal
// values have equal bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/check.hpp"
#include "freshet/bytes.hpp"

namespace freshet {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::size_t varint_size_max = 10;

template <class T>
inline T load(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class T>
inline void store_at(std::byte* to, T value) noexcept {
    std::memcpy(to, &value, sizeof value);
}

// Big-endian, so that keys sort as their numbers do.
inline void store_key(std::byte* to, std::uint64_t value) noexcept {
    store_at(to, __builtin_bswap64(value));
}

inline std::uint64_t load_key(const std::byte* from) noexcept {
    return __builtin_bswap64(load<std::uint64_t>(from));
}

constexpr std::size_t varint_size(std::uint64_t value) noexcept {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Writes a varint and says where the next byte goes. The caller has room for varint_size(value).
inline std::byte* put_varint(std::byte* to, std::uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7) *to++ = static_cast<std::byte>(value | 0x80);
    *to++ = static_cast<std::byte>(value);
    return to;
}

// Decodes fields in order. The first one that does not fit is remembered and every later one yields
// zero, so a decoder reads all its fields straight down and asks once, at the end, if it went well.
class Reader {
public:
    explicit Reader(Bytes bytes) noexcept
        : next_{bytes.data()}, end_{bytes.data() + bytes.size()} {}

    template <class T>
    T integer() noexcept {
        const Bytes bytes = take(sizeof(T));
        return bytes.data() == nullptr ? T{} : load<T>(bytes.data());
    }

    std::uint64_t varint() noexcept {
        if (next_ != end_ && (*next_ & std::byte{0x80}) == std::byte{0})
            return std::to_integer<std::uint64_t>(*next_++);
        return long_varint();
    }

    // A varint of at most `max`.
    template <class T>
    T number(T max) noexcept {
        const std::uint64_t value = varint();
        return value <= max ? static_cast<T>(value) : static_cast<T>(fail());
    }

    Bytes take(std::size_t size) noexcept {
        if (size > static_cast<std::size_t>(end_ - next_)) {
            fail();
            return {};
        }
        const Bytes bytes{next_, size};
        next_ += size;
        return bytes;
    }

    [[nodiscard]] const std::byte* position() const noexcept { return next_; }
    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] bool at_end() const noexcept { return next_ == end_; }

private:
    std::uint64_t long_varint() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 70 && next_ != end_; shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(*next_++);
            value |= (byte & 0x7f) << shift;
            if (byte >= 0x80) continue;
            const bool shortest = byte != 0 || shift == 0;
            const bool fits = shift < 63 || byte <= 1;
            return shortest && fits ? value : fail();
        }
        return fail();
    }

    std::uint64_t fail() noexcept {
        ok_ = false;
        next_ = end_;
        return 0;
    }

    const std::byte* next_;
    const std::byte* end_;
    bool ok_{true};
};

}  // namespace freshet

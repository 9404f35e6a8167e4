// SPDX-License-Identifier: MIT
// Decodes what stands before an event's contents. Workload: tens of millions of events a second,
// each field a number of 1 to 3 bytes; so it is inlined where events are read, looks at bytes
// without asking for the end of the buffer, keeps the outcome in registers, and computes only what
// is asked for there.
#pragma once

#include "base/codec.hpp"
#include "log/event.hpp"

namespace freshet::log {

inline constexpr std::uint32_t kind_mask = 3;
inline constexpr std::uint32_t bit_id = 4;
inline constexpr std::uint32_t bit_metadata = 8;
inline constexpr std::uint32_t bit_slot = 16;
inline constexpr std::uint32_t bit_type = 32;
inline constexpr std::uint32_t bit_within = 64;
inline constexpr std::uint32_t bit_digest = 128;

inline constexpr std::size_t crc_size = 4;

// Varints of 32 bits, one after another, in their shortest form.
class NumberReader {
public:
    explicit NumberReader(const std::byte* from) noexcept : next_{from} {}

    std::uint32_t number() noexcept {
        const std::uint32_t first = byte(0);
        if (first < 0x80) return advance(1, first);
        const std::uint32_t second = byte(1);
        const std::uint32_t two = (first & 0x7f) | (second & 0x7f) << 7;
        if (second < 0x80) return advance(2, two, second);
        const std::uint32_t third = byte(2);
        const std::uint32_t three = two | (third & 0x7f) << 14;
        if (third < 0x80) return advance(3, three, third);
        const Long number = long_number(next_);
        ok_ = ok_ && number.is_shortest;
        next_ += number.size;
        return number.value;
    }
    void skip(std::size_t size) noexcept { next_ += size; }
    [[nodiscard]] const std::byte* position() const noexcept { return next_; }
    [[nodiscard]] bool ok() const noexcept { return ok_; }

private:
    [[nodiscard]] std::uint32_t byte(std::size_t at) const noexcept {
        return std::to_integer<std::uint32_t>(next_[at]);
    }
    std::uint32_t advance(std::size_t size, std::uint32_t value, std::uint32_t last = 1) noexcept {
        ok_ = ok_ && last != 0;
        next_ += size;
        return value;
    }
    // One of four bytes or five; rare, so not inlined.
    struct Long {
        std::uint32_t value = 0;
        std::uint16_t size = 0;
        bool is_shortest = false;
    };
    static Long long_number(const std::byte* from) noexcept;

    const std::byte* next_;
    bool ok_ = true;
};

// False: what begins there is no event, or does not end there.
bool decode_head(Bytes bytes, Digest digest, EventHead& head) noexcept;

// The same, inlined, where event_head_size_max bytes can be read; where the event ends is not
// looked at.
inline bool decode_head(const std::byte* from, Digest digest, EventHead& head) noexcept {
    const auto control = std::to_integer<std::uint32_t>(from[crc_size]);
    const bool sha = digest == Digest::sha256;
    if ((control & (kind_mask | bit_digest)) != (sha ? bit_digest : 0)) return false;
    NumberReader reader{from + crc_size + 1};
    head.crc = load<std::uint32_t>(from);
    head.offset = reader.number();
    head.number = reader.number();
    head.slot = (control & bit_slot) != 0 ? reader.number() : 0;
    head.within = (control & bit_within) != 0 ? reader.number() : 0;
    head.type = (control & bit_type) != 0 ? reader.number() : 0;
    const bool has_id = (control & bit_id) != 0;
    head.id_at = has_id ? static_cast<std::uint32_t>(reader.position() - from) : 0;
    if (has_id) reader.skip(16);
    head.metadata_size = (control & bit_metadata) != 0 ? reader.number() : 0;
    head.payload_size = reader.number();
    head.proof_at = sha ? static_cast<std::uint32_t>(reader.position() - from) : 0;
    if (sha) reader.skip(proof_size);
    head.metadata_at = static_cast<std::uint32_t>(reader.position() - from);
    head.is_shortest = reader.ok();
    return true;
}

}  // namespace freshet::log

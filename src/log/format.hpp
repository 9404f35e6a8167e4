// SPDX-License-Identifier: MIT
// What the log looks like on disk: segments, and the headers of segments and frames. Events and the
// tables of a frame are in event.hpp. All integers are little-endian; format 0 may still change.
//
// An *address* is a place in the log: (segment number - 1) * segment size + offset in the file.
// Address 0 is never a frame. Segment n is the file named by n in eight digits and ".log"; the
// first is 00000001.log.
//
//  Segment header, 96 bytes; the first frame follows it.
//
//      offset  size  field
//           0     8  magic "FRESHLOG"
//           8     4  format version
//          12     4  CRC-32C of bytes 16..95
//          16     8  store
//          24     4  segment number
//          28     4  segment size
//          32     8  end of the frames in the segment before; 0 in the first
//          40     4  epoch
//          44     4  epoch nonce
//          48     4  chain before the first frame: CRC-32C
//          52    32  chain before the first frame: SHA-256, or zeros
//          84    12  zeros
//
//  Frame: one transaction, or a part of one. It starts at a multiple of 8 and ends before its
//  segment does, so that the address behind it still lies in the same segment.
//
//      offset  size  field
//           0     3  magic "FrF"
//           3     1  flags: 1 last frame of its transaction, 2 SHA-256
//           4     4  CRC-32C of the frame's address, of bytes 0..3 and of bytes 8..header size
//           8     8  synced_to: the end of the last commit that a finished sync covered
//          16     8  store
//          24     4  epoch
//          28     4  epoch nonce
//          32     8  commit
//          40     8  time, microseconds since 1970 UTC
//          48     8  ordinal of the first event
//          56     4  size of the frame, a multiple of 8
//          60     4  size of the first type and the events
//          64     4  count of events
//          68     2  count of streams
//          70     2  count of types
//          72     4  body: CRC-32C of the first type, all event headers, and what is behind them
//          76     4  chain before this frame: CRC-32C
//          80    32  chain before this frame: SHA-256   } with flag 2
//         112    32  body: SHA-256                      } only
//     80 | 144       first type, events, other types, streams, zeros to a multiple of 8
//
// The chain value after a frame is the checksum of its header without bytes 4..15: so it covers all
// event headers, and of contents their checksums and digests only. synced_to and the header's CRC
// are filled in when the frame is written, which is after others may have been chained to it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/codec.hpp"
#include "freshet/bytes.hpp"
#include "freshet/error.hpp"
#include "freshet/store.hpp"

namespace freshet::log {

inline constexpr std::size_t segment_header_size = 96;
inline constexpr std::size_t frame_header_size_max = 144;
constexpr std::size_t frame_header_size(Digest digest) noexcept {
    return digest == Digest::sha256 ? 144 : 80;
}
inline constexpr std::uint32_t frame_stream_count_max = 1024;
inline constexpr std::uint32_t frame_type_count_max = 255;

struct Chain {
    std::uint32_t crc = 0;
    std::array<std::byte, 32> sha{};
    friend bool operator==(const Chain&, const Chain&) noexcept = default;
};

struct Epoch {
    std::uint32_t count = 0;
    std::uint32_t nonce = 0;
    friend bool operator==(const Epoch&, const Epoch&) noexcept = default;
};

// What is the same for all of a store's files.
struct Geometry {
    std::uint64_t store = 0;
    std::uint32_t segment_size = 0;  // A power of two.
    std::uint32_t frame_size_max = 0;
    Digest digest = Digest::none;

    [[nodiscard]] std::uint32_t segment(std::uint64_t address) const noexcept {
        return static_cast<std::uint32_t>(address >> std::countr_zero(segment_size)) + 1;
    }
    [[nodiscard]] std::uint32_t offset(std::uint64_t address) const noexcept {
        return static_cast<std::uint32_t>(address & (segment_size - 1));
    }
    [[nodiscard]] std::uint64_t address(std::uint32_t segment) const noexcept {
        return std::uint64_t{segment - 1} * segment_size;
    }
    [[nodiscard]] std::uint64_t first_frame(std::uint32_t segment) const noexcept {
        return address(segment) + segment_header_size;
    }
    [[nodiscard]] std::size_t frame_header_size() const noexcept {
        return log::frame_header_size(digest);
    }
};

// Where a prefix of the log ends, and what the next commit continues from.
struct Position {
    std::uint64_t address = 0;
    std::uint64_t commit = 0;
    std::uint64_t next_ordinal = 0;
    std::uint64_t time_us = 0;
    Chain chain;
    Epoch epoch;
};

struct SegmentHeader {
    std::uint64_t store = 0;
    std::uint32_t number = 0;
    std::uint32_t segment_size = 0;
    std::uint64_t previous_end = 0;
    Epoch epoch;
    Chain chain;
};

struct FrameHeader {
    bool last = false;
    std::uint64_t synced_to = 0;
    std::uint64_t store = 0;
    Epoch epoch;
    std::uint64_t commit = 0;
    std::uint64_t time_us = 0;
    std::uint64_t first_ordinal = 0;
    std::uint32_t size = 0;
    std::uint32_t events_size = 0;
    std::uint32_t event_count = 0;
    std::uint16_t stream_count = 0;
    std::uint16_t type_count = 0;
    std::uint32_t body_crc = 0;
    Chain chain_before;
    std::array<std::byte, 32> body_sha{};
};

using SegmentName = std::array<char, 12>;
SegmentName segment_name(std::uint32_t number) noexcept;
inline std::string_view as_view(const SegmentName& name) noexcept {
    return {name.data(), name.size()};
}

void encode(const SegmentHeader& header, std::span<std::byte, segment_header_size> into) noexcept;
// not_a_store: no segment header at all; newer_format: `format` is set; corrupt.
Status decode(Bytes bytes, SegmentHeader& header, std::uint32_t& format) noexcept;

// Everything but synced_to and the header's CRC, which stamp() fills in.
void encode(const FrameHeader& header, const Geometry& geometry, std::byte* into) noexcept;
void stamp(std::byte* header, std::uint64_t address, std::uint64_t synced_to,
           const Geometry& geometry) noexcept;
// corrupt, unless the bytes are the header of a frame of this store that was written at this
// address and fits into its segment. With `stamped` false the CRC is not looked at: for frames not
// yet written.
Status decode(Bytes bytes, std::uint64_t address, const Geometry& geometry, FrameHeader& header,
              bool stamped = true) noexcept;

// Commit, time, first ordinal, size of the events and count of types alone, with nothing checked.
inline void decode_moment(const std::byte* from, FrameHeader& header) noexcept {
    header.commit = load<std::uint64_t>(from + 32);
    header.time_us = load<std::uint64_t>(from + 40);
    header.first_ordinal = load<std::uint64_t>(from + 48);
    header.events_size = load<std::uint32_t>(from + 60);
    header.type_count = load<std::uint16_t>(from + 70);
}

// The chain value after the frame whose encoded header this is.
Chain chain_after(const std::byte* header, const Geometry& geometry) noexcept;

// As users see it: CRC-32C in the first four bytes, or SHA-256.
std::array<std::byte, 32> chain_bytes(const Chain& chain, Digest digest) noexcept;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) noexcept {
    return (value + multiple - 1) / multiple * multiple;
}

}  // namespace freshet::log

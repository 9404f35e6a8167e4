// SPDX-License-Identifier: MIT
// The inside of a frame: events, their types and their streams.
//
//  Event. Numbers without a size are varints.
//
//      size  field
//         4  CRC-32C of: size of stream name (1), stream name, schema version (2), size of type
//            name (1), type name; commit, time and first ordinal of the frame (8, 8, 8); address
//            (8), index (8), and all that follows this field
//         1  control: bits 0-1 kind; 2 has an id; 3 has metadata; 4 slot is not 0; 5 type is not 0;
//            6 is not its stream's first event in this frame; 7 SHA-256
//            distance from the start of the frame
//            number in the frame, from 0
//            slot: number in the stream table                     } bit 4
//            number among its stream's events in this frame       } bit 6
//            type: number in the type table                       } bit 5
//        16  id                                                   } bit 2
//            size of metadata                                     } bit 3
//            size of payload
//        32  digest: SHA-256 of salt, metadata size (8), metadata, payload   } bit 7
//        16  salt                                                 }
//            metadata
//            payload
//
//  All up to the digest is the event's header. Since the CRC takes in all that is told of an event,
//  one that is read by its address alone needs no other check, not even that of its frame: what was
//  misdirected, stale or another stream's does not pass. The names come first, then the frame's, so
//  that what they add to the CRC (its *seed*) is computed once for events that are read in a row.
//
//  Type: schema version, size of the name (1 byte), name. The first stands in front of the events,
//  where it is fetched along with the header; the others behind them.
//
//  Stream table: for each slot the count of bytes shared with the name before (1 byte; 0 at every
//  16th), the size of the rest (1 byte), the rest, and the index of the stream's first event in
//  this frame. A stream that has no event in the frame was created there.
//
// There is no pointer from an event to the one before it in its stream: the tree keeps the
// addresses of the last, partial block as it keeps those of full ones. A walk would wait 135-235 ns
// for memory at each of up to 31 steps, and the pointers would take 2-3 bytes an event.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/checksum.hpp"
#include "base/sha256.hpp"
#include "log/format.hpp"

namespace freshet::log {

inline constexpr std::uint32_t table_restart_interval = 16;
inline constexpr std::size_t digest_size = 32;
inline constexpr std::size_t salt_size = 16;
inline constexpr std::size_t proof_size = digest_size + salt_size;
using Salt = std::array<std::byte, salt_size>;

// 1 to 3 are for rows, schema and control, which come later.
enum class Kind : std::uint8_t { event = 0 };

// A type as events have it: its name and the version of its schema, from 1.
struct EventType {
    std::string_view name;
    std::uint16_t schema_version = 0;

    [[nodiscard]] bool is_valid() const noexcept { return schema_version != 0; }
    friend bool operator==(const EventType&, const EventType&) noexcept = default;
};

// What the checksum of an event begins with: that of its stream, of its type, of its frame.
std::uint32_t seed_of(std::string_view stream) noexcept;
std::uint32_t seed_of(std::uint32_t stream_seed, const EventType& type) noexcept;
inline std::uint32_t seed_of(std::uint32_t type_seed, const FrameHeader& frame) noexcept {
    return crc32c(type_seed, frame.commit, frame.time_us, frame.first_ordinal);
}

// An event as it stands in a frame.
struct StoredEvent {
    Kind kind = Kind::event;
    std::uint32_t crc = 0;
    std::uint32_t offset = 0;  // From the start of the frame.
    std::uint32_t number = 0;
    std::uint32_t slot = 0;
    std::uint32_t within = 0;
    std::uint32_t type = 0;
    EventId id;
    Bytes proof;  // Digest and salt; empty without SHA-256.
    Bytes metadata;
    Bytes payload;
    Bytes header;  // As encoded, digest included.
    std::size_t size = 0;
};

// What stands before an event's contents, decoded. Places are counted from its start.
struct EventHead {
    std::uint32_t crc = 0;
    std::uint32_t offset = 0;
    std::uint32_t number = 0;
    std::uint32_t slot = 0;
    std::uint32_t within = 0;
    std::uint32_t type = 0;
    std::uint32_t id_at = 0;     // 0: it has none.
    std::uint32_t proof_at = 0;  // 0: it has none.
    std::uint32_t metadata_at = 0;
    std::uint32_t metadata_size = 0;
    std::uint32_t payload_size = 0;
    bool is_shortest = false;  // Each number has the form that it is written in.

    [[nodiscard]] std::uint64_t payload_at() const noexcept {
        return std::uint64_t{metadata_at} + metadata_size;
    }
    [[nodiscard]] std::uint64_t size() const noexcept { return payload_at() + payload_size; }
};

// The most bytes that are looked at to decode a head: seven numbers of 32 bits, an id and a proof.
inline constexpr std::size_t event_head_size_max = 5 + 7 * 5 + 16 + proof_size;

// What is to be written; offset, number and so on are the frame's to give.
struct EventPlace {
    std::uint64_t address = 0;
    std::uint64_t index = 0;
    std::uint32_t offset = 0;
    std::uint32_t number = 0;
    std::uint32_t slot = 0;
    std::uint32_t within = 0;
    std::uint32_t type = 0;
};

// The most bytes an encoded event can take.
std::size_t encoded_size_max(const Event& event, Digest digest) noexcept;
// Encodes; the room is there. `seed` is that of its stream, type and frame. With SHA-256, `salt` is
// stored and covered. Returns the event as stored.
StoredEvent encode(const Event& event, std::uint32_t seed, const EventPlace& place,
                   const Salt* salt, std::byte* into) noexcept;

// Decodes the event that begins where `bytes` do; they end where the frame's events do. Bounds and
// form are checked, the CRC is not. corrupt.
Status decode(Bytes bytes, Digest digest, StoredEvent& event) noexcept;

// Whether an event is what was written at this place of the stream, type and frame of this seed.
bool is_intact(const StoredEvent& event, std::uint32_t seed, std::uint64_t address,
               std::uint64_t index) noexcept;
bool is_digest_intact(const StoredEvent& event) noexcept;

// Walks the stream table. The name lies in the reader and changes with next().
class StreamTable {
public:
    StreamTable() noexcept = default;
    StreamTable(Bytes table, std::uint32_t count) noexcept : table_{table}, count_{count} {}

    // False: there is none, or the table is damaged.
    bool next() noexcept;
    // Goes to a slot; forwards from where it stands where that is nearer. corrupt.
    Status find(std::uint32_t slot) noexcept;

    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::string_view name() const noexcept { return {name_.data(), name_size_}; }
    [[nodiscard]] std::uint64_t first_index() const noexcept { return first_index_; }
    [[nodiscard]] bool at_end() const noexcept { return next_slot_ == count_; }

private:
    Bytes table_;
    std::uint32_t count_ = 0;
    std::uint32_t next_slot_ = 0;
    std::size_t offset_ = 0;
    bool ok_ = true;
    std::uint64_t first_index_ = 0;
    std::size_t name_size_ = 0;
    std::array<std::uint32_t, frame_stream_count_max / table_restart_interval> restarts_{};
    std::array<char, stream_name_size_max> name_{};
};

// The types of a frame.
class TypeTable {
public:
    TypeTable() noexcept = default;
    // `front` begins with the first type, `back` with the others.
    TypeTable(Bytes front, Bytes back, std::uint32_t count) noexcept
        : front_{front}, back_{back}, count_{count} {}

    // Not valid where there is none of that number.
    [[nodiscard]] EventType find(std::uint32_t number) const noexcept;
    // How much of the front the first type takes, and of the back the others. corrupt.
    Result<std::size_t> front_size() const noexcept;
    Result<std::size_t> back_size() const noexcept;

private:
    Bytes front_;
    Bytes back_;
    std::uint32_t count_ = 0;
};

// A frame in memory whose header was checked: where its parts are.
struct Frame {
    std::uint64_t address = 0;
    FrameHeader header;
    const std::byte* bytes = nullptr;

    // The first type and the events.
    [[nodiscard]] Bytes events(const Geometry& geometry) const noexcept {
        return {bytes + geometry.frame_header_size(), header.events_size};
    }
    [[nodiscard]] Bytes tables(const Geometry& geometry) const noexcept {
        const std::size_t begin = geometry.frame_header_size() + header.events_size;
        return {bytes + begin, header.size - begin};
    }
    [[nodiscard]] TypeTable types(const Geometry& geometry) const noexcept {
        return {events(geometry), tables(geometry), header.type_count};
    }
    [[nodiscard]] std::uint64_t end() const noexcept { return address + header.size; }
};

// The stream table of a frame, behind the types. corrupt.
Result<Bytes> stream_table(const Frame& frame, const Geometry& geometry) noexcept;

// Walks the events of a frame and checks each: form, place, CRC and digest.
class FrameEvents {
public:
    FrameEvents() noexcept = default;
    // corrupt: the tables are damaged.
    Status open(const Frame& frame, const Geometry& geometry) noexcept;

    // False: no more. corrupt: position() is where.
    Result<bool> next() noexcept;
    // Passes over an event without a look at its content. The same results.
    Result<bool> skip() noexcept;

    // Of the event that next() came to.
    [[nodiscard]] const StoredEvent& event() const noexcept { return event_; }
    [[nodiscard]] std::string_view stream() const noexcept { return streams_.name(); }
    [[nodiscard]] const EventType& type() const noexcept { return type_; }
    [[nodiscard]] std::uint64_t index() const noexcept {
        return streams_.first_index() + event_.within;
    }
    [[nodiscard]] std::uint64_t address() const noexcept { return address_; }

private:
    Result<bool> step() noexcept;

    Bytes rest_;
    TypeTable types_;
    StreamTable streams_;
    StoredEvent event_;
    EventType type_;
    std::uint64_t address_ = 0;
    std::uint32_t offset_ = 0;  // Of the next event in the frame.
    std::uint32_t number_ = 0;
    std::uint32_t count_ = 0;
    std::uint64_t frame_address_ = 0;
    Digest digest_ = Digest::none;
    FrameHeader header_;
};

}  // namespace freshet::log

// SPDX-License-Identifier: MIT
// Builds one frame in the write buffer: events go straight to their place, the two tables are kept
// aside until the frame is sealed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "base/sha256.hpp"
#include "log/event.hpp"

namespace freshet::log {

class FrameBuilder {
public:
    static constexpr std::size_t required_memory() noexcept;
    Status open(Arena& arena, const Geometry& geometry) noexcept;

    // A frame at `address` in `room`, which holds frame_size_max bytes; `after` is what it is
    // chained to.
    void begin(std::byte* room, const Position& after, std::uint64_t address, std::uint64_t commit,
               std::uint64_t time_us) noexcept;
    // The room has moved with all that was written.
    void move_to(std::byte* room) noexcept { room_ = room; }

    // The most the frame can take once this event of this stream is in it.
    [[nodiscard]] std::size_t size_with(std::string_view stream, const Event& event) const noexcept;
    [[nodiscard]] std::size_t size_with(std::string_view stream) const noexcept;
    // Whether the tables can take one more of each; if not, the frame has to be sealed first.
    [[nodiscard]] bool tables_have_room() const noexcept;

    // Returns the event's address. The room is there.
    std::uint64_t add(std::string_view stream, std::uint64_t index, const Event& event,
                      const Salt* salt) noexcept;
    // Names a stream without an event: it is created here.
    void touch(std::string_view stream) noexcept { slot_of(stream, 0); }

    // Finishes the frame but for its stamp; returns where the log ends behind it.
    Position seal(bool last) noexcept;

    // What the frame held at some moment.
    struct Savepoint {
        std::uint32_t events_size = 0;
        std::uint32_t event_count = 0;
        std::uint32_t body_crc = 0;
        std::uint32_t slot_count = 0;
        std::uint32_t type_count = 0;
        std::size_t tables_size_max = 0;
        Sha256 body_sha;
    };
    void save(Savepoint& into) const noexcept;
    // Takes back what came since.
    void rollback_to(const Savepoint& savepoint) noexcept;
    // Of a frame that was sealed since, and has to go on from a savepoint in it: begin() was called
    // with the same place and numbers, and the frame is whole.
    void reopen(const Frame& sealed, const Savepoint& savepoint) noexcept;

    // Of a slot in use.
    [[nodiscard]] std::string_view stream(std::uint32_t slot) const noexcept {
        return view(slots_[slot].name);
    }
    [[nodiscard]] std::uint64_t first_index(std::uint32_t slot) const noexcept {
        return slots_[slot].first_index;
    }
    [[nodiscard]] bool is_empty() const noexcept { return slot_count_ == 0; }
    [[nodiscard]] std::uint64_t address() const noexcept { return header_address_; }
    [[nodiscard]] std::uint64_t next_ordinal() const noexcept {
        return header_.first_ordinal + header_.event_count;
    }
    // Bytes written so far, all at the start of the room.
    [[nodiscard]] std::size_t written() const noexcept {
        return geometry_.frame_header_size() + header_.events_size;
    }

private:
    static constexpr std::size_t name_memory_size = std::size_t{64} << 10;
    static constexpr std::size_t bucket_count = std::size_t{2} * frame_stream_count_max;

    struct Name {
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
    };
    struct Slot {
        Name name;
        std::uint32_t hash = 0;
        std::uint32_t seed = 0;
        std::uint32_t first_seed = 0;  // With the first type and this frame.
        bool has_first_seed = false;
        std::uint32_t event_count = 0;
        std::uint64_t first_index = 0;
    };

    struct Type {
        Name name;
        std::uint16_t schema_version = 0;
    };

    std::uint32_t slot_of(std::string_view stream, std::uint64_t index) noexcept;
    std::uint32_t type_of(const Event& event) noexcept;
    std::uint32_t seed_for(Slot& slot, std::uint32_t type_number) noexcept;
    Name keep(std::string_view name) noexcept;
    [[nodiscard]] EventType type(const Type& type) const noexcept {
        return {view(type.name), type.schema_version};
    }
    [[nodiscard]] bool is_type(std::uint32_t number, const Event& event) const noexcept {
        return types_[number].schema_version == event.schema_version &&
               view(types_[number].name) == event.type;
    }
    [[nodiscard]] std::string_view view(Name name) const noexcept {
        return {names_.data() + name.offset, name.size};
    }
    std::byte* put_type(std::byte* to, const Type& type) const noexcept;
    void put_first_type() noexcept;
    std::byte* put_streams(std::byte* to) const noexcept;
    void finish_body(Bytes tables) noexcept;
    void restore(const Savepoint& savepoint) noexcept;
    void count_events() noexcept;

    Geometry geometry_;
    FrameHeader header_;
    std::uint64_t header_address_ = 0;
    std::byte* room_ = nullptr;
    Sha256 body_sha_;
    std::span<char> names_;
    std::span<Slot> slots_;
    std::span<std::uint16_t> buckets_;  // Slot + 1; 0: free.
    std::span<Type> types_;
    std::size_t names_size_ = 0;
    std::size_t tables_size_max_ = 0;
    std::uint32_t slot_count_ = 0;
    std::uint32_t type_count_ = 0;
    std::uint32_t last_type_ = 0;
    std::uint32_t last_slot_ = 0;
};

constexpr std::size_t FrameBuilder::required_memory() noexcept {
    return Arena::room<char>(name_memory_size) + Arena::room<Slot>(frame_stream_count_max) +
           Arena::room<std::uint16_t>(bucket_count) + Arena::room<Type>(frame_type_count_max);
}

}  // namespace freshet::log

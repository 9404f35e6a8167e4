// SPDX-License-Identifier: MIT
// Reads events of one stream by their addresses. What events that are read in a row have in common
// is kept from one to the next: the map of the segment, the frame, the type, what these add to an
// event's checksum, and the *shape* of the header: its control byte, and which of the bytes behind
// it go on. Where the next one is the same, its numbers stand at the same places and are not looked
// for; where it leads is not looked at within one frame, since its checksum would not be right in
// another.
#pragma once

#include "log/log.hpp"

namespace freshet::log {

class EventReader {
public:
    EventReader() noexcept = default;
    // Of what lies below `end`. The log and the name stay lent.
    void open(Log& log, std::uint64_t end, std::string_view stream) noexcept;

    // Of another stream, whose name stays lent.
    void turn_to(std::string_view stream) noexcept;

    // The event at an address, which must be that of the stream with this index; its views lie in
    // the log. corrupt, io.
    Status read(std::uint64_t address, std::uint64_t index, Recorded& event) noexcept;

    // Where events are read that are fetched. corrupt, io.
    Status enter(std::uint64_t address) noexcept {
        if (is_in_segment(address)) return Done{};
        return address < end_ ? enter_segment(address) : Code::corrupt;
    }
    // Fetches events that are read next, of this segment, and the headers of their frames. All at
    // once: what they wait for, pages to be translated most of all, is then waited for side by
    // side.
    void fetch(std::span<const std::uint64_t> addresses) const noexcept;

private:
    // Numbers of one or two bytes in the 8 that follow the control byte.
    struct Shape {
        std::uint64_t ends = 0;      // The highest bits of the numbers' last bytes, ...
        std::uint64_t mask = 0;      // ... and of all their bytes.
        std::uint8_t number_at = 0;  // In bits.
        std::uint8_t number_bits = 0;
        std::uint8_t size_at = 0;
        std::uint8_t size_bits = 0;
        std::uint8_t header_size = 0;
        std::byte control{};
    };

    [[nodiscard]] bool has_shape(std::uint64_t address, EventHead& head) const noexcept;
    void note_shape(std::uint64_t address, std::uint32_t header_size) noexcept;
    const std::byte* pad(std::uint64_t address) noexcept;
    Status enter_segment(std::uint64_t address) noexcept;
    Status enter_frame(std::uint64_t address) noexcept;
    Status enter_type(std::uint32_t number) noexcept;
    Status look_up_type(std::uint32_t number) noexcept;
    [[nodiscard]] bool is_in_segment(std::uint64_t address) const noexcept {
        return address - segment_ < segment_size_;
    }
    [[nodiscard]] std::uint64_t segment_end() const noexcept { return segment_ + segment_size_; }
    [[nodiscard]] const std::byte* at(std::uint64_t address) const noexcept {
        return bytes_ + (address - segment_);
    }

    static constexpr std::uint32_t none = ~std::uint32_t{0};

    Log* log_ = nullptr;
    std::uint64_t end_ = 0;
    std::string_view stream_;
    std::uint32_t stream_seed_ = 0;
    Digest digest_ = Digest::none;
    const std::byte* bytes_ = nullptr;  // Of the segment mapped: its address, and how much of it
    std::uint64_t segment_ = 0;         // may be read.
    std::uint64_t segment_size_ = 0;
    std::uint64_t frame_address_ = 0;  // 0: none.
    std::uint64_t frame_end_ = 0;      // Of its events.
    FrameHeader frame_;                // As much of it as decode_moment() gives.
    std::uint64_t shape_room_ = 0;  // How far into the frame an event may have the shape; 0: none.
    Shape shape_;
    std::uint32_t type_number_ = none;
    EventType type_;
    std::uint32_t seed_ = 0;  // Of stream, type and frame.
    Bytes first_;             // The first type of an earlier frame, as it stands there: most frames
    EventType first_type_;    // begin with the same one.
    std::uint32_t first_seed_ = 0;
    std::array<std::byte, event_head_size_max> padded_;
};

}  // namespace freshet::log

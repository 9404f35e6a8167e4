// SPDX-License-Identifier: MIT
// Reads events of one stream by their addresses. What events that are read in a row have in common
// is kept from one to the next: the map of the segment, the frame, the type, and what these add to
// an event's checksum.
#pragma once

#include "log/log.hpp"

namespace freshet::log {

class EventReader {
public:
    EventReader() noexcept = default;
    // Of what lies below `end`. The log and the name stay lent.
    void open(Log& log, std::uint64_t end, std::string_view stream) noexcept;

    // The event at an address, which must be that of the stream with this index; its views lie in
    // the log. corrupt, io.
    Status read(std::uint64_t address, std::uint64_t index, Recorded& event) noexcept;

    // Begins to fetch an event that is read later, or, when that is there, the header of its frame.
    void prefetch(std::uint64_t address) const noexcept;
    void prefetch_frame(std::uint64_t address) const noexcept;

private:
    Status enter_segment(std::uint64_t address) noexcept;
    Status enter_frame(std::uint64_t address) noexcept;
    Status enter_type(std::uint32_t number) noexcept;
    [[nodiscard]] bool is_in_segment(std::uint64_t address) const noexcept {
        return address - segment_ < segment_size_;
    }
    [[nodiscard]] std::uint64_t segment_end() const noexcept { return segment_ + segment_size_; }
    [[nodiscard]] const std::byte* at(std::uint64_t address) const noexcept {
        return bytes_ + (address - segment_);
    }

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
    TypeTable types_;
    std::uint32_t type_number_ = 0;
    EventType type_;        // Not valid where none was looked up in this frame, ...
    EventType known_type_;  // ... but most frames begin with the type of the one before.
    std::uint32_t type_seed_ = 0;
    std::uint32_t seed_ = 0;
};

}  // namespace freshet::log

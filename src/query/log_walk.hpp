// SPDX-License-Identifier: MIT
// The log and its streams as of a moment, for queries: everything that is there, what streams hide
// and rows of tables too. What is not durable yet is not there.
//
// Workload: from the mark before the first that is wanted (directory.hpp), frame by frame; or one
// stream, by the addresses that the tree has.
#pragma once

#include "log/reader.hpp"
#include "relation/row_stream.hpp"

namespace freshet::query {

// Both inclusive.
struct NumberRange {
    std::uint64_t from = 0;
    std::uint64_t to = ~std::uint64_t{0};

    [[nodiscard]] bool has(std::uint64_t number) const noexcept {
        return from <= number && number <= to;
    }
};

struct LogRange {
    NumberRange ordinal{};
    NumberRange commit{};
    NumberRange time_us{};
};

// Frames, and the events in them, in the order of the log.
class LogWalk {
public:
    // corrupt, io.
    Status open(const relation::LogMoment& moment, const LogRange& range) noexcept;
    // Goes to the next frame that may have what is in the range. False: no more. corrupt, io.
    Result<bool> next_frame() noexcept;
    [[nodiscard]] const log::Frame& frame() const noexcept { return frame_; }
    // The next event in the range, of this frame and those behind it. Its stream is good until the
    // next call; what else it views lies in the log. False: no more. corrupt, io.
    Result<bool> next(Recorded& event) noexcept;

private:
    [[nodiscard]] bool is_wanted(const log::FrameHeader& header) const noexcept;
    [[nodiscard]] bool is_behind(const log::FrameHeader& header) const noexcept;

    store::State* state_ = nullptr;
    LogRange range_{};
    std::uint64_t end_ = 0;
    std::uint64_t address_ = 0;  // Where the next frame is looked for.
    std::uint64_t next_ordinal_ = 0;
    bool in_frame_ = false;
    log::Frame frame_{};
    log::FrameEvents events_{};
};

// A stream, or a row, as it was at a moment.
class StreamEvents {
public:
    // False: there is no such stream. Of the moment are its first count() events. The name stays
    // lent. corrupt.
    Result<bool> open(const relation::LogMoment& moment, std::string_view name) noexcept;
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    // How many of them lie before an address. corrupt.
    Result<std::uint64_t> count_before(std::uint64_t address) const noexcept;
    // An event below count(). Its views lie in the log, and that of the stream where the name does.
    // corrupt, io.
    Status read(std::uint64_t index, Recorded& event) noexcept;
    // As the tree has it now.
    [[nodiscard]] const store::Stream& stream() const noexcept { return stream_; }

private:
    tree::View view_{};
    std::string_view name_{};
    store::Stream stream_{};
    std::uint64_t count_ = 0;
    std::uint64_t block_ = ~std::uint64_t{0};
    store::Addresses addresses_{};  // Of its events.
    log::EventReader reader_{};
};

}  // namespace freshet::query

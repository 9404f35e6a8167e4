// SPDX-License-Identifier: MIT
// Reads the log from the disk, frame by frame, and finds where it ends.
//
// The end is X, the first address at which the next frame of the log does not stand whole: with
// every checksum right, chained to the frame before it, next in commit and ordinal. Whether X is
// where the log was cut off in the middle of work or where stored bytes were damaged, only claims
// can tell: each frame says up to where the log was known to be synced when it was written. Let D
// be the greatest such claim found anywhere, also behind X, also in frames that are no longer part
// of the log (what was once synced stays so), and in `head`. X >= D: a torn tail, which nobody was
// told of. X < D: damage to acknowledged data.
//
// It reads with Disk::read and not through maps, so that a failing disk is an error value.
#pragma once

#include "disk/io.hpp"
#include "log/frame_check.hpp"

namespace freshet::log {

// Whether there is a first segment, as far as its header says. `buffer` holds at least that.
bool has_log(Disk& disk, MutableBytes buffer) noexcept;

class Scan {
public:
    // `buffer` holds more than frame_size_max bytes, the more the better; it stays lent.
    Scan(Disk& disk, const Geometry& geometry, MutableBytes buffer) noexcept
        : disk_{disk}, geometry_{geometry}, buffer_{buffer} {}
    Scan(const Scan&) = delete;
    Scan& operator=(const Scan&) = delete;
    ~Scan() { close(); }
    void close() noexcept;
    // What the log is to be at the commit of this position, if it comes that far. A frame that ends
    // that commit with another chain value is not one of this log.
    void expect(const Position& attested) noexcept { expected_ = attested; }

    // Goes to the first frame of the first segment. False: there is no valid first segment. io.
    Result<bool> start() noexcept;
    // Goes to where a prefix ends that was read and checked before, to read on. False: there is no
    // such segment. io.
    Result<bool> resume(const Position& position) noexcept;
    // True: `frame` is the next one, whole and checked; it holds until the next call. False: the
    // log ends at position(), or at `limit`. io.
    Result<bool> next(Frame& frame, std::uint64_t limit = ~std::uint64_t{0}) noexcept;

    // Behind the last frame: X, once next() has said false.
    [[nodiscard]] const Position& position() const noexcept { return position_; }
    // Behind the last frame that ended a transaction, or at the start of an empty segment after it.
    [[nodiscard]] const Position& committed() const noexcept { return committed_; }

    // D, as far as the log says: looks behind X too, once next() has said false. io.
    Result<std::uint64_t> attested() noexcept;
    // How many bytes the segment of X holds behind it, and whether there is a segment after it.
    [[nodiscard]] std::uint64_t file_size() const noexcept { return file_size_; }
    [[nodiscard]] bool has_later_segment() const noexcept { return later_segment_; }

private:
    Result<bool> open_segment(std::uint32_t number) noexcept;
    Result<bool> continue_in(std::uint32_t number) noexcept;
    Result<bool> enter_next_segment() noexcept;
    Result<bool> read_frame(Frame& frame) noexcept;
    [[nodiscard]] bool is_next(const FrameHeader& header) const noexcept;
    [[nodiscard]] bool is_expected(const Frame& frame) const noexcept;
    void advance(const Frame& frame) noexcept;
    // Bytes of the open segment, as far as there are any.
    Result<Bytes> window(std::uint64_t offset, std::size_t size) noexcept;
    Status scan_claims(std::uint32_t segment, std::uint64_t offset) noexcept;

    Disk& disk_;
    Geometry geometry_;
    MutableBytes buffer_;
    File file_;
    std::uint32_t segment_ = 0;
    std::uint64_t file_size_ = 0;
    std::uint64_t window_offset_ = 0;
    std::size_t window_size_ = 0;
    Position position_;
    Position committed_;
    Position expected_;
    bool in_transaction_ = false;
    bool later_segment_ = false;
    std::uint64_t synced_to_ = 0;
    FrameCheck check_;
};

}  // namespace freshet::log

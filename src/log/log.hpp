// SPDX-License-Identifier: MIT
// The log of an open store: it takes transactions into the write buffer, makes them durable for all
// who wait at once, and shows what it holds.
//
// One transaction runs at a time, under the `writer` turn. It is encoded straight into the write
// buffer and *sealed*: it has its commit number and its place, and others may follow it. Then it
// waits, without that turn, until a sync covers it. Who finds no sync running leads one, for
// everything sealed so far.
//
//      tail_ <= what is sealed is behind;  the next transaction goes there
//      [ ... durable_ | ... written_ | ... sealed_ | open transaction ... | reserved_end_ )
//
// Invariants:
//  1. A frame is written only into space that was reserved: the file was grown, zeroed and synced
//     there before the frame was sealed. So a full disk is found while nothing depends on it.
//  2. `synced_to` of a frame is the end of the last commit that a finished sync covered when the
//     frame was written.
//  3. A segment is written and synced to its end, and the next one's header and name are durable,
//     before a frame goes to the next.
//  4. After a failed sync, or a failed write of what was sealed, the log is poisoned: it writes no
//     more.
//  5. Who holds the I/O turn (io_busy_) alone syncs, and moves the buffer, written_, the tail's
//     file and the head. `writer` may be held while waiting for it; `commit` only for moments.
#pragma once

#include <atomic>
#include <span>

#include "base/arena.hpp"
#include "log/frame.hpp"
#include "log/head.hpp"
#include "log/note.hpp"
#include "log/scan.hpp"

namespace freshet::log {

// A place in the log and the caller's name for the state that goes with it.
struct Mark {
    Position position;
    std::uint32_t token = 0;
};

struct Tokens {
    std::uint32_t published = 0;
    std::uint32_t in_flight = 0;
};

class Log {
public:
    static std::size_t required_memory(const Options& options, const Geometry& geometry) noexcept;
    static std::size_t buffer_size(const Geometry& geometry) noexcept {
        return std::size_t{2} * geometry.frame_size_max;
    }

    Log() noexcept = default;
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    Status open(Arena& arena, const Options& options, Door door, const HeadRecord& head) noexcept;
    // Makes the first segment of a new store. corrupt: there is a log already, though there is no
    // head.
    static Status create(Door door, const Geometry& geometry, Epoch epoch,
                         MutableBytes buffer) noexcept;

    // Recovery reads the log through this, into the idle write buffer.
    [[nodiscard]] MutableBytes buffer() const noexcept { return buffer_; }
    [[nodiscard]] MutableBytes head_buffer() const noexcept { return head_buffer_; }
    // Starts work behind `end`, up to which everything is known to be synced, without writing
    // anything.
    Status resume(const Position& end, std::uint32_t token) noexcept;
    // Makes `end` the end: what is behind it is cut off, what lies between `synced_to` and it is
    // written and synced again (it may be in the page cache only, from a writer whose sync failed),
    // and a new epoch begins.
    Status recover(const Position& end, std::uint64_t synced_to) noexcept;
    // A segment that begins behind the end is there, or all before it. Before anybody reads it, by
    // whoever makes it or finds it.
    void know(std::uint32_t segment) noexcept;
    // Tells followers in other processes up to where the log is durable. Advice: an error of it is
    // nobody's trouble but theirs, and the next sync notes again.
    void note_durable() noexcept;
    // In a log opened read only: what was sealed is known to be durable, and shows. Under the
    // writer turn.
    void show_sealed() noexcept;
    // Attests the end and cuts the segment to it. The log is closed whatever this returns.
    Status close() noexcept;
    // Closes the files and writes nothing.
    void abandon() noexcept;

    // ---- transactions: all under the writer turn ----

    void lock_writer() noexcept { gate_->lock(Turn::writer); }
    void unlock_writer() noexcept { gate_->unlock(Turn::writer); }
    // poisoned.
    Status begin() noexcept;
    // Returns the address. too_large, full, io, read_only, poisoned: the transaction can only be
    // rolled back.
    Result<std::uint64_t> add(std::string_view stream, std::uint64_t index,
                              const Event& event) noexcept;
    // Names a stream without an event; returns the address of the frame that will hold it. The same
    // errors.
    Result<std::uint64_t> touch(std::string_view stream) noexcept;
    void rollback() noexcept;
    // A place in the open transaction to go back to, as often as wanted. What was written behind it
    // is taken back from the file, too. After an error the transaction can only be rolled back:
    // corrupt, io, full, read_only, poisoned.
    struct Savepoint {
        FrameBuilder::Savepoint frame;
        Position part;
        std::uint64_t next_frame = 0;
        bool frame_open = false;
        bool has_parts = false;
        bool head_owed = false;
    };
    void save(Savepoint& into) const noexcept;
    Status rollback_to(const Savepoint& savepoint) noexcept;
    // Finishes the last frame. There is one.
    Position finish() noexcept;
    // Ends the transaction; under the commit turn, which also holds still what may become visible.
    void lock_commit() noexcept { gate_->lock(Turn::commit); }
    [[nodiscard]] Tokens tokens() const noexcept { return {durable_.token, in_flight_}; }
    void seal(const Position& position, std::uint32_t token) noexcept;
    // The state at the newest sealed commit has another name from now on. Under the commit turn.
    void rename_sealed(std::uint32_t token) noexcept;
    void unlock_commit() noexcept { gate_->unlock(Turn::commit); }

    // Whether the transaction was refused for want of segments; rollback() forgets it.
    [[nodiscard]] bool is_out_of_segments() const noexcept { return out_of_segments_; }

    // The running transaction's number and time, and where its first frame is.
    [[nodiscard]] std::uint64_t commit() const noexcept { return last_.commit + 1; }
    [[nodiscard]] std::uint64_t time_us() const noexcept { return time_us_; }
    [[nodiscard]] std::uint64_t first_frame() const noexcept { return tail_; }
    [[nodiscard]] std::uint64_t next_ordinal() const noexcept { return builder_.next_ordinal(); }
    [[nodiscard]] const Position& last() const noexcept { return last_; }
    // The greatest event: what a frame holds with this stream and type.
    [[nodiscard]] bool fits(std::string_view stream, const Event& event,
                            Diagnostic& diagnostic) const noexcept;

    // ---- durability ----

    // Returns when everything sealed up to an address is durable. durability_unknown.
    Status wait_durable(std::uint64_t address) noexcept;
    // Waits until something behind an address is durable; false: nothing is. A wait for ever ends
    // without news only in a poisoned log; one for a time may end early.
    bool wait_news(std::uint64_t address, std::uint64_t timeout_us) noexcept;
    // Where a failed sync was, once it has been.
    [[nodiscard]] Error poison() noexcept;
    Status attest() noexcept;
    // The same, and head keeps this from then on. Under the writer turn.
    Status attest(const HeadRoom& runs) noexcept;
    // The newest durable state. Any thread.
    [[nodiscard]] std::uint32_t published() const noexcept {
        return published_.load(std::memory_order_seq_cst);
    }

    // ---- reading: any thread, of what is durable ----

    // `size` bytes at an address, as far as the segment and `end` go. io.
    Result<Bytes> read(std::uint64_t address, std::uint64_t end) noexcept;
    // The frame at an address, its header checked. corrupt, io.
    Result<Frame> frame(std::uint64_t address, std::uint64_t end) noexcept;
    // The first address at or behind the end of a frame at which a frame stands: there, or in the
    // next segment. `end` where there is none. corrupt, io.
    Result<std::uint64_t> next_frame(std::uint64_t address, std::uint64_t end) noexcept;

    // The same for the writer, who also sees what is not written yet. Under the writer turn. The
    // frame of an event of the open frame has no tables yet: `is_open` says so, and names come from
    // open_stream().
    Status event_of_writer(std::uint64_t address, StoredEvent& event, Frame& frame,
                           bool& is_open) noexcept;
    Result<Frame> frame_of_writer(std::uint64_t address) noexcept;
    [[nodiscard]] std::string_view open_stream(std::uint32_t slot) const noexcept {
        return builder_.stream(slot);
    }
    [[nodiscard]] std::uint64_t open_index(const StoredEvent& event) const noexcept {
        return builder_.first_index(event.slot) + event.within;
    }

    [[nodiscard]] const Geometry& geometry() const noexcept { return geometry_; }

private:
    // writer.cpp
    Result<bool> prepare(std::size_t size) noexcept;
    void open_frame() noexcept;
    void seal_part() noexcept;
    Status make_room() noexcept;
    Status reserve(std::uint64_t end) noexcept;
    Status grow(std::uint64_t end) noexcept;  // With the I/O turn.
    Status roll() noexcept;
    Status create_next_segment(std::uint32_t number) noexcept;
    Status rewind(std::uint64_t to, bool head_owed) noexcept;
    Status reopen_part(const Savepoint& savepoint) noexcept;
    Status erase_frame(std::uint64_t address) noexcept;
    [[nodiscard]] std::byte* at(std::uint64_t address) const noexcept {
        return buffer_.data() + (address - base_);
    }
    [[nodiscard]] bool in_buffer(std::uint64_t address) const noexcept;
    Result<Bytes> read_of_writer(std::uint64_t address) noexcept;

    // commit.cpp
    void take_io() noexcept;  // With the commit turn: waits until nobody else has the I/O turn.
    void give_io() noexcept;  // With the commit turn.
    void lead() noexcept;
    void await_crowd() noexcept;
    struct Work {
        Mark target;
        std::uint64_t synced_to = 0;
        std::uint64_t reserved_end = 0;
    };
    Work take_work() noexcept;  // With both turns.
    Status write_out(std::uint64_t end, const Work& work) noexcept;
    Status write_head_for(const Position& attested, const HeadRoom* runs = nullptr) noexcept;
    Status attest_with(const HeadRoom* runs) noexcept;
    Status settle(Status status,
                  const Mark& target) noexcept;  // Takes the commit turn; keeps the I/O turn.
    void give_io_back() noexcept;                // Takes the commit turn.
    Result<Work> begin_io() noexcept;            // Takes the commit turn. poisoned.
    Status poison_with(Error error) noexcept;    // Takes the commit turn.

    // segments.cpp
    using SharedMap = std::atomic_ref<const std::byte*>;
    Result<const std::byte*> map(std::uint32_t segment) noexcept;
    void unmap_from(std::uint32_t keep) noexcept;
    Result<bool> drop_later_segments(std::uint32_t keep) noexcept;
    Status rewrite(File file, std::uint64_t from, std::uint64_t to) noexcept;

    Disk* disk_ = nullptr;
    Clock* clock_ = nullptr;
    Gate* gate_ = nullptr;
    Geometry geometry_;
    std::uint32_t growth_size_ = 0;
    bool read_only_ = false;
    MutableBytes buffer_;
    MutableBytes head_buffer_;
    Bytes zeros_;
    std::span<const std::byte*> maps_;  // Of all segments there may be; those known are filled.
    std::uint32_t known_count_ = 0;

    // The writer's, under the writer turn.
    FrameBuilder builder_;
    Position last_;                 // Of the newest sealed commit.
    Position part_;                 // Behind the open transaction's last finished frame.
    std::uint64_t tail_ = 0;        // Where a transaction starts.
    std::uint64_t next_frame_ = 0;  // Where its next frame starts.
    std::uint64_t time_us_ = 0;
    std::uint64_t reserved_end_ = 0;  // Changed under the commit turn too.
    bool frame_open_ = false;
    bool out_of_segments_ = false;
    bool has_parts_ = false;

    // Whoever's turn it is to do I/O.
    File file_;  // Of the segment of the tail.
    File head_file_;
    HeadRecord head_;
    std::uint64_t base_ = 0;  // Address of the buffer's first byte.
    std::uint64_t written_ = 0;
    std::uint64_t padded_end_ = 0;  // The block of the last write is zeroed up to here.
    bool head_is_durable_ = false;  // false: what was read of it may be in the page cache only.
    bool head_owed_ = false;  // A segment began inside a transaction: its commit has to attest it.

    // Under the commit turn.
    bool io_busy_ = false;
    Mark sealed_;
    Mark durable_;
    std::uint32_t in_flight_ = 0;
    Error poison_;
    std::uint64_t crowd_ = 1;  // How many commits the next sync is expected to cover.
    std::atomic<std::uint32_t> published_{0};
};

// Removes the segments behind one; true: there were some.
Result<bool> drop_segments(Disk& disk, std::uint32_t keep) noexcept;

}  // namespace freshet::log

// SPDX-License-Identifier: MIT
// The directory: where events are. Everything in it is derived from the log and lies in the tree,
// told apart by the first byte of the key.
//
//      key                          value
//      1 name                       stream: 2 * count of events, and 1 more if it has settings; the
//                                   settings, as in settings.hpp; then the tail: the addresses of
//                                   the last (count mod 32) of its events; of an empty stream, that
//                                   of the frame that created it
//      2 name 0 size (1) block      the addresses of a full block of 32 events; the number of the
//                                   block in as many bytes as it takes, b.-e., behind their count,
//                                   so that keys differ early
//      3 number (8, b.-e.)          mark: commit, first ordinal, time and address of a transaction,
//                                   which all grow; one for at least each 32 KiB of log
//      4 hash (8) address (8)       event id: hash of stream and id; the event confirms it
//      5 row                        a row, as a stream: its name but for the first byte; it has no
//                                   settings, and the odd one says: in a run, size (varint) and
//                                   payload of its newest event come before the tail. Or the
//                                   payload is fields, and they stand in the page's columns
//      6 row                        the same of one that is deleted
//      7 row block (4, b.-e.)       the addresses of a full block of 32 of a row's events
//      8, 9                         for others, too: entries of indexes
//
// How addresses are written is told in addresses.hpp.
//
// A row is a stream whose name begins with a zero byte, which no name of a user's stream does. What
// it is a row of, and when it counts as deleted, is for others to know (row_keeper.hpp).
//
// Workload: one find and one put for each stream of a commit. To read event k of a stream takes one
// find for the stream, one for its block if that is full, and one event.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/codec.hpp"
#include "freshet/store.hpp"
#include "store/addresses.hpp"
#include "store/settings.hpp"
#include "tree/cursor.hpp"
#include "tree/tree.hpp"

namespace freshet::store {

inline bool is_row(std::string_view name) noexcept {
    return !name.empty() && name.front() == '\0';
}

// As it stands in the tree, to which `tail` and `settings_bytes` are lent.
struct Stream {
    std::uint64_t count = 0;
    Bytes tail;
    Bytes settings_bytes;  // Empty: it has none.
    // Of a row, the payload of its newest event, in one piece or as the record of a run; else it is
    // in the log alone.
    Bytes image{};
    tree::Record record{};

    [[nodiscard]] std::uint32_t tail_count() const noexcept {
        return static_cast<std::uint32_t>(count % block_event_count);
    }
    // All zeros where it has none.
    [[nodiscard]] StreamSettings settings() const noexcept {
        return settings_of(settings_bytes, count);
    }
    [[nodiscard]] std::int64_t version() const noexcept {
        return static_cast<std::int64_t>(count) - 1;
    }
};

// Whether the newest event of a row whose value this is lies before an address, and is in its tail.
inline bool is_before(Bytes value, std::uint64_t end) noexcept {
    Reader reader{value};
    if ((reader.varint() & 1) != 0) reader.take(reader.varint());
    return reader.varint() < end && reader.ok();
}

// False: there is none. corrupt.
Result<bool> find_stream(const tree::View& view, std::string_view name, Stream& stream) noexcept;
// A row among those that are deleted; find_stream() finds the others.
Result<bool> find_deleted_row(const tree::View& view, std::string_view name,
                              Stream& stream) noexcept;
// Takes a row away from those that are there, or from those that are deleted. out_of_memory.
Status erase_row(tree::Delta& delta, std::string_view name) noexcept;
Status erase_deleted_row(tree::Delta& delta, std::string_view name) noexcept;
// The same of the writer, who may be going to put it.
Result<bool> find_stream(tree::Delta& delta, std::string_view name, Stream& stream) noexcept;
// The address of one event, which is there. corrupt.
Result<std::uint64_t> find_event(const tree::View& view, std::string_view name,
                                 const Stream& stream, std::uint64_t index) noexcept;
// The addresses of one block of a stream: all 32, or as many as the last one has. `beside`: where
// another block was found in this view; that behind it is found soon. corrupt.
Status find_block(const tree::View& view, std::string_view name, const Stream& stream,
                  std::uint64_t block, Addresses& addresses, tree::Beside& beside) noexcept;
inline Status find_block(const tree::View& view, std::string_view name, const Stream& stream,
                         std::uint64_t block, Addresses& addresses) noexcept {
    tree::Beside beside;
    return find_block(view, name, stream, block, addresses, beside);
}

// A stream that grows.
class StreamBuilder {
public:
    // Empty, or as it stands in the tree. corrupt.
    Status open(const Stream& stream) noexcept;
    // Of an empty stream: the frame that created it.
    void create(std::uint64_t address) noexcept { created_ = address; }
    // Adds an event at the end; the stream itself is to be put afterwards. out_of_memory.
    Status push(tree::Delta& delta, std::string_view name, std::uint64_t address) noexcept;
    // What is_settings().
    void set(Bytes settings) noexcept;
    Status put(tree::Delta& delta, std::string_view name) const noexcept;
    // Of a row, among those that are deleted.
    Status put_deleted(tree::Delta& delta, std::string_view name) const noexcept;
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
    std::byte* write(std::byte* to) const noexcept;

    std::uint64_t count_ = 0;
    std::uint64_t created_ = 0;
    bool has_settings_ = false;
    SettingsBytes settings_;
    TailBuilder tail_;
};
// The address of its newest event, or of the frame that created it. corrupt.
Result<std::uint64_t> newest_address(const tree::View& view, std::string_view name,
                                     const Stream& stream) noexcept;

struct Mark {
    std::uint64_t commit = 0;
    std::uint64_t ordinal = 0;
    std::uint64_t time_us = 0;
    std::uint64_t address = 0;
    friend bool operator==(const Mark&, const Mark&) noexcept = default;
};

Status put_mark(tree::Delta& delta, std::uint64_t number, const Mark& mark) noexcept;
// The last mark whose commit, ordinal or time, whichever `key` says, is at most `wanted`; false:
// there is none. `newest` is what the next mark would have, and more than `wanted` or as much.
// corrupt.
Result<bool> last_mark(const tree::View& view, std::uint64_t count, std::uint64_t Mark::*key,
                       std::uint64_t wanted, std::uint64_t newest, Mark& found) noexcept;
Result<bool> find_mark(const tree::View& view, std::uint64_t number, Mark& mark) noexcept;

Status put_id(tree::Delta& delta, std::string_view stream, const EventId& id,
              std::uint64_t address) noexcept;

// Walks the addresses at which an event of this stream and id may be.
class IdCandidates {
public:
    IdCandidates(const tree::View& view, std::string_view stream, const EventId& id) noexcept;
    [[nodiscard]] bool valid() const noexcept;
    // Not valid, because what it came to cannot be read.
    [[nodiscard]] bool damaged() const noexcept { return cursor_.damaged(); }
    [[nodiscard]] std::uint64_t address() const noexcept {
        return load_key(cursor_.key().data() + 9);
    }
    void next() noexcept { cursor_.next(); }

private:
    std::array<std::byte, 17> key_{};
    tree::Cursor cursor_;
};

// How many of a stream's events lie before an address, and the last of these. corrupt.
struct EventsBefore {
    std::uint64_t count = 0;
    std::uint64_t last = 0;  // Its address; 0: there is none.
};
Result<EventsBefore> find_before(const tree::View& view, std::string_view name,
                                 const Stream& stream, std::uint64_t address) noexcept;
// The same where the last one is among those that have no block yet; else it is 0, and the count is
// that of all in blocks.
Result<EventsBefore> find_in_tail(const Stream& stream, std::uint64_t address) noexcept;

// Rows as they lie side by side in one page.
class RowStretch {
public:
    using NameRoom = std::array<char, tree::key_size_max>;

    RowStretch() noexcept = default;
    explicit RowStretch(const tree::Stretch& entries) noexcept : entries_{entries} {}
    [[nodiscard]] std::uint32_t size() const noexcept { return entries_.end - entries_.first; }
    // As it stands in the tree; null data: what an older page has of the row counts no more.
    [[nodiscard]] Bytes value(std::uint32_t number) const noexcept {
        return entries_.page->value_there(entries_.first + number);
    }
    [[nodiscard]] RowStretch alone(std::uint32_t number) const noexcept {
        const std::uint32_t at = entries_.first + number;
        return RowStretch{{entries_.page, at, at + 1, entries_.is_of_run}};
    }
    // The record of a row that has one.
    [[nodiscard]] tree::Record record(std::uint32_t number) const noexcept {
        return entries_.is_of_run ? tree::record_of(*entries_.page, entries_.first + number)
                                  : tree::Record{};
    }
    // All have one: then they are there.
    [[nodiscard]] bool has_all_records() const noexcept {
        return entries_.is_of_run && entries_.page->columns() != 0 &&
               tree::Columns{*entries_.page}.has_all_records();
    }
    // In the room.
    [[nodiscard]] std::string_view name(std::uint32_t number, NameRoom& room) const noexcept;
    // Of one that is there. corrupt.
    Status stream(std::uint32_t number, Stream& into) const noexcept;
    // Begins to fetch the page that comes next in a run.
    void fetch_next() const noexcept { (entries_.page + 1)->prefetch(); }

private:
    tree::Stretch entries_;
};

// About how many rows there are from one name up to another.
std::uint64_t estimate_rows(const tree::View& view, std::string_view from,
                            std::string_view end) noexcept;

// Walks rows, those there are or those deleted, from a name on, in the order of their names.
class RowWalk {
public:
    enum class Which : std::uint8_t { present, deleted };
    RowWalk(const tree::View& view, Which which, std::string_view from) noexcept;
    [[nodiscard]] bool valid() const noexcept;
    // Not valid, because what it came to cannot be read.
    [[nodiscard]] bool damaged() const noexcept { return cursor_.damaged(); }
    // In the walk, until it moves.
    [[nodiscard]] std::string_view name() const noexcept;
    Status stream(Stream& into) const noexcept;
    // Goes to the last row whose name is less.
    void seek_before(std::string_view name) noexcept;
    void next() noexcept;
    // The same where the tree was changed meanwhile.
    void next_anew() noexcept;
    // Then: stays at its row, or, if that is there no more, goes to the next one.
    void stay_anew() noexcept;
    // Where it was not; else seek_before() of the name.
    void previous() noexcept;
    // Of a valid walk through rows that are there, which went forwards: those from here on that lie
    // side by side and whose names are less than `end`.
    RowStretch stretch(std::string_view end) noexcept;
    // Goes on behind so many of them: to where only the next stretch, which is empty behind the
    // last row, says what there is.
    void skip(std::uint32_t count) noexcept;

private:
    void keep_name() noexcept;

    tree::Cursor cursor_;
    Which which_;
    std::size_t name_size_ = 0;
    std::array<char, tree::key_size_max> name_;
};

// Walks all streams in the order of their names, or those from a name on.
class StreamWalk {
public:
    explicit StreamWalk(const tree::View& view, std::string_view from = {}) noexcept;
    [[nodiscard]] bool valid() const noexcept;
    // Not valid, because what it came to cannot be read.
    [[nodiscard]] bool damaged() const noexcept { return cursor_.damaged(); }
    [[nodiscard]] std::string_view name() const noexcept {
        return as_text(cursor_.key().subspan(1));
    }
    Status stream(Stream& into) const noexcept;
    void next() noexcept { cursor_.next(); }

private:
    tree::Cursor cursor_;
};

}  // namespace freshet::store

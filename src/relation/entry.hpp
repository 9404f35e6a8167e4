// SPDX-License-Identifier: MIT
// Entries of indexes in the tree: which rows had which values, and from where to where in the log.
//
//      key                              value
//      8 entry                          live: the address (varint) of the event from which it holds
//      9 entry, from (8, b.-e.)         closed: the address (varint) of the event that ended it
//
// What an entry is, table_row.hpp says. It holds as of a commit if the end of that commit lies
// behind `from`, and not behind `until`; so a scan by an index finds rows of any moment, and an
// update touches only the indexes whose columns it changes.
//
// No entry's bytes are the start of another's of the same index: closed ones are in the order of
// the live ones.
#pragma once

#include <optional>

#include "relation/row_stream.hpp"
#include "relation/table_row.hpp"
#include "store/gather.hpp"
#include "store/row_search.hpp"

namespace freshet::relation {

// What one change of the tree may take, in pages: a way of up to ten that are copied and divided.
inline constexpr std::size_t pages_per_change = 24;

// Changes entries in the tree's open transaction. At replay it makes room for each change first.
class EntryWriter {
public:
    // Of an open transaction.
    explicit EntryWriter(Transaction& transaction) noexcept;
    EntryWriter(tree::Delta& delta, store::Gather* gather) noexcept
        : delta_{delta}, gather_{gather} {}

    // All: out_of_memory; corrupt: what is to be closed is not there.
    Status open(Bytes entry, std::uint64_t from) noexcept;
    Status put_closed(Bytes entry, std::uint64_t from, std::uint64_t until) noexcept;
    Status close(Bytes entry, std::uint64_t until) noexcept;
    // What the event at an address does to a row.
    Status apply(std::span<const IndexChange> changes, std::uint64_t address) noexcept;
    // Takes all entries of an index away.
    Status erase_all(std::uint32_t index) noexcept;

private:
    Status make_room() noexcept;
    Status erase_all(std::byte tag, std::uint32_t index) noexcept;

    tree::Delta& delta_;
    store::Gather* gather_;
};

// Whether no live entry has the same prefix, as far as that is seen at once in the open
// transaction's tree; false: they are to be looked through. Who opens the entry next knows the way.
[[nodiscard]] bool is_alone(tree::Delta& delta, const IndexEntry& entry) noexcept;
// Begins to fetch where a live entry belongs, for those who open it soon.
void fetch(tree::Delta& delta, const IndexEntry& entry) noexcept;
// From where a live entry holds; false: it is not there. corrupt.
Result<bool> find_live_entry(const tree::View& view, Bytes entry, std::uint64_t& from) noexcept;
// Where a closed one ended. The same.
Result<bool> find_closed_entry(const tree::View& view, Bytes entry, std::uint64_t from,
                               std::uint64_t& until) noexcept;
// How many there are, of all indexes, live and closed.
std::uint64_t count_entries(const tree::View& view) noexcept;

// Walks the entries of an index, live or closed ones, from a key on.
class EntryWalk {
public:
    enum class Which : std::uint8_t { live, closed };
    EntryWalk(const tree::View& view, Which which, std::uint32_t index, Bytes from) noexcept;
    [[nodiscard]] bool valid() const noexcept { return size_ > 0; }
    // Not valid, because what it came to cannot be read.
    [[nodiscard]] bool damaged() const noexcept { return cursor_.damaged(); }
    // With the id of the index in front; in the walk, until it moves.
    [[nodiscard]] Bytes entry() const noexcept;
    // Where it holds: to the end of the log, if it is live. corrupt.
    Status read(std::uint64_t& from, std::uint64_t& until) const noexcept;
    void next() noexcept;
    // The same where the tree was changed meanwhile.
    void next_anew() noexcept;
    // Those from here on that lie side by side, up to the first one that begins so, or to the end
    // of the index; some may be erased. Where it was come to forwards.
    tree::Stretch stretch(Bytes end) noexcept;
    // Goes on behind so many of them: to where only the next stretch, which is empty behind the
    // last entry, says what there is.
    void skip(std::uint32_t count) noexcept;
    // To the last entry of the index before those that begin so; empty: the last of all.
    void seek_before(Bytes end) noexcept;
    void previous() noexcept;
    void previous_anew() noexcept;

private:
    using KeyRoom = std::array<std::byte, tree::key_size_max>;
    void keep() noexcept;
    Bytes key_of_end(Bytes end, KeyRoom& room) const noexcept;

    tree::Cursor cursor_;
    Which which_;
    std::size_t size_ = 0;  // Of the key; 0: there is no more.
    KeyRoom key_;
    std::array<std::byte, 1 + index_id_size> prefix_{};
};

// The rows that an index leads to, as they were at a moment, in the order of the entries, or
// backwards.
class EntryScan {
public:
    // The range is of what stands behind the id of the index; its bytes stay lent.
    EntryScan(const RowsAsOf& rows, const Index& index, KeyRange range,
              Direction direction = Direction::forwards) noexcept;
    // The key of the next row, good until the next call. False: no more. corrupt.
    Result<bool> next(Bytes& key) noexcept;
    // The same of many, as long as nothing is changed: those of up to `limit` rows, at least one if
    // there is one, which goes on where the call before ended. corrupt.
    Status next(store::RowSearch& rows, std::size_t limit) noexcept;

private:
    void step() noexcept;
    Result<bool> add_one(store::RowSearch& rows) noexcept;
    Result<bool> add_stretch(store::RowSearch& rows, std::size_t limit) noexcept;
    [[nodiscard]] bool is_in_range(const EntryWalk& walk) const noexcept;

    const RowsAsOf& rows_;
    Bytes border_;  // Where it ends; empty: with the index.
    bool is_forwards_;
    EntryWalk live_;
    std::optional<EntryWalk> closed_{};  // Of the past.
    EntryWalk* last_ = nullptr;
    bool has_ended_ = false;
};

}  // namespace freshet::relation

// SPDX-License-Identifier: MIT
#include "relation/entry.hpp"

#include <algorithm>
#include <cstring>

#include "base/codec.hpp"

namespace freshet::relation {

namespace {

constexpr std::byte tag_live{8};
constexpr std::byte tag_closed{9};
constexpr std::size_t address_size = 8;

class EntryKey {
public:
    EntryKey(std::byte tag, Bytes entry) noexcept : size_{1 + entry.size()} {
        FRESHET_CHECK(size_ <= bytes_.size());
        bytes_[0] = tag;
        std::memcpy(bytes_.data() + 1, entry.data(), entry.size());
    }
    EntryKey(std::byte tag, std::uint32_t index, Bytes rest) noexcept {
        bytes_[0] = tag;
        store_at(bytes_.data() + 1, __builtin_bswap32(index));
        const std::size_t front = 1 + index_id_size;
        const Bytes kept = rest.first(std::min(rest.size(), bytes_.size() - front));
        if (!kept.empty()) std::memcpy(bytes_.data() + front, kept.data(), kept.size());
        size_ = front + kept.size();
    }
    EntryKey(Bytes entry, std::uint64_t from) noexcept : EntryKey{tag_closed, entry} {
        FRESHET_CHECK(size_ + address_size <= bytes_.size());
        store_key(bytes_.data() + size_, from);
        size_ += address_size;
    }
    EntryKey(const EntryKey&) = delete;
    EntryKey& operator=(const EntryKey&) = delete;
    [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<std::byte, tree::key_size_max> bytes_;
    std::size_t size_;
};

class Address {
public:
    explicit Address(std::uint64_t address) noexcept
        : size_{static_cast<std::size_t>(put_varint(bytes_.data(), address) - bytes_.data())} {}
    [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<std::byte, 10> bytes_;
    std::size_t size_;
};

Status read_address(Bytes value, std::uint64_t& address) noexcept {
    Reader reader{value};
    address = reader.varint();
    return reader.ok() && reader.at_end() ? Status{Done{}} : Status{Code::corrupt};
}

Result<bool> find_address(const tree::View& view, Bytes key, std::uint64_t& address) noexcept {
    const Bytes value = tree::find(view, key);
    if (value.data() == nullptr) return false;
    const Status read = read_address(value, address);
    if (!read) return read.error();
    return true;
}

bool begins_with(Bytes bytes, Bytes prefix) noexcept {
    return bytes.size() >= prefix.size() &&
           std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

}  // namespace

// ---- changes ----

EntryWriter::EntryWriter(Transaction& transaction) noexcept
    : EntryWriter{transaction.store_->state_->delta, nullptr} {}

Status EntryWriter::make_room() noexcept {
    return gather_ == nullptr ? Status{Done{}} : gather_->make_room(pages_per_change);
}

Status EntryWriter::open(Bytes entry, std::uint64_t from) noexcept {
    const Status room = make_room();
    if (!room) return room;
    return delta_.put(EntryKey{tag_live, entry}.bytes(), Address{from}.bytes());
}

Status EntryWriter::put_closed(Bytes entry, std::uint64_t from, std::uint64_t until) noexcept {
    const Status room = make_room();
    if (!room) return room;
    return delta_.put(EntryKey{entry, from}.bytes(), Address{until}.bytes());
}

Status EntryWriter::close(Bytes entry, std::uint64_t until) noexcept {
    std::uint64_t from = 0;
    const Result<bool> found = find_live_entry({&delta_, &delta_.root()}, entry, from);
    if (!found) return found.error();
    if (!*found) return Code::corrupt;
    const Status put = put_closed(entry, from, until);
    if (!put) return put;
    const Status room = make_room();
    if (!room) return room;
    const Result<bool> erased = delta_.erase(EntryKey{tag_live, entry}.bytes());
    return erased ? Status{Done{}} : erased.error();
}

Status EntryWriter::apply(std::span<const IndexChange> changes, std::uint64_t address) noexcept {
    for (const IndexChange& change : changes) {
        const Bytes closed = change.closed.key;
        const Bytes opened = change.opened.key;
        if (as_text(closed) == as_text(opened)) continue;
        Status done = closed.empty() ? Status{Done{}} : close(closed, address);
        if (done && !opened.empty()) done = open(opened, address);
        if (!done) return done;
    }
    return Done{};
}

Status EntryWriter::erase_all(std::uint32_t index) noexcept {
    const Status live = erase_all(tag_live, index);
    return live ? erase_all(tag_closed, index) : live;
}

Status EntryWriter::erase_all(std::byte tag, std::uint32_t index) noexcept {
    const EntryKey prefix{tag, index, {}};
    tree::Cursor cursor{{&delta_, &delta_.root()}};
    for (;;) {
        const Status room = make_room();
        if (!room) return room;
        cursor.seek(prefix.bytes());
        if (cursor.damaged()) return Code::corrupt;
        if (!cursor.valid() || !begins_with(cursor.key(), prefix.bytes())) return Done{};
        const Result<bool> erased = delta_.erase(cursor.key());
        if (!erased) return erased.error();
    }
}

// ---- looking ----

bool is_alone(tree::Delta& delta, const IndexEntry& entry) noexcept {
    return delta.is_alone(EntryKey{tag_live, entry.key}.bytes(), 1 + entry.prefix_size);
}

void fetch(tree::Delta& delta, const IndexEntry& entry) noexcept {
    delta.fetch(EntryKey{tag_live, entry.key}.bytes());
}

Result<bool> find_live_entry(const tree::View& view, Bytes entry, std::uint64_t& from) noexcept {
    return find_address(view, EntryKey{tag_live, entry}.bytes(), from);
}

Result<bool> find_closed_entry(const tree::View& view, Bytes entry, std::uint64_t from,
                               std::uint64_t& until) noexcept {
    return find_address(view, EntryKey{entry, from}.bytes(), until);
}

std::uint64_t count_entries(const tree::View& view) noexcept {
    std::uint64_t count = 0;
    tree::Cursor cursor{view};
    cursor.seek({&tag_live, 1});
    for (; cursor.valid() && cursor.key()[0] <= tag_closed; cursor.next()) count++;
    return count;
}

EntryWalk::EntryWalk(const tree::View& view, Which which, std::uint32_t index, Bytes from) noexcept
    : cursor_{view}, which_{which} {
    const std::byte tag = which == Which::live ? tag_live : tag_closed;
    const EntryKey key{tag, index, from};
    std::memcpy(prefix_.data(), key.bytes().data(), prefix_.size());
    cursor_.seek(key.bytes());
    keep();
}

void EntryWalk::keep() noexcept {
    size_ = 0;
    if (!cursor_.valid() || !begins_with(cursor_.key(), prefix_)) return;
    const Bytes key = cursor_.key();
    size_ = key.size();
    std::memcpy(key_.data(), key.data(), size_);
}

Bytes EntryWalk::entry() const noexcept {
    const std::size_t behind = which_ == Which::live ? 0 : address_size;
    const Bytes key = Bytes{key_}.first(size_);
    return key.size() < 1 + behind ? Bytes{} : key.subspan(1, key.size() - 1 - behind);
}

Status EntryWalk::read(std::uint64_t& from, std::uint64_t& until) const noexcept {
    until = ~std::uint64_t{0};
    if (which_ == Which::live) return read_address(cursor_.value(), from);
    if (size_ < 1 + index_id_size + address_size) return Code::corrupt;
    from = load_key(key_.data() + size_ - address_size);
    return read_address(cursor_.value(), until);
}

void EntryWalk::next() noexcept {
    cursor_.next();
    keep();
}

void EntryWalk::next_anew() noexcept {
    if (cursor_.seek_exactly(Bytes{key_}.first(size_))) cursor_.next();
    keep();
}

Bytes EntryWalk::key_of_end(Bytes end, KeyRoom& room) const noexcept {
    KeyWriter key{room};
    key.raw(prefix_).raw(end);
    const std::size_t size = key.written().size();
    return Bytes{room}.first(end.empty() ? end_of_prefix(std::span{room}.first(size)) : size);
}

tree::Stretch EntryWalk::stretch(Bytes end) noexcept {
    KeyRoom room;
    return cursor_.stretch().before(key_of_end(end, room));
}

void EntryWalk::skip(std::uint32_t count) noexcept {
    cursor_.skip(count);
    size_ = cursor_.valid() ? 1 : 0;
}

void EntryWalk::seek_before(Bytes end) noexcept {
    KeyRoom room;
    cursor_.seek_before(key_of_end(end, room));
    keep();
}

void EntryWalk::previous() noexcept {
    cursor_.previous();
    keep();
}

void EntryWalk::previous_anew() noexcept {
    cursor_.seek_before(Bytes{key_}.first(size_));
    keep();
}

EntryScan::EntryScan(const RowsAsOf& rows, const Index& index, KeyRange range,
                     Direction direction) noexcept
    : rows_{rows},
      border_{direction == Direction::forwards ? range.end : range.from},
      is_forwards_{direction == Direction::forwards},
      live_{rows.view(), EntryWalk::Which::live, index.id, range.from} {
    if (!rows.is_newest())
        closed_.emplace(rows.view(), EntryWalk::Which::closed, index.id, range.from);
    if (is_forwards_) return;
    live_.seek_before(range.end);
    if (closed_) closed_->seek_before(range.end);
}

bool EntryScan::is_in_range(const EntryWalk& walk) const noexcept {
    if (!walk.valid()) return false;
    const Bytes entry = walk.entry();
    if (border_.empty() || entry.size() < index_id_size) return true;
    return (as_text(entry.subspan(index_id_size)) < as_text(border_)) == is_forwards_;
}

void EntryScan::step() noexcept {
    if (last_ == nullptr) return;
    if (rows_.is_in_transaction())
        return is_forwards_ ? last_->next_anew() : last_->previous_anew();
    return is_forwards_ ? last_->next() : last_->previous();
}

Result<bool> EntryScan::next(Bytes& key) noexcept {
    for (;;) {
        step();
        if (live_.damaged() || (closed_ && closed_->damaged())) return Code::corrupt;
        const bool has_live = is_in_range(live_);
        const bool has_closed = closed_ && is_in_range(*closed_);
        if (!has_live && !has_closed) return false;
        const bool takes_live =
            has_live &&
            (!has_closed || (as_text(live_.entry()) < as_text(closed_->entry())) == is_forwards_);
        last_ = takes_live ? &live_ : &*closed_;
        std::uint64_t from = 0;
        std::uint64_t until = 0;
        const Status read = last_->read(from, until);
        if (!read) return read.error();
        if (closed_ && (from >= rows_.end_ || until < rows_.end_)) continue;
        const Result<Bytes> row = row_of_entry(last_->entry());
        if (!row) return row.error();
        key = *row;
        return true;
    }
}

// ---- many at once ----

namespace {

// The key of the row stands at the end of an entry, behind what most keys of the page begin with.
Status add_row(const tree::Key& key, store::RowSearch& rows) noexcept {
    const Bytes back = key.back;
    const std::size_t size = back.empty() ? 0 : std::to_integer<std::size_t>(back.back());
    if (size > 0 && size < back.size()) {
        rows.add(back.subspan(back.size() - 1 - size, size));
        return Done{};
    }
    std::array<std::byte, tree::key_size_max> bytes;
    key.copy(0, bytes.data());
    const Result<Bytes> row = row_of_entry(Bytes{bytes}.first(key.size()).subspan(1));
    if (!row) return row.error();
    rows.add(*row);
    return Done{};
}

}  // namespace

Result<bool> EntryScan::add_one(store::RowSearch& rows) noexcept {
    Bytes key;
    const Result<bool> there = next(key);
    if (there && *there) rows.add(key);
    return there;
}

Result<bool> EntryScan::add_stretch(store::RowSearch& rows, std::size_t limit) noexcept {
    if (live_.damaged()) return Code::corrupt;
    if (!live_.valid()) return false;
    const tree::Stretch entries = live_.stretch(border_);
    std::uint32_t at = entries.first;
    for (; at < entries.end && rows.size() < limit && rows.has_room(); at++) {
        if (entries.page->value_there(at).data() == nullptr) continue;
        const Status added = add_row(entries.page->key(at), rows);
        if (!added) return added.error();
    }
    if (at == entries.first) return false;
    live_.skip(at - entries.first);
    return true;
}

Status EntryScan::next(store::RowSearch& rows, std::size_t limit) noexcept {
    const bool is_side_by_side = is_forwards_ && !closed_;
    while (!has_ended_ && rows.size() < limit && rows.has_room()) {
        const Result<bool> there = is_side_by_side ? add_stretch(rows, limit) : add_one(rows);
        if (!there) return there.error();
        has_ended_ = !*there;
    }
    return Done{};
}

}  // namespace freshet::relation

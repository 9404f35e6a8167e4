// SPDX-License-Identifier: MIT
// Walks through the directory: rows, streams, and events that may have an id.
#include <algorithm>

#include "base/hash.hpp"
#include "store/directory_key.hpp"

namespace freshet::store {

namespace {

[[gnu::noinline]] std::uint64_t hash_on(std::uint64_t seed, Bytes bytes) noexcept {
    return hash(seed, bytes);
}

std::uint64_t id_hash(std::string_view stream, const EventId& id) noexcept {
    return hash_on(hash_on(0, as_bytes(stream)), id.bytes);
}

}  // namespace

Status put_id(tree::Delta& delta, std::string_view stream, const EventId& id,
              std::uint64_t address) noexcept {
    Key key{tag_id};
    key.number(id_hash(stream, id));
    key.number(address);
    return delta.put(key.bytes(), {});
}

IdCandidates::IdCandidates(const tree::View& view, std::string_view stream,
                           const EventId& id) noexcept
    : cursor_{view} {
    key_[0] = tag_id;
    store_key(key_.data() + 1, id_hash(stream, id));
    cursor_.seek(key_);
}

bool IdCandidates::valid() const noexcept {
    if (!cursor_.valid()) return false;
    const Bytes key = cursor_.key();
    return key.size() == key_.size() && std::memcmp(key.data(), key_.data(), 9) == 0;
}

std::uint64_t estimate_rows(const tree::View& view, std::string_view from,
                            std::string_view end) noexcept {
    return tree::estimate(view, Key{tag_row, from}.bytes(), Key{tag_row, end}.bytes());
}

RowWalk::RowWalk(const tree::View& view, Which which, std::string_view from) noexcept
    : cursor_{view}, which_{which} {
    const std::byte tag = which == Which::present ? tag_row : tag_deleted_row;
    cursor_.seek(Key{tag, from}.bytes());
    keep_name();
}

bool RowWalk::valid() const noexcept {
    return name_size_ > 0;
}

std::string_view RowWalk::name() const noexcept {
    return {name_.data(), name_size_};
}

void RowWalk::keep_name() noexcept {
    const std::byte tag = which_ == Which::present ? tag_row : tag_deleted_row;
    name_size_ = 0;
    if (!cursor_.valid() || cursor_.key()[0] != tag) return;
    const Bytes key = cursor_.key();
    name_size_ = key.size();
    std::memcpy(name_.data(), key.data(), key.size());
    name_[0] = '\0';
}

void RowWalk::next() noexcept {
    cursor_.next();
    keep_name();
}

void RowWalk::previous() noexcept {
    cursor_.previous();
    keep_name();
}

void RowWalk::seek_before(std::string_view name) noexcept {
    cursor_.seek_before(Key{which_ == Which::present ? tag_row : tag_deleted_row, name}.bytes());
    keep_name();
}

void RowWalk::next_anew() noexcept {
    const Key key{which_ == Which::present ? tag_row : tag_deleted_row, name()};
    if (cursor_.seek_exactly(key.bytes())) cursor_.next();
    keep_name();
}

void RowWalk::stay_anew() noexcept {
    if (!valid()) return;
    cursor_.seek(Key{which_ == Which::present ? tag_row : tag_deleted_row, name()}.bytes());
    keep_name();
}

std::string_view RowStretch::name(std::uint32_t number, NameRoom& room) const noexcept {
    const tree::Key key = entries_.page->key(entries_.first + number);
    key.copy(0, reinterpret_cast<std::byte*>(room.data()));
    room[0] = '\0';
    return {room.data(), key.size()};
}

Status RowStretch::stream(std::uint32_t number, Stream& into) const noexcept {
    into.record = record(number);
    return decode_row(entries_.page->value(entries_.first + number), into);
}

// All entries of the page are rows that are there.
RowStretch RowWalk::stretch(std::string_view end) noexcept {
    FRESHET_CHECK(which_ == Which::present);
    return RowStretch{cursor_.stretch().before(Key{tag_row, end}.bytes())};
}

void RowWalk::skip(std::uint32_t count) noexcept {
    cursor_.skip(count);
    name_size_ = cursor_.valid() ? 1 : 0;
}

Status RowWalk::stream(Stream& into) const noexcept {
    into.record = cursor_.record();
    return decode_row(cursor_.value(), into);
}

StreamWalk::StreamWalk(const tree::View& view, std::string_view from) noexcept : cursor_{view} {
    cursor_.seek(Key{tag_stream, from}.bytes());
}

bool StreamWalk::valid() const noexcept {
    return cursor_.valid() && cursor_.key()[0] == tag_stream;
}

Status StreamWalk::stream(Stream& into) const noexcept {
    return decode_stream(cursor_.value(), into);
}

}  // namespace freshet::store

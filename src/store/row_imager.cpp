// SPDX-License-Identifier: MIT
#include "store/row_imager.hpp"

#include <algorithm>

#include "store/directory_key.hpp"
#include "tree/column_builder.hpp"

namespace freshet::store {

// Where the newest event of a row is; none: it is no row, or not to be had an image.
std::uint64_t RowImager::newest(const tree::Entry& entry, Stream& stream) const noexcept {
    const Bytes front = entry.key.front.empty() ? entry.key.back : entry.key.front;
    if (end_ == 0 || entry.is_erased || front[0] != tag_row) return none;
    const Status decoded = decode_row(entry.value, stream);
    FRESHET_CHECK(decoded);
    const std::uint64_t address = stream.tail_count() > 0 ? Reader{stream.tail}.varint() : none;
    return address < end_ ? address : none;
}

void RowImager::fetch(std::span<const tree::Entry> entries) noexcept {
    std::array<std::uint64_t, fetch_count_max> addresses;
    std::size_t count = 0;
    for (const tree::Entry& entry : entries) {
        Stream stream;
        const std::uint64_t address = newest(entry, stream);
        if (address != none) addresses[count++] = address;
    }
    if (count == 0) return;
    if (!is_open_) reader_.open(log_, end_, {});
    is_open_ = true;
    static_cast<void>(reader_.enter(addresses[count - 1]));  // add() meets what is wrong.
    reader_.fetch(std::span{addresses}.first(count));
}

RowImager::Imaged RowImager::add(const tree::Entry& entry, const tree::Record& had) noexcept {
    if (had.is_there()) return {entry, copy(had)};
    Stream stream;
    const std::uint64_t address = newest(entry, stream);
    if (address == none) return {entry};
    std::array<char, tree::key_size_max> name;
    entry.key.copy(0, reinterpret_cast<std::byte*>(name.data()));
    name[0] = '\0';
    reader_.turn_to({name.data(), entry.key.size()});
    Recorded event;
    const Status read = reader_.read(address, stream.count - 1, event);
    if (!read || event.payload.size() > row_image_size_max) return {entry};
    if (tree::is_record(event.payload)) return {entry, event.payload};
    std::byte* to = put_varint(value_.data(), stream.count << 1 | 1);
    to = put_varint(to, event.payload.size());
    to = std::copy(event.payload.begin(), event.payload.end(), to);
    to = std::copy(stream.tail.begin(), stream.tail.end(), to);
    return {{entry.key, {value_.data(), static_cast<std::size_t>(to - value_.data())}}};
}

}  // namespace freshet::store

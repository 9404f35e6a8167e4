// SPDX-License-Identifier: MIT
#include "store/row_imager.hpp"

#include <algorithm>

#include "store/directory_key.hpp"

namespace freshet::store {

tree::Entry RowImager::add(const tree::Entry& entry) noexcept {
    if (end_ == 0 || entry.is_erased) return entry;
    std::array<char, tree::key_size_max> name;
    entry.key.copy(0, reinterpret_cast<std::byte*>(name.data()));
    if (std::byte(name[0]) != tag_row) return entry;
    name[0] = '\0';
    Stream stream;
    const Status decoded = decode_row(entry.value, stream);
    FRESHET_CHECK(decoded);
    const std::uint64_t address = stream.tail_count() > 0 ? Reader{stream.tail}.varint() : end_;
    if (address >= end_) return entry;
    if (!is_open_) reader_.open(log_, end_, {});
    is_open_ = true;
    reader_.turn_to({name.data(), entry.key.size()});
    Recorded event;
    const Status read = reader_.read(address, stream.count - 1, event);
    if (!read || event.payload.size() > row_image_size_max) return entry;
    std::byte* to = put_varint(value_.data(), stream.count << 1 | 1);
    to = put_varint(to, event.payload.size());
    to = std::copy(event.payload.begin(), event.payload.end(), to);
    to = std::copy(stream.tail.begin(), stream.tail.end(), to);
    return {entry.key, {value_.data(), static_cast<std::size_t>(to - value_.data())}};
}

}  // namespace freshet::store

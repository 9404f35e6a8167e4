// SPDX-License-Identifier: MIT
#include "store/row_search.hpp"

#include <cstring>

#include "store/directory_key.hpp"

namespace freshet::store {

Status RowSearch::open(Arena& memory, std::string_view front) noexcept {
    const Result<std::span<Room>> room = memory.unfilled<Room>(1);
    if (!room) return room.error();
    room_ = room->data();
    front_size_ = front.size();
    std::memcpy(room_->bytes.data(), front.data(), front.size());
    room_->bytes[0] = tag_row;
    return Done{};
}

void RowSearch::add(Bytes key) noexcept {
    FRESHET_CHECK(has_room());
    FRESHET_CHECK(front_size_ + key.size() + 8 <= tree::key_size_max);
    std::byte* const to = room_->bytes.data() + used_;
    std::memcpy(to, room_->bytes.data(), front_size_);
    std::memcpy(to + front_size_, key.data(), key.size());
    room_->keys[count_++] = {to, front_size_ + key.size()};
    used_ += front_size_ + key.size();
}

bool RowSearch::find(const tree::View& view) noexcept {
    return tree::find_all(view, std::span{room_->keys}.first(count_),
                          std::span{room_->places}.first(count_));
}

}  // namespace freshet::store

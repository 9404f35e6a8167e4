// SPDX-License-Identifier: MIT
// Rows that are looked for together, so that what one waits for is on its way while the others are
// looked at.
#pragma once

#include "base/arena.hpp"
#include "store/directory.hpp"

namespace freshet::store {

class RowSearch {
public:
    static constexpr std::size_t count_max = tree::find_count_max;

    RowSearch() noexcept = default;
    RowSearch(const RowSearch&) = delete;
    RowSearch& operator=(const RowSearch&) = delete;

    // For a table's rows, of whose names this is the start. out_of_memory.
    Status open(Arena& memory, std::string_view front) noexcept;
    void clear() noexcept {
        used_ = front_size_;
        count_ = 0;
    }
    // For one more.
    [[nodiscard]] bool has_room() const noexcept {
        return count_ < count_max && room_->bytes.size() - used_ >= tree::key_size_max;
    }
    // One whose name goes on so: with as much as a key of the tree has room for.
    void add(Bytes key) noexcept;

    // Those that are there. False: a page is damaged.
    [[nodiscard]] bool find(const tree::View& view) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] Bytes key(std::size_t number) const noexcept {
        return room_->keys[number].subspan(front_size_);
    }
    [[nodiscard]] bool is_found(std::size_t number) const noexcept {
        return room_->places[number].page != nullptr && row(number).value(0).data() != nullptr;
    }
    // One row that is found.
    [[nodiscard]] RowStretch row(std::size_t number) const noexcept {
        return RowStretch{room_->places[number]};
    }

private:
    struct Room {
        std::array<tree::Stretch, count_max> places;
        std::array<Bytes, count_max> keys;
        std::array<std::byte, 2048> bytes;  // The front, and then the keys.
    };

    std::size_t front_size_ = 0;
    std::size_t used_ = 0;
    std::size_t count_ = 0;
    Room* room_ = nullptr;
};

}  // namespace freshet::store

// SPDX-License-Identifier: MIT
// Sorted rows in the statement's temporary file that are found by their keys: blocks of rows, and
// in memory a list of the first keys of each block; of every second one of those that were listed,
// when there is no room for another. Blocks that were read stay in memory until another one needs
// their place.
#pragma once

#include "query/row_code.hpp"
#include "query/spill.hpp"

namespace freshet::query {

class Shelf {
public:
    struct Place {
        std::uint64_t block = 0;
        std::size_t offset = 0;
        const std::byte* row = nullptr;
    };

    explicit Shelf(Context& context) noexcept : context_{context} {}

    // What is written next lies in `pending`, and what was read, once all is written, in `blocks`,
    // which is larger. out_of_memory.
    Status open(std::size_t key_width, MutableBytes pending, MutableBytes list,
                MutableBytes blocks) noexcept;
    // The next row in order; its first values are the key. out_of_memory: it is longer than
    // `pending`; and what Spill::write() says; cancelled.
    Status add(std::span<const Value> row) noexcept;
    Status finish() noexcept;

    // To the first row with the key. False: there is none. The row lies there until the next call.
    Result<bool> find(std::span<const Value> key, Place& place) noexcept;
    // To the one behind it, if it has the key, too.
    Result<bool> next(std::span<const Value> key, Place& place) noexcept;

private:
    static constexpr std::size_t block_size_max = 4096;
    static constexpr std::size_t slot_count_max = 64;
    struct Slot {
        std::uint64_t block = ~std::uint64_t{0};
        Bytes rows{};
    };

    Status flush() noexcept;
    void list_block(std::span<const Value> key) noexcept;
    void thin_list() noexcept;
    [[nodiscard]] std::uint64_t find_block(std::span<const Value> key) noexcept;
    Result<bool> settle(std::span<const Value> key, Place& place) noexcept;
    Result<Bytes> read(std::uint64_t block) noexcept;

    Context& context_;
    MutableBytes pending_{};
    MutableBytes blocks_{};
    std::size_t pending_size_ = 0;
    std::size_t longest_ = 0;
    std::uint64_t begin_ = 0;
    std::uint64_t end_ = 0;

    std::span<Value> entry_{};  // A key, and where its block begins.
    std::span<std::uint32_t> entries_{};
    MutableBytes list_{};
    std::size_t entry_count_ = 0;
    std::size_t list_size_ = 0;
    std::size_t stride_ = 1;
    std::size_t block_count_ = 0;

    std::size_t slot_count_ = 0;
    std::array<Slot, slot_count_max> slots_{};
};

}  // namespace freshet::query

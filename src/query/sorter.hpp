// SPDX-License-Identifier: MIT
// Sorts any number of rows in one block of memory and the statement's temporary file. Rows whose
// keys are equal stay in the order in which they were added.
//
// Rows lie in the block one behind the other, and at its end, growing downwards, where each begins.
// When they meet, the rows are sorted and written as a run. As many runs of one level as can be
// merged at once, each through a buffer in the block, become one of the next level; what is left at
// the end is merged while it is read. Runs are neighbours where they are merged, and of equal rows
// those of the first come first.
//
//      while rows are added    what is written next | rows -> ... <- where they begin
//      while they are read     this row | the one before | a buffer for each run
//
// A row takes at most an eighth of the block.
#pragma once

#include "query/row_code.hpp"
#include "query/spill.hpp"

namespace freshet::query {

class Sorter {
public:
    static constexpr std::size_t block_size_min = 4096;

    Sorter(Context& context, MutableBytes block) noexcept : context_{context}, block_{block} {}

    // Rows have `width` values, the first `key_width` of which are the key, ordered as the terms
    // say; without terms, from the least to the greatest. out_of_memory.
    Status open(std::size_t width, std::size_t key_width,
                std::span<const SortTerm> terms = {}) noexcept;
    // out_of_memory: it takes too much of the block; and what Spill::write() says. cancelled.
    Status add(std::span<const Value> row) noexcept;
    // There are no more.
    Status finish() noexcept;

    // To the next row: row() is good until the one after it. False: there are no more.
    Result<bool> next() noexcept;
    [[nodiscard]] std::span<const Value> row() const noexcept { return row_; }
    // Whether its key is another than that of the row before.
    [[nodiscard]] bool is_new_key() const noexcept;

    // Begins anew, without rows.
    void clear() noexcept;

private:
    static constexpr std::size_t run_count_max = 64;
    static constexpr std::size_t merge_count_max = 15;

    using Place = std::uint32_t;  // In the block.
    struct Run {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::uint32_t level = 0;
    };
    struct Source {
        std::uint64_t next = 0;  // Of its run, in the file.
        std::uint64_t end = 0;
        MutableBytes buffer{};
        const std::byte* row = nullptr;
        const std::byte* rows_end = nullptr;
    };

    [[nodiscard]] std::span<Place> places() const noexcept;
    [[nodiscard]] int compare(const std::byte* a, const std::byte* b) const noexcept;
    [[nodiscard]] std::size_t merge_count(std::size_t taken) const noexcept;
    void sort() noexcept;
    Status write_run() noexcept;
    Status put(const std::byte* row) noexcept;
    Status flush() noexcept;
    Status begin_merge(std::size_t count, std::size_t taken) noexcept;
    Status fill(Source& source) noexcept;
    Status take_source() noexcept;
    [[nodiscard]] bool is_before(const Source& a, const Source& b) const noexcept;
    Status merge(std::size_t count) noexcept;
    Status merge_equals() noexcept;

    Context& context_;
    MutableBytes block_;
    std::size_t key_width_ = 0;
    std::span<const SortTerm> terms_{};
    std::span<Value> row_{};
    std::size_t write_size_ = 0;  // Of a block in the file, if no row is longer.
    std::size_t longest_ = 0;     // Row.
    std::size_t pending_ = 0;     // Of what is written next.
    std::size_t rows_end_ = 0;
    std::size_t count_ = 0;  // Of rows in the block.
    std::size_t given_ = 0;
    std::array<Run, run_count_max> runs_;
    std::size_t run_count_ = 0;
    // By their first rows.
    std::array<Source, merge_count_max> sources_;
    std::size_t source_count_ = 0;
    const std::byte* shown_ = nullptr;
    const std::byte* previous_ = nullptr;
    bool is_second_ = false;  // Which of the two places has the row that is shown.
};

}  // namespace freshet::query

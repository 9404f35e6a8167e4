// SPDX-License-Identifier: MIT
// Puts records of the entries of a page side by side (columns.hpp), once all of them are known.
//
// How large the columns would be with one more record is kept for each column: it is asked at every
// entry, and decides where a page ends.
#pragma once

#include "base/arena.hpp"
#include "tree/columns.hpp"

namespace freshet::tree {

// Whether these are the fields of a record that can stand in columns.
bool is_record(Bytes record) noexcept;

class ColumnBuilder {
public:
    // What open() takes from the arena.
    static std::size_t required_memory() noexcept;
    Status open(Arena& arena) noexcept;  // out_of_memory.

    void clear() noexcept;
    // What the columns take if an entry with this record, or with none, comes next. More than
    // page_size: it cannot stand in the same page. What is_record() says no to has no place.
    std::size_t size_with(Bytes record) noexcept;
    // It comes next.
    void add(Bytes record) noexcept;
    // Into a page that has these entries and as much room as size_with() said.
    void write(Page& page) const noexcept;

private:
    // What is known of the fields of a column.
    struct Form {
        FieldClass kind = FieldClass::null;
        bool has_nulls = false;
        bool is_one = true;       // All that are not null are the same.
        std::uint16_t width = 0;  // The greatest.
        std::uint16_t width_min = 0;
        std::uint32_t size = 0;  // Of all together.
        Field first{};

        bool take(const Field& field) noexcept;
        [[nodiscard]] bool has_sizes() const noexcept;
        [[nodiscard]] std::size_t size_of(std::size_t count) const noexcept;
        [[nodiscard]] std::uint8_t code() const noexcept;
    };
    static constexpr std::size_t records_size_max = std::size_t{8} << 10;

    [[nodiscard]] Bytes record(std::size_t row) const noexcept;
    bool take(Bytes record) noexcept;
    std::byte* write_column(const Form& form, std::byte* to, const std::byte* page) const noexcept;

    std::span<Form> forms_;           // Of the records that came; as many as columns have room.
    std::span<Form> next_;            // With one more.
    std::span<FieldReader> readers_;  // Of write(): where each record goes on, ...
    std::span<Field> fields_;         // ... and its field of the column.
    MutableBytes records_;
    std::span<std::uint16_t> ends_;  // Of the records.
    std::size_t column_count_ = 0;   // 0: there is no record yet.
    std::size_t next_count_ = 0;
    std::size_t row_count_ = 0;
    bool has_missing_ = false;
};

}  // namespace freshet::tree

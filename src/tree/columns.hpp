// SPDX-License-Identifier: MIT
// Records of the entries of a leaf of a run, in columns: all their first fields side by side, then
// all their second ones, and so on; so that whoever reads one field of many records touches little
// else, and has no lengths to add up.
//
// A record is fields one behind the other (base/field.hpp), all those of a page as many; those of
// one column are of one class, or null. An entry may have no record: it is null in the first
// column, which no record is.
//
// From `columns` on (page.hpp) there stand in the page:
//
//      offset  size  field
//           0     1  count of columns, 1 to 128
//           1     4  for each column: 1 byte form, 1 width, 2 where it begins in the page
//           -     -  what they hold
//           -     8  zeros, so that each number can be read by a load of 8
//
//  The form: the class in the two lowest bits, and 4: some are null, 8: the others are all the
//  same, 16: they are of many sizes. What a column of n entries holds is, in this order:
//
//      (n + 7) / 8    where some are null, a bit for each, from the lowest on: it is
//      n * width      whole, real, or bytes that all have the same size, which is the width; once,
//                     where all are the same. Whole numbers are little-endian; of reals there are
//                     the highest bytes. What is null has any.
//      n * 2, bytes   of many sizes: where each ends in the page; then the bytes themselves
//
//  A column that is null throughout holds nothing.
#pragma once

#include "base/field.hpp"
#include "tree/page.hpp"

namespace freshet::tree {

inline constexpr std::size_t column_count_max = 128;

constexpr std::size_t null_mask_size(std::size_t count) noexcept {
    return (count + 7) / 8;
}

// One column of a page that is sound. Whatever is null: all else says nothing of it.
struct Column {
    static constexpr std::uint8_t class_bits = 3;
    static constexpr std::uint8_t has_nulls_bit = 4;
    static constexpr std::uint8_t is_one_bit = 8;
    static constexpr std::uint8_t has_sizes_bit = 16;

    FieldClass kind = FieldClass::null;
    std::uint32_t width = 0;
    std::uint32_t stride = 0;           // From one value to the next; 0: there is but one.
    const std::byte* nulls = nullptr;   // Null: none is.
    const std::byte* values = nullptr;  // Of one width, ...
    const std::byte* ends = nullptr;    // ... or not: where they end in the page.
    const std::byte* page = nullptr;

    [[nodiscard]] bool is_null(std::uint32_t row) const noexcept {
        if (nulls == nullptr) return kind == FieldClass::null;
        return (nulls[row / 8] >> (row % 8) & std::byte{1}) != std::byte{0};
    }
    // Of a whole number or a real: its bytes as a number.
    [[nodiscard]] std::uint64_t number(std::uint32_t row) const noexcept {
        return load<std::uint64_t>(values + row * std::size_t{stride}) << (64 - 8 * width) >>
               (64 - 8 * width);
    }
    [[nodiscard]] std::uint64_t real(std::uint32_t row) const noexcept {
        return load<std::uint64_t>(values + row * std::size_t{stride}) << (64 - 8 * width);
    }
    [[nodiscard]] Bytes bytes(std::uint32_t row) const noexcept {
        if (ends == nullptr) return {values + row * std::size_t{stride}, width};
        const std::byte* const begin =
            row == 0 ? values : page + load<std::uint16_t>(ends + (row - 1) * std::size_t{2});
        const std::byte* const end = page + load<std::uint16_t>(ends + row * std::size_t{2});
        return {begin, static_cast<std::size_t>(end - begin)};
    }
    [[nodiscard]] Field field(std::uint32_t row) const noexcept;
};

// The columns of a leaf that has some, and is sound.
class Columns {
public:
    explicit Columns(const Page& page) noexcept
        : page_{&page}, at_{reinterpret_cast<const std::byte*>(&page) + page.columns()} {}

    [[nodiscard]] std::uint32_t count() const noexcept {
        return std::to_integer<std::uint32_t>(*at_);
    }
    [[nodiscard]] Column column(std::uint32_t index) const noexcept;
    // The same for those who do it for each row.
    [[nodiscard]] [[gnu::always_inline]] Column column_inlined(std::uint32_t index) const noexcept;
    [[nodiscard]] bool has_all_records() const noexcept {
        return (std::to_integer<std::uint8_t>(at_[1]) & Column::has_nulls_bit) == 0;
    }
    [[nodiscard]] bool has_record(std::uint32_t row) const noexcept {
        return has_all_records() || !column(0).is_null(row);
    }

    // Whether all that can be asked of the page's columns lies inside it.
    static bool are_sound(const Page& page) noexcept;

private:
    const Page* page_;
    const std::byte* at_;
};

inline Column Columns::column_inlined(std::uint32_t index) const noexcept {
    FRESHET_CHECK(index < count());
    const std::byte* const entry = at_ + 1 + index * std::size_t{4};
    const auto form = std::to_integer<std::uint8_t>(entry[0]);
    Column column;
    column.page = reinterpret_cast<const std::byte*>(page_);
    column.kind = static_cast<FieldClass>(form & Column::class_bits);
    column.width = std::to_integer<std::uint32_t>(entry[1]);
    column.stride = (form & Column::is_one_bit) != 0 ? 0 : column.width;
    column.values = column.page + load<std::uint16_t>(entry + 2);
    const std::size_t count = page_->count();
    if ((form & Column::has_nulls_bit) != 0) {
        column.nulls = column.values;
        column.values += null_mask_size(count);
    }
    if ((form & Column::has_sizes_bit) != 0) {
        column.ends = column.values;
        column.values += count * 2;
    }
    return column;
}

// The record of an entry, for as long as its run is in use.
struct Record {
    const Page* page = nullptr;  // Null: there is none.
    std::uint32_t row = 0;

    [[nodiscard]] bool is_there() const noexcept { return page != nullptr; }
};

// Of an entry of a run.
Record record_of(const Page& page, std::uint32_t position) noexcept;

// The record's fields one behind the other, as they were. `into` has room for record_size_max
// bytes; what a run that somebody made has more of is left out.
Bytes copy_record(const Record& record, MutableBytes into) noexcept;

}  // namespace freshet::tree

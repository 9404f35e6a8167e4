// SPDX-License-Identifier: MIT
#include "tree/columns.hpp"

#include <algorithm>

namespace freshet::tree {

namespace {

constexpr std::size_t mask_size(std::size_t count) noexcept {
    return (count + 7) / 8;
}

}  // namespace

Field Column::field(std::uint32_t row) const noexcept {
    if (is_null(row)) return {};
    if (kind == FieldClass::whole) return Field::whole(number(row));
    return kind == FieldClass::real ? Field::real(real(row)) : Field::of(bytes(row));
}

Column Columns::column(std::uint32_t index) const noexcept {
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
        column.values += mask_size(count);
    }
    if ((form & Column::has_sizes_bit) != 0) {
        column.ends = column.values;
        column.values += count * 2;
    }
    return column;
}

bool Columns::are_sound(const Page& page) noexcept {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&page);
    const std::size_t begin = page.columns();
    const std::size_t end = page.columns_end();
    const std::size_t rows = page.count();
    if (begin >= end) return false;
    const auto count = std::to_integer<std::size_t>(bytes[begin]);
    std::size_t at = begin + 1 + count * 4;
    if (count - 1 >= column_count_max || at + 8 > end) return false;
    const Columns columns{page};
    for (std::uint32_t i = 0; i < count; i++) {
        const std::byte* const entry = bytes + begin + 1 + i * std::size_t{4};
        const auto form = std::to_integer<std::uint8_t>(entry[0]);
        if (load<std::uint16_t>(entry + 2) != at || form >= 32) return false;
        const Column column = columns.column(i);
        const bool is_number = column.kind == FieldClass::whole || column.kind == FieldClass::real;
        if (is_number && column.width - 1 >= 8) return false;
        if (column.nulls != nullptr) at += mask_size(rows);
        if (column.ends != nullptr) {
            if (column.kind != FieldClass::bytes || at + rows * 2 > end) return false;
            at += rows * 2;
            for (std::size_t row = 0; row < rows; row++) {
                const std::size_t last = load<std::uint16_t>(column.ends + row * 2);
                if (last < at || last > end) return false;
                at = last;
            }
        } else if (column.kind != FieldClass::null) {
            at += column.stride == 0 ? column.width : column.width * rows;
        }
        if (at + 8 > end) return false;
    }
    return true;
}

Bytes copy_record(const Record& record, MutableBytes into) noexcept {
    const Columns columns{*record.page};
    std::byte* to = into.data();
    const std::byte* const end = to + into.size();
    for (std::uint32_t i = 0; i < columns.count(); i++) {
        const Field field = columns.column(i).field(record.row);
        if (field_size(field) > static_cast<std::size_t>(end - to)) break;
        to = put_field(to, end, field);
    }
    return {into.data(), static_cast<std::size_t>(to - into.data())};
}

}  // namespace freshet::tree

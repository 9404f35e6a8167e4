// SPDX-License-Identifier: MIT
#include "tree/columns.hpp"

#include <algorithm>

namespace freshet::tree {

Field Column::field(std::uint32_t row) const noexcept {
    if (is_null(row)) return {};
    if (kind == FieldClass::whole) return Field::whole(number(row));
    return kind == FieldClass::real ? Field::real(real(row)) : Field::of(bytes(row));
}

Column Columns::column(std::uint32_t index) const noexcept {
    return column_inlined(index);
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
        if (column.nulls != nullptr) at += null_mask_size(rows);
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

Record record_of(const Page& page, std::uint32_t position) noexcept {
    const bool is_there = page.columns() != 0 && Columns{page}.has_record(position);
    return is_there ? Record{&page, position} : Record{};
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

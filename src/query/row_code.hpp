// SPDX-License-Identifier: MIT
// Rows as bytes, in blocks and files: the size of all in 4 bytes, and of each value its type in one
// byte, and
//
//      NULL           nothing
//      TEXT, BLOB     how many bytes, in 4, and these
//      others         8 bytes
//
// Whoever reads them knows that they are what was written.
#pragma once

#include "base/codec.hpp"
#include "query/operators.hpp"

namespace freshet::query {

std::size_t row_size(std::span<const Value> row) noexcept;
inline std::size_t row_size(const std::byte* row) noexcept {
    return load<std::uint32_t>(row);
}
// `size` is row_size().
void encode_row(std::span<const Value> row, std::size_t size, std::byte* to) noexcept;
// As many of its values as there is room for; texts lie in it.
void decode_row(const std::byte* row, std::span<Value> values) noexcept;

// By their first values, as the terms say; without terms, from the least to the greatest.
int compare_rows(const std::byte* a, const std::byte* b, std::size_t key_width,
                 std::span<const SortTerm> terms) noexcept;
int compare_row(const std::byte* row, std::span<const Value> key) noexcept;

}  // namespace freshet::query

// SPDX-License-Identifier: MIT
// Which keys an access leads to, once its values are known.
#pragma once

#include "query/table_source.hpp"

namespace freshet::query {

struct KeySearch {
    bool is_empty = false;       // There can be no row.
    bool is_one_row = false;     // `range.from` is the whole key of a row.
    bool is_exact = true;        // All rows of the range are wanted; else each is to be asked.
    relation::KeyRange range{};  // Of keys of rows, or of entries of the index.
};

// `next` is what the column behind the equal ones is equal to, of its type; null: nothing is. The
// bytes lie in the arena. out_of_memory, and what the values fail with.
Result<KeySearch> make_search(const Access& access, const relation::TableDefinition& table,
                              const Value* next, Arena& memory) noexcept;

// What the list of an access says: values of its column's type, in order, each once. More are not
// looked up one by one.
inline constexpr std::size_t point_count_max = 4096;
struct Points {
    bool are_known = false;  // False: keys say nothing of some of them, or they are too many.
    std::span<const Value> values{};
};
Result<Points> find_points(const Access& access, const relation::TableDefinition& table,
                           Arena& memory) noexcept;

}  // namespace freshet::query

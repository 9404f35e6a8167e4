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

// The bytes lie in the arena. out_of_memory, and what the values fail with.
Result<KeySearch> make_search(const Access& access, const relation::TableDefinition& table,
                              Arena& memory) noexcept;

}  // namespace freshet::query

// SPDX-License-Identifier: MIT
// Values as JSON, and texts back from it.
#pragma once

#include "base/arena.hpp"
#include "base/text.hpp"
#include "freshet/value.hpp"

namespace freshet::query {

// The most that put_json() takes of a value.
std::size_t json_size_max(const Value& value) noexcept;
// null, true, 42, 1.5 (9e999: infinity), "text"; a BLOB as the text of its hexadecimal digits, a
// date or time as the text that it is. Characters below 0x20, " and \ are escaped, and no others.
void put_json(TextWriter& text, const Value& value) noexcept;

// The text that stands between quotes in JSON, as metadata_member() finds it, without its escapes;
// NULL if there is none: null data, bytes that are no UTF-8, half a surrogate pair. A text without
// escapes stays where it is. out_of_memory.
Result<Value> unquote_json(std::string_view quoted, Arena& memory) noexcept;

}  // namespace freshet::query

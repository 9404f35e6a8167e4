// SPDX-License-Identifier: MIT
// LIKE and GLOB, as SQLite has them.
//
//      LIKE  %  any text     _  one character            letters of ASCII in either case
//      GLOB  *  any text     ?  one character            [abc] one of these, [a-z] a range,
//            []..] with ]    [^...] none of them         and case counts
//
// A character is one of UTF-8. Text and pattern may hold zero bytes (to SQLite they end there). At
// each * or % only the last one met has to be tried again, so the time is at most that of the
// text's size times the pattern's, and no memory is needed.
#pragma once

#include <string_view>

namespace freshet::relation {

// `escape`: the character (of UTF-8, not just a byte) behind which any character stands for itself;
// empty: there is none. A pattern that ends with it matches nothing.
bool is_like(std::string_view text, std::string_view pattern, std::string_view escape) noexcept;

// A set without its ] matches nothing.
bool is_glob(std::string_view text, std::string_view pattern) noexcept;

}  // namespace freshet::relation

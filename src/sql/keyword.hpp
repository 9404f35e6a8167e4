// SPDX-License-Identifier: MIT
// The words that mean something in SQL. Most of them are names, too, wherever no keyword can stand;
// reserved ones never are, unless they are quoted. Those are SQLite's, less COMMIT and TRANSACTION,
// which name columns here; no word that SQLite does not know is reserved.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet::sql {

// In the order of the alphabet, as they are in the table of keyword.cpp.
// clang-format off
enum class Word : std::uint8_t {
    none,
    abort, action, add, all, alter, and_, any, append, as, asc, assert, autoincrement,
    auto_increment, begin, between, btree, by, cascade, case_, cast, check, collate, column,
    commit, conflict, constraint, contained, create, cross, current_date, current_time,
    current_timestamp, date, default_, deferrable, deferred, delete_, desc, distinct, do_, drop,
    else_, end, escape, except, exclusive, exists, expect, explain, fail, false_, first, for_,
    foreign, from, full, glob, group, hash, having, if_, ignore, immediate, in, index, indexed,
    inner, insert, intersect, into, is, isnull, join, key, last, left, like, limit, natural, no,
    not_, nothing, notnull, null, nulls, of, offset, on, only, or_, order, outer, plan, pragma,
    primary, query, read, references, reindex, release, rename, replace, restrict, returning,
    right, rollback, rowid, save, savepoint, select, set, stream, strict, system, system_time,
    table, temp, temporary, then, time, timestamp, to, transaction, true_, union_, unique, update,
    using_, values, version, versioning, view, when, where, with, without, write,
    count,
};
// clang-format on

enum class WordUse : std::uint8_t {
    name,      // A name wherever no keyword can stand.
    special,   // A name where nothing but one can stand; the printer quotes it.
    join,      // The same, and no alias without AS.
    reserved,  // Never a name.
};

// Whatever its case. none: it is no keyword.
Word find_word(std::string_view text) noexcept;

// In capitals. `word` is neither none nor count.
std::string_view text_of(Word word) noexcept;

WordUse use_of(Word word) noexcept;  // none: name.

constexpr char capital(char letter) noexcept {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

}  // namespace freshet::sql

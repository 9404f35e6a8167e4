// SPDX-License-Identifier: MIT
#include "sql/keyword.hpp"

#include <algorithm>
#include <array>

namespace freshet::sql {
namespace {

using enum Word;

constexpr std::size_t word_count = static_cast<std::size_t>(Word::count) - 1;
constexpr std::size_t word_size_max = 17;

// clang-format off
constexpr std::array<std::string_view, word_count> texts = {
    "ABORT", "ACTION", "ADD", "ALL", "ALTER", "AND", "ANY", "APPEND", "AS", "ASC", "ASSERT",
    "AUTOINCREMENT", "AUTO_INCREMENT", "BEGIN", "BETWEEN", "BTREE", "BY", "CASCADE", "CASE",
    "CAST", "CHECK", "COLLATE", "COLUMN", "COMMIT", "CONFLICT", "CONSTRAINT", "CONTAINED",
    "CREATE", "CROSS", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "DATE", "DEFAULT",
    "DEFERRABLE", "DEFERRED", "DELETE", "DESC", "DISTINCT", "DO", "DROP", "ELSE", "END", "ESCAPE",
    "EXCEPT", "EXCLUSIVE", "EXISTS", "EXPECT", "EXPLAIN", "FAIL", "FALSE", "FIRST", "FOR",
    "FOREIGN", "FROM", "FULL", "GLOB", "GROUP", "HASH", "HAVING", "IF", "IGNORE", "IMMEDIATE",
    "IN", "INDEX", "INDEXED", "INNER", "INSERT", "INTERSECT", "INTO", "IS", "ISNULL", "JOIN",
    "KEY", "LAST", "LEFT", "LIKE", "LIMIT", "NATURAL", "NO", "NOT", "NOTHING", "NOTNULL", "NULL",
    "NULLS", "OF", "OFFSET", "ON", "ONLY", "OR", "ORDER", "OUTER", "PLAN", "PRAGMA", "PRIMARY",
    "QUERY", "READ", "REFERENCES", "REINDEX", "RELEASE", "RENAME", "REPLACE", "RESTRICT",
    "RETURNING", "RIGHT", "ROLLBACK", "ROWID", "SAVE", "SAVEPOINT", "SELECT", "SET", "STREAM",
    "STRICT", "SYSTEM", "SYSTEM_TIME", "TABLE", "TEMP", "TEMPORARY", "THEN", "TIME", "TIMESTAMP",
    "TO", "TRANSACTION", "TRUE", "UNION", "UNIQUE", "UPDATE", "USING", "VALUES", "VERSION",
    "VERSIONING", "VIEW", "WHEN", "WHERE", "WITH", "WITHOUT", "WRITE",
};

constexpr std::array reserved_words = {
    add, all, alter, and_, as, autoincrement, between, case_, check, collate, constraint, create,
    default_, deferrable, delete_, distinct, drop, else_, escape, except, exists, foreign, from,
    group, having, in, index, insert, intersect, into, is, isnull, join, limit, not_, nothing,
    notnull, null, on, or_, order, primary, references, returning, select, set, table, then, to,
    union_, unique, update, using_, values, when, where,
};
// clang-format on

constexpr std::array special_words = {conflict, cast, current_date, current_time, current_timestamp,
                                      false_,   if_,  indexed,      true_};
constexpr std::array join_words = {cross, full, inner, left, natural, outer, right};

constexpr auto uses = [] {
    std::array<WordUse, word_count + 1> table{};
    for (const Word word : special_words) table[static_cast<std::size_t>(word)] = WordUse::special;
    for (const Word word : join_words) table[static_cast<std::size_t>(word)] = WordUse::join;
    for (const Word word : reserved_words)
        table[static_cast<std::size_t>(word)] = WordUse::reserved;
    return table;
}();

// One behind the other: a table of views would be four times as large, with what a linker notes of
// each of them.
constexpr auto starts = [] {
    std::array<std::uint16_t, word_count + 1> table{};
    for (std::size_t i = 0; i < word_count; i++)
        table[i + 1] = static_cast<std::uint16_t>(table[i] + texts[i].size());
    return table;
}();
constexpr auto all_letters = [] {
    std::array<char, starts.back()> table{};
    for (std::size_t i = 0; i < word_count; i++)
        std::copy(texts[i].begin(), texts[i].end(), table.begin() + starts[i]);
    return table;
}();

constexpr std::string_view text_at(std::size_t place) {
    return {all_letters.data() + starts[place], std::size_t{starts[place + 1]} - starts[place]};
}

// Words by a hash of their letters, in any case: what has the bit 0x20 has another one without it.
constexpr std::size_t place_count = 512;

constexpr std::size_t place_of(std::string_view text) {
    std::uint64_t letters = text.size();
    for (const char letter : text)
        letters = (letters ^ (static_cast<std::uint8_t>(letter) & 0xdfU)) * 0x9e3779b97f4a7c15;
    return letters >> 55;
}

consteval std::array<std::uint8_t, place_count> make_places() {
    std::array<std::uint8_t, place_count> table{};
    for (std::size_t i = 0; i < texts.size(); i++) {
        std::size_t place = place_of(texts[i]);
        while (table[place] != 0) place = (place + 1) % place_count;
        table[place] = static_cast<std::uint8_t>(i + 1);
    }
    return table;
}
constexpr auto places = make_places();

constexpr bool is_text(std::string_view text, std::string_view capitals) {
    if (text.size() != capitals.size()) return false;
    for (std::size_t i = 0; i < text.size(); i++)
        if (capital(text[i]) != capitals[i]) return false;
    return true;
}

constexpr bool are_in_order() {
    for (std::size_t i = 1; i < texts.size(); i++) {
        if (texts[i - 1] >= texts[i]) return false;
    }
    return true;
}
static_assert(are_in_order());
static_assert(texts[static_cast<std::size_t>(select) - 1] == "SELECT");

}  // namespace

Word find_word(std::string_view text) noexcept {
    if (text.size() > word_size_max) return none;
    for (std::size_t place = place_of(text); places[place] != 0; place = (place + 1) % place_count)
        if (is_text(text, text_at(places[place] - 1U))) return static_cast<Word>(places[place]);
    return none;
}

std::string_view text_of(Word word) noexcept {
    return text_at(static_cast<std::size_t>(word) - 1);
}

WordUse use_of(Word word) noexcept {
    return uses[static_cast<std::size_t>(word)];
}

}  // namespace freshet::sql

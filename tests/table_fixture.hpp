// SPDX-License-Identifier: MIT
// Tables on a store in memory: definitions that tests write down, and rows as lists of values.
#pragma once

#include "relation/catalog.hpp"
#include "relation/moment.hpp"
#include "relation/table_reader.hpp"
#include "tests/definition_fixture.hpp"
#include "tests/files.hpp"
#include "tests/lent.hpp"

namespace freshet::relation {

// Memory that tests need not count.
struct Room {
    explicit Room(std::size_t size = std::size_t{1} << 20) : bytes(size), memory{bytes} {}
    test::Lent bytes;
    Arena memory;
};

inline Column column(std::string_view name, ColumnType type) {
    Column result;
    result.name = name;
    result.type = type;
    result.declared_type = type_name(type);
    return result;
}

inline std::string show(const Value& value) {
    switch (value.type()) {
        case Type::null: return "NULL";
        case Type::text: return "'" + std::string{value.as_text()} + "'";
        case Type::blob: return "x'" + std::string{as_text(value.as_blob())} + "'";
        case Type::real: return std::to_string(value.as_real());
        default: break;
    }
    return std::to_string(value.whole());
}

inline std::string show(std::span<const Value> row) {
    std::string text;
    for (const Value& value : row) text += (text.empty() ? "" : " ") + show(value);
    return text;
}

// The row that a version is.
inline std::string row_of(TableReader& reader, const Recorded& version) {
    std::vector<Value> row(reader.layout().size());
    const Status read = reader.read(version, row);
    EXPECT_TRUE(read) << code_name(read.error().code);
    return show(row);
}

// All that a scan gives, by its begin: in the order in which it comes.
inline std::vector<std::string> rest_of(TableReader& reader) {
    std::vector<std::string> rows;
    Recorded version;
    for (;;) {
        const Result<bool> there = reader.next(version);
        EXPECT_TRUE(there) << code_name(there.error().code);
        if (!there || !*there) return rows;
        rows.push_back(row_of(reader, version));
    }
}

}  // namespace freshet::relation

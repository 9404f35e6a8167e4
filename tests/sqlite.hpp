// SPDX-License-Identifier: MIT
// SQLite's library, to compare with, where it is installed: include this behind
// __has_include(<sqlite3.h>) only.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/codec.hpp"
#include "freshet/value.hpp"

namespace freshet::test {

// An empty database in memory, and one statement that is prepared.
class Sqlite {
public:
    Sqlite() { EXPECT_EQ(sqlite3_open(":memory:", &database_), SQLITE_OK); }
    ~Sqlite() {
        finish();
        sqlite3_close(database_);
    }
    Sqlite(const Sqlite&) = delete;
    Sqlite& operator=(const Sqlite&) = delete;

    void prepare(const std::string& text) {
        finish();
        ASSERT_EQ(sqlite3_prepare_v2(database_, text.c_str(), -1, &statement_, nullptr), SQLITE_OK)
            << text << ": " << sqlite3_errmsg(database_);
    }
    // False: there is no row, or it failed. Parameters that the statement has not are left out.
    bool step(const std::vector<Value>& parameters = {}) {
        sqlite3_reset(statement_);
        const int count = sqlite3_bind_parameter_count(statement_);
        for (int i = 0; i < count; i++) bind(i + 1, parameters[static_cast<std::size_t>(i)]);
        return sqlite3_step(statement_) == SQLITE_ROW;
    }
    // The first column of the row, until the next step.
    [[nodiscard]] Value column() const {
        switch (sqlite3_column_type(statement_, 0)) {
            case SQLITE_INTEGER: return Value::integer(sqlite3_column_int64(statement_, 0));
            case SQLITE_FLOAT: return Value::real(sqlite3_column_double(statement_, 0));
            case SQLITE_TEXT: return Value::text(bytes(sqlite3_column_text(statement_, 0)));
            case SQLITE_BLOB:
                return Value::blob(as_bytes(bytes(sqlite3_column_blob(statement_, 0))));
            default: return {};
        }
    }
    [[nodiscard]] const char* message() const { return sqlite3_errmsg(database_); }

private:
    void finish() {
        sqlite3_finalize(statement_);
        statement_ = nullptr;
    }
    void bind(int index, const Value& value) {
        const auto size = value.has_bytes() ? static_cast<int>(value.bytes().size()) : 0;
        switch (value.type()) {
            case Type::integer: sqlite3_bind_int64(statement_, index, value.as_integer()); break;
            case Type::real: sqlite3_bind_double(statement_, index, value.as_real()); break;
            case Type::text:
                sqlite3_bind_text(statement_, index, value.bytes().data(), size, SQLITE_STATIC);
                break;
            case Type::blob:
                sqlite3_bind_blob(statement_, index, value.bytes().data(), size, SQLITE_STATIC);
                break;
            default: sqlite3_bind_null(statement_, index);
        }
    }
    [[nodiscard]] std::string_view bytes(const void* data) const {
        return {static_cast<const char*>(data),
                static_cast<std::size_t>(sqlite3_column_bytes(statement_, 0))};
    }

    sqlite3* database_ = nullptr;
    sqlite3_stmt* statement_ = nullptr;
};

}  // namespace freshet::test

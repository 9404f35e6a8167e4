// SPDX-License-Identifier: MIT
// A database in memory, and what a statement gives as text: rows are lines, values stand between
// bars, and an error is its code.
#pragma once

#include <optional>

#include "base/text.hpp"
#include "freshet/database.hpp"
#include "relation/convert.hpp"
#include "store_fixture.hpp"
#include "tests/lent.hpp"

namespace freshet::test {

inline Options database_options() {
    Options options = small_options();
    options.segment_size = 1 << 18;
    options.frame_size_max = 1 << 14;
    options.pool_size = std::size_t{4} << 20;
    return options;
}

inline std::string text_of(const Value& value) {
    std::vector<char> room(64 + (value.has_bytes() ? value.bytes().size() * 3 : 0));
    TextWriter writer{room};
    if (value.type() == Type::text) return std::string{value.as_text()};
    relation::put_literal(writer, value);
    return std::string{writer.written()};
}

class OpenDatabase {
public:
    explicit OpenDatabase(const Options& options = database_options(),
                          std::size_t memory_size = std::size_t{8} << 20,
                          const ConnectionOptions& connection_options = {})
        : machine{options.segment_size},
          options_{options},
          connection_options_{connection_options},
          memory_(Database::required_memory(options)),
          connection_memory_(memory_size) {
        open();
    }
    ~OpenDatabase() { close(); }

    void open() {
        EXPECT_TRUE(database->open(options_, machine.door(), memory_, diagnostic))
            << code_name(diagnostic.error.code);
        EXPECT_TRUE(connection->open(*database, connection_memory_, connection_options_));
    }
    void close() {
        connection->close();
        EXPECT_TRUE(database->close());
    }
    // Everything but the log is gone, and read from it again.
    void open_again() {
        close();
        connection.emplace();
        database.emplace();
        open();
    }

    // What all statements of a text give, one behind the other.
    std::string run(std::string_view sql) { return run(*connection, sql); }
    std::string run(Connection& on, std::string_view sql) {
        std::string all;
        for (std::size_t from = 0;;) {
            Statement statement;
            if (!statement.prepare(on, sql, error, from)) return all + failed();
            if (!statement.is_open()) return all;
            from = statement.end();
            if (!add_rows(statement, all)) return all;
        }
    }
    // What a statement gives. False: it failed, and this is said.
    bool add_rows(Statement& statement, std::string& all) {
        for (;;) {
            const Result<bool> there = statement.step(error);
            if (!there) all += failed();
            if (!there || !*there) return bool{there};
            all += line_of(statement.row());
        }
    }
    static std::string line_of(std::span<const Value> row) {
        std::string line;
        for (const Value& value : row) line += (line.empty() ? "" : "|") + text_of(value);
        return line + "\n";
    }
    [[nodiscard]] std::string failed() const {
        return std::string{"error "} + code_name(error.error.code);
    }
    [[nodiscard]] std::uint64_t commit() const { return connection->report().commit; }

    Machine machine;
    std::optional<Database> database{std::in_place};
    std::optional<Connection> connection{std::in_place};
    Diagnostic diagnostic;
    SqlError error;

private:
    Options options_;
    ConnectionOptions connection_options_;
    test::Lent memory_;
    test::Lent connection_memory_;
};

}  // namespace freshet::test

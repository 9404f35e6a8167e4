// SPDX-License-Identifier: MIT
// Runs statements and prints what they give, and what is wrong with them.
#pragma once

#include "freshet/database.hpp"
#include "shell/options.hpp"
#include "shell/session.hpp"
#include "shell/table.hpp"

namespace freshet {
class TextWriter;
}

namespace freshet::shell {

class SqlRunner {
public:
    SqlRunner(Connection& connection, const Request& request) noexcept;
    SqlRunner(const SqlRunner&) = delete;
    SqlRunner& operator=(const SqlRunner&) = delete;

    // A text with statements, and where it is from.
    struct Source {
        std::string_view name{};  // Of a file; empty: an argument, or typed.
        std::uint64_t line = 1;   // On which the text begins.
        std::string_view text{};
        std::size_t begin = 0;  // Of the statement that runs, and its end.
        std::size_t end = 0;

        [[nodiscard]] std::string_view statement() const noexcept {
            return {text.data() + begin, end - begin};
        }
    };
    // All of them, up to the first that fails. What went wrong was said; its exit code.
    int run(Source source) noexcept;

    [[nodiscard]] Connection& connection() noexcept { return connection_; }

private:
    int print(Statement& statement, const Source& source) noexcept;
    int say_done(const Source& source) noexcept;
    int refuse(const Source& source) noexcept;
    void begin_table(const Statement& statement, bool has_row) noexcept;
    void put_row(Table& table, std::span<const Value> row) noexcept;
    static Cell cell_of(const Value& value, TextWriter& text) noexcept;

    Connection& connection_;
    const Request& request_;
    SqlError error_;
    std::array<Column, column_count_max> columns_{};
    std::array<Cell, column_count_max> cells_{};
    std::array<char, column_count_max * 32> number_memory_{};  // Of one row.
};

// A line at the prompt that begins with a point. False: it was the last.
bool run_dot(SqlRunner& runner, std::string_view line) noexcept;

}  // namespace freshet::shell

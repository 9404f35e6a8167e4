// SPDX-License-Identifier: MIT
// Rows on standard output, in the form that the style asks for.
//
//  box     for a terminal: the first rows are kept until the widths of their columns are known;
//          what does not fit is cut and ends in '~'
//  tsv     a header, then a line a row, escaped as COPY of PostgreSQL does: \t \n \r \\, and \N
//          where there is nothing
//  json    one array of objects
//  ndjson  an object a line
//
// A cell without a value is left out of an object; elsewhere it looks like NULL.
#pragma once

#include <span>

#include "shell/output.hpp"
#include "shell/style.hpp"

namespace freshet::shell {

struct Cell {
    enum class Kind : std::uint8_t {
        none,  // There is no such member.
        null,  // It is NULL.
        number,
        text,
        json,   // A value as it stands.
        bytes,  // Not text: base64 in JSON, hexadecimal after \x elsewhere.
    };
    Kind kind = Kind::none;
    std::string_view text{};
    std::int64_t number = 0;

    static Cell of(std::string_view text) noexcept { return {Kind::text, text, 0}; }
    static Cell of(std::uint64_t number) noexcept {
        return {Kind::number, {}, static_cast<std::int64_t>(number)};
    }
    static Cell of(std::int64_t number) noexcept { return {Kind::number, {}, number}; }
    static Cell json(std::string_view text) noexcept { return {Kind::json, text, 0}; }
    static Cell bytes(std::string_view bytes) noexcept { return {Kind::bytes, bytes, 0}; }
};

struct Column {
    std::string_view name;
    bool is_number = false;
};

inline constexpr std::size_t column_count_max = 200;

class Table {
public:
    // `noun`: what a row is, for the count under a box; it gets an s. The views stay lent.
    Table(std::span<const Column> columns, std::string_view noun) noexcept;

    void row(std::span<const Cell> cells) noexcept;
    // For objects that are written otherwise: starts one, and says where to.
    Output& object() noexcept;
    void end_object() noexcept;
    // Shows what is there so far, for somebody who waits for more.
    void show() noexcept;
    // Everything is printed. Not 0: it was not, that was said, and this is the exit code.
    int finish() noexcept;
    [[nodiscard]] bool has_failed() const noexcept { return output_.error() != 0; }

private:
    void put_object(std::span<const Cell> cells) noexcept;
    void put_line(std::span<const Cell> cells) noexcept;
    void put_header() noexcept;
    void keep(std::span<const Cell> cells) noexcept;
    void put_kept() noexcept;
    void fit_widths() noexcept;
    void put_rule(std::size_t place) noexcept;
    void put_names() noexcept;
    void put_kept_row(std::size_t& offset) noexcept;
    void put_cell(std::size_t column, std::string_view text, bool is_null) noexcept;

    Output output_;
    std::span<const Column> columns_;
    std::string_view noun_;
    std::uint64_t row_count_ = 0;
    std::size_t kept_count_ = 0;
    bool has_header_ = false;
    std::array<std::size_t, column_count_max> widths_{};
    std::size_t kept_size_ = 0;
    // Cells of rows: two bytes of size, and text; a size of 65535 is none.
    std::array<char, 65536> kept_;
};

// A few values that belong together: a box of two columns, lines of name and value, or one object.
struct Fact {
    std::string_view name;
    Cell value;
};
int print_facts(std::span<const Fact> facts) noexcept;

}  // namespace freshet::shell

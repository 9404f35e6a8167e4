// SPDX-License-Identifier: MIT
#include "shell/table.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "shell/report.hpp"
#include "shell/width.hpp"

namespace freshet::shell {
namespace {

constexpr std::size_t kept_count_max = 200;
constexpr std::size_t cell_size_max = 1024;
constexpr std::size_t width_min = 8;  // To which a column is narrowed where not all fits.
constexpr std::size_t last_width_min = 16;
constexpr std::uint16_t size_of_none = 0xffff;

// Of a box: left, rule, joint and right for its top, its middle and its bottom, and the wall.
struct Lines {
    std::array<std::array<std::string_view, 4>, 3> rules;
    std::string_view wall;
};
constexpr Lines fine_lines{{{{"\xe2\x94\x8c", "\xe2\x94\x80", "\xe2\x94\xac", "\xe2\x94\x90"},
                             {"\xe2\x94\x9c", "\xe2\x94\x80", "\xe2\x94\xbc", "\xe2\x94\xa4"},
                             {"\xe2\x94\x94", "\xe2\x94\x80", "\xe2\x94\xb4", "\xe2\x94\x98"}}},
                           "\xe2\x94\x82"};
constexpr Lines plain_lines{{{{"+", "-", "+", "+"}, {"+", "-", "+", "+"}, {"+", "-", "+", "+"}}},
                            "|"};

const Lines& lines() noexcept {
    return style().plain_lines ? plain_lines : fine_lines;
}

// A cell in words. `memory` is for those that are no text yet; what does not fit is not shown.
std::string_view shown(const Cell& cell, std::span<char> memory) noexcept {
    TextWriter writer{memory};
    switch (cell.kind) {
        case Cell::Kind::none:
        case Cell::Kind::null: return {};
        case Cell::Kind::number: return writer.number(cell.number).written();
        case Cell::Kind::bytes:
            return writer.text("(").number(cell.text.size()).text(" bytes)").written();
        default: return {cell.text.data(), std::min(cell.text.size(), cell_size_max)};
    }
}

void put_value(Output& output, const Cell& cell) noexcept {
    switch (cell.kind) {
        case Cell::Kind::text: output.json_string(cell.text); break;
        case Cell::Kind::json: output.text(cell.text); break;
        case Cell::Kind::null: output.text("null"); break;
        case Cell::Kind::bytes: output.text("\"").base64(as_bytes(cell.text)).text("\""); break;
        default: {
            std::array<char, 24> memory;
            output.text(TextWriter{memory}.number(cell.number).written());
        }
    }
}

void put_tsv(Output& output, const Cell& cell) noexcept {
    switch (cell.kind) {
        case Cell::Kind::none:
        case Cell::Kind::null: output.text("\\N"); break;
        case Cell::Kind::number: put_value(output, cell); break;
        case Cell::Kind::bytes: output.text("\\\\x").hex(as_bytes(cell.text)); break;
        default: output.tsv(cell.text);
    }
}

}  // namespace

Table::Table(std::span<const Column> columns, std::string_view noun) noexcept
    : output_{STDOUT_FILENO}, columns_{columns}, noun_{noun} {}

void Table::row(std::span<const Cell> cells) noexcept {
    switch (style().format) {
        case Format::box: keep(cells); break;
        case Format::tsv: put_line(cells); break;
        default: return put_object(cells);
    }
    row_count_++;
}

Output& Table::object() noexcept {
    if (style().format == Format::json) output_.text(row_count_ == 0 ? "[" : ",\n ");
    row_count_++;
    return output_;
}

void Table::end_object() noexcept {
    if (style().format == Format::ndjson) output_.text("\n");
}

void Table::put_object(std::span<const Cell> cells) noexcept {
    object().text("{");
    bool is_first = true;
    for (std::size_t i = 0; i < cells.size(); i++) {
        if (cells[i].kind == Cell::Kind::none) continue;
        output_.text(is_first ? "\"" : ",\"").text(columns_[i].name).text("\":");
        put_value(output_, cells[i]);
        is_first = false;
    }
    output_.text("}");
    end_object();
}

void Table::put_header() noexcept {
    has_header_ = true;
    for (std::size_t i = 0; i < columns_.size(); i++) {
        output_.text(i == 0 ? "" : "\t").text(columns_[i].name);
    }
    output_.text("\n");
}

void Table::put_line(std::span<const Cell> cells) noexcept {
    if (!has_header_) put_header();
    for (std::size_t i = 0; i < cells.size(); i++) {
        if (i > 0) output_.text("\t");
        put_tsv(output_, cells[i]);
    }
    output_.text("\n");
}

// ---- boxes ----

void Table::keep(std::span<const Cell> cells) noexcept {
    const std::size_t size_max = std::min(cell_size_max, kept_.size() / cells.size() - 2);
    if (kept_size_ + cells.size() * (size_max + 2) > kept_.size()) put_kept();
    for (std::size_t i = 0; i < cells.size(); i++) {
        std::array<char, 48> memory;
        std::string_view text = shown(cells[i], memory);
        text = {text.data(), std::min(text.size(), size_max)};
        const bool is_none = cells[i].kind == Cell::Kind::none || cells[i].kind == Cell::Kind::null;
        const auto size = is_none ? size_of_none : static_cast<std::uint16_t>(text.size());
        std::memcpy(kept_.data() + kept_size_, &size, sizeof size);
        kept_size_ += sizeof size;
        if (!text.empty()) std::memcpy(kept_.data() + kept_size_, text.data(), text.size());
        kept_size_ += text.size();
        if (!has_header_) widths_[i] = std::max(widths_[i], is_none ? 4 : text_width(text));
    }
    kept_count_++;
    if (has_header_ || kept_count_ == kept_count_max) put_kept();
}

void Table::put_kept() noexcept {
    if (!has_header_) {
        has_header_ = true;
        fit_widths();
        put_rule(0);
        put_names();
        put_rule(1);
    }
    for (std::size_t offset = 0; offset < kept_size_;) put_kept_row(offset);
    kept_size_ = 0;
    kept_count_ = 0;
}

// The last column gives way first, and then the widest, until all fit or all are narrow.
void Table::fit_widths() noexcept {
    std::size_t total = 1;
    for (std::size_t i = 0; i < columns_.size(); i++) {
        widths_[i] = std::max(widths_[i], columns_[i].name.size());
        total += widths_[i] + 3;
    }
    const std::size_t room = terminal_width(STDOUT_FILENO);
    while (total > room) {
        std::size_t* const last = widths_.data() + columns_.size() - 1;
        std::size_t* const gives =
            *last > last_width_min ? last : std::max_element(widths_.data(), last + 1);
        if (*gives <= width_min) return;
        (*gives)--;
        total--;
    }
}

void Table::put_rule(std::size_t place) noexcept {
    const auto& [left, rule, joint, right] = lines().rules[place];
    for (std::size_t i = 0; i < columns_.size(); i++) {
        output_.text(i == 0 ? left : joint).repeat(rule, widths_[i] + 2);
    }
    output_.text(right).text("\n");
}

void Table::put_names() noexcept {
    for (std::size_t i = 0; i < columns_.size(); i++) {
        output_.text(lines().wall).text(" ").text(style().color_out ? "\x1b[1m" : "");
        const std::size_t used = output_.printable(columns_[i].name, widths_[i]);
        output_.text(style().color_out ? "\x1b[0m" : "").repeat(" ", widths_[i] - used + 1);
    }
    output_.text(lines().wall).text("\n");
}

void Table::put_kept_row(std::size_t& offset) noexcept {
    for (std::size_t i = 0; i < columns_.size(); i++) {
        std::uint16_t size = 0;
        std::memcpy(&size, kept_.data() + offset, sizeof size);
        offset += sizeof size;
        const bool is_null = size == size_of_none;
        const std::size_t text_size = is_null ? 0 : size;
        put_cell(i, {kept_.data() + offset, text_size}, is_null);
        offset += text_size;
    }
    output_.text(lines().wall).text("\n");
}

// A number stands at the right, and is whole even where the column is too narrow for it.
void Table::put_cell(std::size_t column, std::string_view text, bool is_null) noexcept {
    const std::size_t width = widths_[column];
    output_.text(lines().wall).text(" ");
    if (columns_[column].is_number && !is_null) {
        output_.repeat(" ", width - std::min(width, text.size())).text(text).text(" ");
        return;
    }
    const bool is_dim = is_null && style().color_out;
    output_.text(is_dim ? "\x1b[2m" : "");
    const std::size_t used = output_.printable(is_null ? "NULL" : text, width);
    output_.text(is_dim ? "\x1b[0m" : "").repeat(" ", width - used + 1);
}

void Table::show() noexcept {
    if (style().format == Format::box && kept_count_ > 0) put_kept();
    output_.flush();
}

int Table::finish() noexcept {
    switch (style().format) {
        case Format::box:
            put_kept();
            put_rule(2);
            output_.number(row_count_).text(" ").text(noun_);
            output_.text(row_count_ == 1 ? "\n" : "s\n");
            break;
        case Format::tsv:
            if (!has_header_) put_header();
            break;
        case Format::json: output_.text(row_count_ == 0 ? "[]\n" : "]\n"); break;
        default: break;
    }
    output_.flush();
    return report_output(output_);
}

int print_facts(std::span<const Fact> facts) noexcept {
    if (style().format == Format::box || style().format == Format::tsv) {
        constexpr std::array<Column, 2> columns{{{"name", false}, {"value", false}}};
        Table table{columns, "value"};
        for (const Fact& fact : facts) {
            const std::array<Cell, 2> cells{Cell::of(fact.name), fact.value};
            table.row(cells);
        }
        return table.finish();
    }
    Output output{STDOUT_FILENO};
    bool is_first = true;
    for (const Fact& fact : facts) {
        if (fact.value.kind == Cell::Kind::none) continue;
        output.text(is_first ? "{\"" : ",\"").text(fact.name).text("\":");
        put_value(output, fact.value);
        is_first = false;
    }
    output.text("}\n").flush();
    return report_output(output);
}

}  // namespace freshet::shell

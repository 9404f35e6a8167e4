// SPDX-License-Identifier: MIT
#include "shell/print.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "shell/ndjson.hpp"

namespace freshet::shell {
namespace {

// A terminal is not wide enough for all there is to say of an event.
constexpr std::array<Column, 4> columns_of_stream{{{"index", true}, {"time"}, {"type"}, {"data"}}};
constexpr std::array<Column, 5> columns_of_log{
    {{"ordinal", true}, {"stream"}, {"time"}, {"type"}, {"data"}}};
constexpr std::array<Column, 10> columns_of_line{{{"stream"},
                                                  {"index", true},
                                                  {"ordinal", true},
                                                  {"commit", true},
                                                  {"time"},
                                                  {"type"},
                                                  {"id"},
                                                  {"data"},
                                                  {"metadata"},
                                                  {"schema_version", true}}};

std::span<const Column> columns_for(bool is_log) noexcept {
    if (style().format != Format::box) return columns_of_line;
    if (is_log) return columns_of_log;
    return columns_of_stream;
}

Cell cell_of(Bytes bytes) noexcept {
    if (bytes.empty()) return {};
    const std::string_view text = as_text(bytes);
    const bool is_text = is_utf8(text) && text.find('\0') == std::string_view::npos;
    return is_text ? Cell::of(text) : Cell::bytes(text);
}

}  // namespace

EventPrinter::EventPrinter(Of of) noexcept
    : is_log_{of == Of::log}, table_{columns_for(is_log_), "event"} {}

void EventPrinter::print(const Recorded& event) noexcept {
    switch (style().format) {
        case Format::box: return print_row(event);
        case Format::tsv: return print_line(event);
        default: write_event(table_.object(), event); return table_.end_object();
    }
}

void EventPrinter::print_line(const Recorded& event) noexcept {
    std::array<char, 64> time;
    std::array<char, 32> id;
    const std::array<Cell, columns_of_line.size()> cells{
        Cell::of(event.stream),
        Cell::of(event.index),
        Cell::of(event.ordinal),
        Cell::of(event.commit),
        Cell::of(TextWriter{time}.time_us(event.time_us).written()),
        Cell::of(event.type),
        event.id.is_set() ? Cell::of(TextWriter{id}.hex(event.id.bytes).written()) : Cell{},
        cell_of(event.payload),
        cell_of(event.metadata),
        Cell::of(std::uint64_t{event.schema_version})};
    table_.row(cells);
}

void EventPrinter::print_row(const Recorded& event) noexcept {
    std::array<char, 64> memory;
    const Cell time = Cell::of(TextWriter{memory}.time_us(event.time_us).written());
    if (is_log_) {
        const std::array<Cell, columns_of_log.size()> cells{
            Cell::of(event.ordinal), Cell::of(event.stream), time, Cell::of(event.type),
            cell_of(event.payload)};
        return table_.row(cells);
    }
    const std::array<Cell, columns_of_stream.size()> cells{
        Cell::of(event.index), time, Cell::of(event.type), cell_of(event.payload)};
    table_.row(cells);
}

}  // namespace freshet::shell

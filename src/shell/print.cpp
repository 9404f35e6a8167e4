// SPDX-License-Identifier: MIT
#include "shell/print.hpp"

#include <unistd.h>

#include "shell/json.hpp"
#include "shell/ndjson.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

constexpr std::size_t number_width = 8;
constexpr std::size_t time_width = 27;
constexpr std::size_t name_width = 20;
constexpr std::size_t gap_width = 2;
constexpr std::size_t data_width_min = 10;
constexpr std::string_view gap = "  ";

}  // namespace

EventPrinter::EventPrinter(const Request& request, Columns columns) noexcept
    : output_{STDOUT_FILENO},
      columns_{columns},
      is_table_{!request.ndjson && is_terminal(STDOUT_FILENO)} {
    if (!is_table_) return;
    const std::size_t name_count = columns == Columns::of_log ? 2 : 1;
    const std::size_t used =
        number_width + gap_width + time_width + gap_width + name_count * (name_width + gap_width);
    const std::size_t width = terminal_width(STDOUT_FILENO);
    data_width_ = width > used + data_width_min ? width - used : data_width_min;
}

void EventPrinter::print(const Recorded& event) noexcept {
    if (!is_table_) return write_event(output_, event);
    if (!has_header_) print_header();
    has_header_ = true;
    print_row(event);
}

void EventPrinter::print_header() noexcept {
    const bool is_log = columns_ == Columns::of_log;
    output_.text(is_log ? " ordinal" : "   index").text(gap).cell("time", time_width).text(gap);
    if (is_log) output_.cell("stream", name_width).text(gap);
    output_.cell("type", name_width).text(gap).text("data\n");
}

void EventPrinter::print_row(const Recorded& event) noexcept {
    const bool is_log = columns_ == Columns::of_log;
    output_.number(is_log ? event.ordinal : event.index, number_width).text(gap);
    output_.time(event.time_us).text(gap);
    if (is_log) output_.cell(event.stream, name_width).text(gap);
    output_.cell(event.type, name_width).text(gap);
    const std::string_view data = as_text(event.payload);
    if (data.empty() || is_json_line(data)) {
        output_.printable(data, data_width_);
    } else {
        output_.text("(").number(data.size()).text(" bytes)");
    }
    output_.text("\n");
}

int EventPrinter::finish() noexcept {
    output_.flush();
    if (output_.error() == 0) return 0;
    Diagnostic diagnostic;
    diagnostic.error = Error{Code::io, output_.error()};
    return report(diagnostic, "standard output");
}

}  // namespace freshet::shell

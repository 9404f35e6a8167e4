// SPDX-License-Identifier: MIT
// Events on standard output: NDJSON, or on a terminal a table that cuts what does not fit.
#pragma once

#include "freshet/store.hpp"
#include "shell/options.hpp"
#include "shell/output.hpp"

namespace freshet::shell {

enum class Columns : std::uint8_t { of_stream, of_log };

class EventPrinter {
public:
    EventPrinter(const Request& request, Columns columns) noexcept;
    void print(const Recorded& event) noexcept;
    // Everything is printed. Not 0: it was not, that was said, and this is the exit code.
    int finish() noexcept;
    [[nodiscard]] bool has_failed() const noexcept { return output_.error() != 0; }

private:
    void print_row(const Recorded& event) noexcept;
    void print_header() noexcept;

    Output output_;
    Columns columns_;
    bool is_table_;
    bool has_header_ = false;
    std::size_t data_width_ = 0;
};

}  // namespace freshet::shell

// SPDX-License-Identifier: MIT
// Events on standard output, as a table or as objects.
#pragma once

#include "freshet/store.hpp"
#include "shell/table.hpp"

namespace freshet::shell {

class EventPrinter {
public:
    enum class Of : std::uint8_t { stream, log };

    explicit EventPrinter(Of of) noexcept;
    void print(const Recorded& event) noexcept;
    // As those of Table.
    void show() noexcept { table_.show(); }
    int finish() noexcept { return table_.finish(); }
    [[nodiscard]] bool has_failed() const noexcept { return table_.has_failed(); }

private:
    void print_line(const Recorded& event) noexcept;
    void print_row(const Recorded& event) noexcept;

    bool is_log_;
    Table table_;
};

}  // namespace freshet::shell

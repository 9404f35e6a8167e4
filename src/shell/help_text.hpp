// SPDX-License-Identifier: MIT
// The words of `freshet help`.
#pragma once

#include <span>
#include <string_view>

namespace freshet::shell {

struct Topic {
    std::string_view name;
    std::string_view text;
    bool is_command = false;  // What all commands take is said behind its text.
};

std::span<const Topic> topics() noexcept;

extern const std::string_view about_all;
extern const std::string_view about_errors;  // What stands above the table.

}  // namespace freshet::shell

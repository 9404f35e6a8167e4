// SPDX-License-Identifier: MIT
// Which commands and flags there are, and what each flag makes of its value.
#pragma once

#include "shell/options.hpp"

namespace freshet::shell {

// Which words a command takes behind its name.
struct CommandInfo {
    std::string_view name;
    bool needs_database = false;
    std::size_t stream_count_min = 0;
    std::size_t stream_count_max = 0;
};

struct FlagInfo {
    std::string_view name;
    std::string_view value;      // How its value is called; empty: it takes none.
    std::string_view wanted;     // What a good value is.
    std::uint32_t commands = 0;  // Which take it.
    bool (*set)(Request& request, std::string_view value) noexcept = nullptr;
};

constexpr std::uint32_t bit(Command command) noexcept {
    return 1U << static_cast<unsigned>(command);
}

// By their numbers; the first is none.
std::span<const CommandInfo> commands() noexcept;
// At most 64.
std::span<const FlagInfo> flags() noexcept;

}  // namespace freshet::shell

// SPDX-License-Identifier: MIT
// What the arguments ask for.
//
//     freshet COMMAND [FLAGS] [WORDS]
//
// Flags may stand anywhere before `--`. A flag with a value takes it as `--limit 5` or `--limit=5`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "freshet/store.hpp"

namespace freshet::shell {

enum class Command : std::uint8_t { none, append, read, log, verify, help, version };

inline constexpr std::uint32_t batch_count_default = 1000;

struct Request {
    const char* database = nullptr;
    std::string_view stream;
    std::string_view topic;
    std::string_view head;
    LogFilter filter;

    std::uint64_t memory_size = std::uint64_t{64} << 20;
    std::uint64_t batch_count_max = batch_count_default;
    std::uint64_t limit = no_limit;
    Expected expected = Expected::any();
    Horizon from = Horizon::beginning();
    LogStart start = LogStart::ordinal(0);

    Command command = Command::none;
    Direction direction = Direction::forwards;
    bool has_stream = false;  // Of append, false: each event names its own.
    bool wants_help = false;
    bool quiet = false;
    bool create = false;
    bool fixed_batches = false;  // A batch ends after batch_count_max events and nowhere else.
    bool ndjson = false;
};

// Sentences, in static memory.
struct UsageError {
    std::string_view message;
    std::string_view hint;
};

// False: `error` says why. `memory_text` is the default of --memory, or null.
bool parse_request(std::span<const char* const> words, const char* memory_text, Request& request,
                   UsageError& error) noexcept;

std::string_view command_name(Command command) noexcept;
Command find_command(std::string_view name) noexcept;

}  // namespace freshet::shell

// SPDX-License-Identifier: MIT
// What the arguments ask for.
//
//     freshet COMMAND [FLAGS] [WORDS]
//
// Flags may stand anywhere before `--`. A flag with a value takes it as `--limit 5` or `--limit=5`.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "freshet/store.hpp"
#include "shell/style.hpp"

namespace freshet::shell {

enum class Command : std::uint8_t {
    none,
    create,
    append,
    read,
    log,
    streams,
    verify,
    stats,
    head,
    backup,
    help,
    version
};

inline constexpr std::uint32_t batch_count_default = 1000;
inline constexpr std::size_t stream_count_max = 64;  // In one call.

struct Request {
    const char* database = nullptr;
    std::array<std::string_view, stream_count_max> streams{};
    std::size_t stream_count = 0;  // Of append, 0: each event names its own.
    std::string_view topic;
    std::string_view head;
    std::string_view type;
    std::string_view data;  // Both are text, or @ and the name of a file.
    std::string_view metadata;
    EventId id;
    LogFilter filter;

    std::uint64_t memory_size = std::uint64_t{64} << 20;
    std::uint64_t batch_count_max = batch_count_default;
    std::uint64_t limit = no_limit;
    std::uint64_t wait_ms = 0;
    std::uint32_t segment_size = 0;  // 0: not given.
    std::uint32_t frame_size = 0;
    Expected expected = Expected::any();
    Horizon from = Horizon::beginning();
    LogStart start = LogStart::ordinal(0);
    Until until = Until::newest();

    Command command = Command::none;
    Format format = Format::automatic;
    Color color = Color::automatic;
    Direction direction = Direction::forwards;
    bool wants_help = false;
    bool quiet = false;
    bool verbose = false;
    bool follow = false;
    bool create = false;
    bool one_event = false;      // Of append: it stands in the arguments, not in standard input.
    bool fixed_batches = false;  // A batch ends after batch_count_max events and nowhere else.
    bool sha256 = false;

    [[nodiscard]] std::string_view stream() const noexcept { return streams[0]; }
    // Of backup: the word behind the store. It ends with a zero byte.
    [[nodiscard]] const char* target() const noexcept { return streams[0].data(); }
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

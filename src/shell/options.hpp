// SPDX-License-Identifier: MIT
// What the arguments ask for.
//
//     freshet COMMAND [FLAGS] [WORDS]
//     freshet [FLAGS] DB [SQL...]
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
    settings,
    checkpoints,
    verify,
    stats,
    head,
    snapshot,
    backup,
    sql,
    help,
    version
};

inline constexpr std::uint32_t batch_count_default = 1000;
inline constexpr std::size_t stream_count_max = 64;  // In one call.

// Of a flag that may come more than once.
struct TextList {
    std::array<std::string_view, 16> texts{};
    std::size_t count = 0;
    [[nodiscard]] std::span<const std::string_view> all() const noexcept {
        return {texts.data(), count};
    }
};

struct Request {
    const char* database = nullptr;
    std::array<std::string_view, stream_count_max> streams{};
    std::size_t stream_count = 0;  // Of append, 0: each event names its own.
    std::string_view topic;
    std::string_view type;
    std::string_view data;  // Both are text, or @ and the name of a file.
    std::string_view metadata;
    std::string_view causation;
    EventId id;
    LogFilter filter;  // Of append, the correlation of what is appended.
    Head head;
    std::string_view consumer;  // Of log: whose checkpoint to start from.

    // Of append: what the commit rests on, and what comes with it.
    TextList fail_if_types;
    TextList fail_if_tags;
    std::string_view fail_if_stream;
    Tracking tracking;

    StreamSettings settings;  // To be changed.

    TextList scripts;  // Of sql: files to be run.

    std::uint64_t memory_size = std::uint64_t{64} << 20;
    std::uint64_t copies_size = 0;  // Of files, instead of maps; 0: they are mapped.
    std::uint64_t batch_count_max = batch_count_default;
    std::uint64_t limit = no_limit;
    std::uint64_t wait_ms = 0;
    std::uint32_t segment_size = 0;  // 0: not given.
    std::uint32_t frame_size = 0;
    std::uint16_t schema_version = 1;
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
    bool all = false;  // The store's own streams, too.
    bool has_head = false;
    bool has_condition = false;
    bool has_checkpoint = false;
    bool has_settings = false;  // There is something to change.
    bool read_only = false;     // Of sql, as what follows.
    bool keep_going = false;
    bool copies_runs = false;  // Of backup.

    [[nodiscard]] std::string_view stream() const noexcept { return streams[0]; }
    // Of sql: the words behind the store.
    [[nodiscard]] std::span<const std::string_view> statements() const noexcept {
        return {streams.data(), stream_count};
    }
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

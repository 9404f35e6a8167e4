// SPDX-License-Identifier: MIT
// One store, opened for one command, and the memory for both.
#pragma once

#include <optional>

#include "freshet/database.hpp"
#include "freshet/posix.hpp"
#include "freshet/unmapped.hpp"
#include "shell/options.hpp"
#include "shell/progress.hpp"

namespace freshet::shell {

enum class Access : std::uint8_t {
    inspect,  // Nothing is written.
    read,     // What a writer left that was stopped is recovered first, where nobody writes now.
    write,
    create,  // The same, and a store is made where there is none.
};

class Session {
public:
    Session() noexcept = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Opens what the request names; `own_size` bytes of its memory are for the command. Not 0: it
    // did not open, that was said, and this is the exit code.
    // `input_size` of it are expected to be written: then the log grows in larger steps.
    int open(const Request& request, Access access, std::size_t own_size,
             std::uint64_t input_size = 0) noexcept;
    // The same to read, with none for the command, and a snapshot of what is there.
    int open_snapshot(const Request& request, Snapshot& snapshot) noexcept;

    Store& store() noexcept { return database_.store(); }
    Database& database() noexcept { return database_; }
    [[nodiscard]] MutableBytes own() const noexcept { return own_; }

private:
    int lend_copies(std::uint64_t size) noexcept;
    [[nodiscard]] Door door() noexcept;
    Status open_once(Options options, Diagnostic& diagnostic) noexcept;
    Status open_in_time(const Options& options, Diagnostic& diagnostic) noexcept;
    Status recover(Options options, Diagnostic& diagnostic) noexcept;
    static int tell(void* session, std::uint64_t done, std::uint64_t total) noexcept;
    static void hear(void* session, Level level, Code code, std::string_view message) noexcept;

    PosixDoor door_;
    std::optional<UnmappedDisk> unmapped_;
    Database database_;
    MutableBytes own_;
    MutableBytes rest_;
    const Request* request_ = nullptr;
    Progress* opening_ = nullptr;  // While it opens.
    bool is_hiding_ = false;       // The store said that it holds newer commits than it shows.
};

}  // namespace freshet::shell

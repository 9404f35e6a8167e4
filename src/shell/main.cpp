// SPDX-License-Identifier: MIT
// The program `freshet`: streams of events, and tables in SQL, from a shell.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

// A closed pipe and a limit of file sizes are errors of calls here, not ends of the program.
void ignore_signals() noexcept {
    for (const int number : {SIGPIPE, SIGXFSZ}) {
        struct sigaction action {};
        action.sa_handler = SIG_IGN;
        sigaction(number, &action, nullptr);
    }
}

// What was closed when we were started is opened so that using it fails, and nothing else takes its
// number.
void fill_standard_descriptors() noexcept {
    for (int i = 0; i <= 2; i++) {
        if (fcntl(i, F_GETFD) < 0)
            static_cast<void>(open("/dev/null", i == 0 ? O_WRONLY : O_RDONLY));
    }
}

// Whoever wants JSON wants it of a mistake in the arguments too, wherever it stands.
Format asked_for(std::span<const char* const> words, Format format) noexcept {
    for (const std::string_view word : words) {
        if (word == "--json") format = Format::json;
        if (word == "--ndjson") format = Format::ndjson;
    }
    return format;
}

int run(const Request& request) noexcept {
    if (request.wants_help) return run_help(command_name(request.command));
    switch (request.command) {
        case Command::create: return run_create(request);
        case Command::append: return run_append(request);
        case Command::read: return run_read(request);
        case Command::log: return run_log(request);
        case Command::streams: return run_streams(request);
        case Command::settings: return run_settings(request);
        case Command::checkpoints: return run_checkpoints(request);
        case Command::verify: return run_verify(request);
        case Command::stats: return run_stats(request);
        case Command::head: return run_head(request);
        case Command::snapshot: return run_snapshot(request);
        case Command::backup: return run_backup(request);
        case Command::sql: return run_sql(request);
        case Command::version: return run_version();
        case Command::help:
        case Command::none: return run_help(request.topic);
    }
    return exit_usage;
}

}  // namespace
}  // namespace freshet::shell

int main(int count, char** words) {
    using namespace freshet::shell;
    fill_standard_descriptors();
    ignore_signals();
    Request request;
    UsageError error;
    const std::size_t skipped = count > 0 ? 1 : 0;
    const std::span<const char* const> all{words, static_cast<std::size_t>(count)};
    const bool good =
        parse_request(all.subspan(skipped), std::getenv("FRESHET_MEMORY"), request, error);
    set_style(good ? request.format : asked_for(all, request.format), request.color);
    if (!good) {
        return complain({.code = "usage",
                         .exit_code = exit_usage,
                         .message = error.message,
                         .hint = error.hint});
    }
    return run(request);
}

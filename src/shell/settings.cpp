// SPDX-License-Identifier: MIT
// `freshet settings`: what a stream shows and takes, as it is and as it is to be.
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"
#include "shell/streams.hpp"
#include "shell/table.hpp"
#include "shell/values.hpp"

namespace freshet::shell {
namespace {

Cell truth(bool value) noexcept {
    return Cell::json(value ? "true" : "false");
}

Cell limit(std::uint64_t number) noexcept {
    return number == 0 ? Cell{} : Cell::of(number);
}

struct Shown {
    StreamSettings settings;
    StreamInfo info;
    bool has_info = false;  // Not of a stream that is tombstoned.
};

int print_settings(const Shown& shown) noexcept {
    const StreamSettings& settings = shown.settings;
    std::array<char, 32> age;
    const Fact facts[] = {
        {"version", shown.has_info ? Cell::of(shown.info.version) : Cell{}},
        {"first_index", shown.has_info ? Cell::of(shown.info.first_index) : Cell{}},
        {"truncate_before", Cell::of(settings.truncate_before)},
        {"max_count", limit(settings.max_count)},
        {"max_age",
         settings.max_age_us == 0 ? Cell{} : Cell::of(age_text(settings.max_age_us, age))},
        {"closed", truth(settings.closed)},
        {"deleted", truth(settings.deleted)},
        {"tombstoned", truth(settings.tombstoned)},
    };
    return print_facts(facts);
}

int look(const Request& request, const Snapshot& snapshot, Shown& shown) noexcept {
    const Result<StreamSettings> settings = snapshot.settings(request.stream());
    if (!settings) return report_stream(settings.error(), request, snapshot);
    const Result<StreamInfo> info = snapshot.stream(request.stream());
    if (!info && info.error().code != Code::stream_tombstoned)
        return report_stream(info.error(), request, snapshot);
    shown = {*settings, *info, static_cast<bool>(info)};
    return exit_done;
}

int report_change(const Diagnostic& diagnostic, const Request& request,
                  const Snapshot& snapshot) noexcept {
    const Code code = diagnostic.error.code;
    if (code == Code::stream_not_found) return report_stream(code, request, snapshot);
    if (code != Code::invalid_argument) return report(diagnostic, request.stream());
    std::array<char, 256> sentence;
    return complain({.code = code_name(code),
                     .exit_code = exit_code(code),
                     .about = request.stream(),
                     .message = describe(diagnostic, sentence),
                     .hint = "it only grows, up to the index of the event that comes next"});
}

int change(const Request& request, Store& store, Snapshot& snapshot) noexcept {
    Diagnostic diagnostic;
    if (!store.settings(request.stream(), request.settings, request.expected, diagnostic))
        return report_change(diagnostic, request, snapshot);
    const Result<bool> renewed = store.renew(snapshot);
    return renewed ? exit_done : report(renewed.error(), request.database);
}

}  // namespace

// Nothing is printed while the store is open for writing: the reader of a pipe may be gone.
int run_settings(const Request& request) noexcept {
    Session session;
    const Access access = request.has_settings ? Access::write : Access::read;
    if (const int code = session.open(request, access, 0); code != exit_done) return code;
    Shown shown;
    Snapshot snapshot;
    const Status taken = session.store().snapshot(snapshot);
    int code = taken ? exit_done : report(taken.error(), request.database);
    if (code == exit_done && request.has_settings)
        code = change(request, session.store(), snapshot);
    if (code == exit_done) code = look(request, snapshot, shown);
    snapshot.close();
    const Status closed = session.store().close();
    if (code != exit_done) return code;
    if (!closed) return report(closed.error(), request.database);
    return request.quiet && request.has_settings ? exit_done : print_settings(shown);
}

}  // namespace freshet::shell

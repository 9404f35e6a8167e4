// SPDX-License-Identifier: MIT
// `freshet read` and `freshet log`: events of one stream, or of all, as they are in a snapshot.
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/print.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"

namespace freshet::shell {
namespace {

int report_error(Error error, std::string_view about) noexcept {
    Diagnostic diagnostic;
    diagnostic.error = error;
    return report(diagnostic, about);
}

// What was read before an error is printed before it is said.
template <class Cursor>
int print_all(Cursor& cursor, const Request& request, Columns columns) noexcept {
    EventPrinter printer{request, columns};
    Error error;
    Recorded event;
    for (std::uint64_t i = 0; i < request.limit && !printer.has_failed(); i++) {
        const Result<bool> more = cursor.next(event);
        error = more.error();
        if (!more || !*more) break;
        printer.print(event);
    }
    const int printed = printer.finish();
    return error.code == Code::none ? printed : report_error(error, request.database);
}

int open_snapshot(const Request& request, Session& session, Snapshot& snapshot) noexcept {
    const int code = session.open(request, Access::read, 0);
    if (code != exit_done) return code;
    const Result<Done> taken = session.store().snapshot(snapshot);
    return taken ? exit_done : report_error(taken.error(), request.database);
}

int report_stream(Error error, const Request& request) noexcept {
    if (error.code != Code::stream_not_found) return report_error(error, request.stream);
    say({"error[", code_name(error.code), "]: ", request.database, ": there is no stream \"",
         request.stream, "\""});
    say({"hint: freshet log ", request.database, " shows the events of all streams"});
    return exit_code(error.code);
}

}  // namespace

int run_read(const Request& request) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = open_snapshot(request, session, snapshot); code != exit_done) return code;
    StreamCursor cursor;
    const Status status = cursor.open(snapshot, request.stream, request.from, request.direction);
    if (!status) return report_stream(status.error(), request);
    return print_all(cursor, request, Columns::of_stream);
}

int run_log(const Request& request) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = open_snapshot(request, session, snapshot); code != exit_done) return code;
    LogCursor cursor;
    const Status status = cursor.open(snapshot, request.start, request.filter);
    if (!status) return report_error(status.error(), request.database);
    return print_all(cursor, request, Columns::of_log);
}

}  // namespace freshet::shell

// SPDX-License-Identifier: MIT
// `freshet read` and `freshet log`: events of one stream, or of all, as they are in a snapshot.
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/nearest.hpp"
#include "shell/print.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"

namespace freshet::shell {
namespace {

// What was read before an error is printed before it is said.
template <class Cursor>
int print_all(Cursor& cursor, const Request& request, EventPrinter::Of of) noexcept {
    EventPrinter printer{of};
    Error error;
    Recorded event;
    for (std::uint64_t i = 0; i < request.limit && !printer.has_failed(); i++) {
        const Result<bool> more = cursor.next(event);
        error = more.error();
        if (!more || !*more) break;
        printer.print(event);
    }
    const int printed = printer.finish();
    return error.code == Code::none ? printed : report(error, request.database);
}

int report_stream(Error error, const Request& request, const Snapshot& snapshot) noexcept {
    if (error.code != Code::stream_not_found) return report(error, request.stream());
    Nearest nearest{request.stream()};
    StreamList list;
    if (list.open(snapshot)) {
        for (std::string_view name; list.next(name);) nearest.consider(name);
    }
    return complain(
        {.code = code_name(error.code),
         .exit_code = exit_code(error.code),
         .about = request.database,
         .message = joined({"there is no stream \"", request.stream(), "\""}),
         .hint = nearest.best().empty()
                     ? joined({"freshet streams ", request.database, " shows which there are"})
                     : joined({"did you mean ", nearest.best(), "?"})});
}

}  // namespace

int run_read(const Request& request) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = session.open_snapshot(request, snapshot); code != exit_done) return code;
    StreamCursor cursor;
    const Status status = cursor.open(snapshot, request.stream(), request.from, request.direction);
    if (!status) return report_stream(status.error(), request, snapshot);
    return print_all(cursor, request, EventPrinter::Of::stream);
}

int run_log(const Request& request) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = session.open_snapshot(request, snapshot); code != exit_done) return code;
    LogFilter filter = request.filter;
    filter.type = request.type;
    LogCursor cursor;
    const Status status = cursor.open(snapshot, request.start, filter);
    if (!status) return report(status.error(), request.database);
    return print_all(cursor, request, EventPrinter::Of::log);
}

}  // namespace freshet::shell

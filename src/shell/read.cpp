// SPDX-License-Identifier: MIT
// `freshet read` and `freshet log`: events of one stream, or of all, as they are in a snapshot.
#include "freshet/follower.hpp"
#include "freshet/stream_list.hpp"
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

void say_caught_up(const Follower& follower, const Request& request) noexcept {
    if (!request.verbose) return;
    say_note({"caught up before ordinal ", piece(follower.next_ordinal()),
              follower.has_writer() ? "" : "; nobody writes there now"});
}

// What came so far is shown before anything is waited for.
int follow(Store& store, std::uint64_t ordinal, const Request& request) noexcept {
    Follower follower;
    if (const Status status = follower.open(store, ordinal, request.filter); !status)
        return report(status.error(), request.database);
    EventPrinter printer{EventPrinter::Of::log};
    Recorded event;
    for (std::uint64_t count = 0; count < request.limit && !printer.has_failed();) {
        const Result<Follower::Step> step = follower.next(event, wait_for_ever);
        if (!step) {
            static_cast<void>(printer.finish());
            return report(step.error(), request.database);
        }
        if (*step == Follower::Step::event) {
            printer.print(event);
            count++;
            continue;
        }
        printer.show();
        if (*step == Follower::Step::caught_up) say_caught_up(follower, request);
    }
    return printer.finish();
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
    LogCursor cursor;
    const Status status = cursor.open(snapshot, request.start, request.filter);
    if (!status) return report(status.error(), request.database);
    if (!request.follow) return print_all(cursor, request, EventPrinter::Of::log);
    const std::uint64_t ordinal = cursor.next_ordinal();
    snapshot.close();
    return follow(session.store(), ordinal, request);
}

}  // namespace freshet::shell

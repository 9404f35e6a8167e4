// SPDX-License-Identifier: MIT
// `freshet read` and `freshet log`: events of one stream, or of all, as they are in a snapshot.
#include "freshet/follower.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/print.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"
#include "shell/streams.hpp"

namespace freshet::shell {
namespace {

bool is_shown(const Recorded& event, const Request& request) noexcept {
    return !is_own(event.stream) || shows_own(request, request.filter.stream_prefix) ||
           request.command == Command::read;
}

// What was read before an error is printed before it is said.
template <class Cursor>
int print_all(Cursor& cursor, const Request& request, EventPrinter::Of of) noexcept {
    EventPrinter printer{of};
    Error error;
    Recorded event;
    for (std::uint64_t count = 0; count < request.limit && !printer.has_failed();) {
        const Result<bool> more = cursor.next(event);
        error = more.error();
        if (!more || !*more) break;
        if (!is_shown(event, request)) continue;
        printer.print(event);
        count++;
    }
    const int printed = printer.finish();
    return error.code == Code::none ? printed : report(error, request.database);
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
            if (!is_shown(event, request)) continue;
            printer.print(event);
            count++;
            continue;
        }
        printer.show();
        if (*step == Follower::Step::caught_up) say_caught_up(follower, request);
    }
    return printer.finish();
}

// From where the request says, or a consumer's checkpoint, or a head that is in this history.
Status open_log(LogCursor& cursor, Session& session, const Snapshot& snapshot,
                const Request& request) noexcept {
    LogStart start = request.start;
    if (request.has_head) {
        if (const Status contained = session.store().contains(request.head); !contained)
            return contained;
        start = LogStart::ordinal(request.head.next_ordinal);
    }
    if (!request.consumer.empty()) {
        const Result<std::uint64_t> ordinal = snapshot.checkpoint(request.consumer);
        if (!ordinal) return ordinal.error();
        start = LogStart::ordinal(*ordinal);
    }
    return cursor.open(snapshot, start, request.filter);
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
    const Status status = open_log(cursor, session, snapshot, request);
    if (!status) return report(status.error(), request.database);
    if (!request.follow) return print_all(cursor, request, EventPrinter::Of::log);
    const std::uint64_t ordinal = cursor.next_ordinal();
    snapshot.close();
    return follow(session.store(), ordinal, request);
}

}  // namespace freshet::shell

// SPDX-License-Identifier: MIT
// `freshet create`: a store, and streams in it, all of them or none.
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"

namespace freshet::shell {
namespace {

bool is_there(const char* path) noexcept {
    PosixDisk disk;
    return disk.open_directory(path, false) && disk.open("head", OpenMode::read);
}

int report_existing(const Request& request) noexcept {
    return complain({.code = code_name(Code::already_exists),
                     .exit_code = exit_code(Code::already_exists),
                     .about = request.database,
                     .message = "there is a store here already",
                     .hint = "name streams to create in it; what it is made of stays as it is"});
}

Status create_streams(const Request& request, Store& store, Transaction& transaction,
                      std::string_view& name, Diagnostic& diagnostic) noexcept {
    Status status = transaction.begin(store, diagnostic);
    for (std::size_t i = 0; status && i < request.stream_count; i++) {
        name = request.streams[i];
        status = transaction.create(name, diagnostic);
    }
    if (!status) return status;
    name = request.database;
    const Result<Appended> done = transaction.commit(Durability::durable, diagnostic);
    return done ? Status{Done{}} : Status{done.error()};
}

}  // namespace

int run_create(const Request& request) noexcept {
    const bool was_there = is_there(request.database);
    const bool has_properties =
        request.sha256 || request.segment_size != 0 || request.frame_size != 0;
    if (was_there && (request.stream_count == 0 || has_properties)) return report_existing(request);
    Session session;
    if (const int code = session.open(request, Access::create, 0); code != exit_done) return code;
    if (request.stream_count > 0) {
        Transaction transaction;
        Diagnostic diagnostic;
        std::string_view name;
        if (!create_streams(request, session.store(), transaction, name, diagnostic))
            return report(diagnostic, name);
    }
    const Status closed = session.store().close();
    if (!closed) return report(closed.error(), request.database);
    if (request.quiet || style().errors_are_json) return exit_done;
    const std::string_view made = was_there ? "" : "a store";
    const std::string_view and_made = !was_there && request.stream_count > 0 ? " and " : "";
    say({"created ", made, and_made, request.stream_count > 0 ? piece(request.stream_count) : "",
         request.stream_count == 0   ? ""
         : request.stream_count == 1 ? " stream"
                                     : " streams",
         " in ", request.database});
    return exit_done;
}

}  // namespace freshet::shell

// SPDX-License-Identifier: MIT
// `freshet verify`: reads everything, and prints the head, which a later verify can be held
// against.
#include <unistd.h>

#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/head_text.hpp"
#include "shell/output.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"

namespace freshet::shell {
namespace {

constexpr std::uint64_t scratch_share = 4;

int print_report(const VerifyReport& report) noexcept {
    std::array<char, head_text_size_max> text;
    Output output{STDOUT_FILENO};
    output.text("commits ").number(report.commit_count);
    output.text("\nevents  ").number(report.event_count);
    output.text("\nstreams ").number(report.stream_count);
    output.text("\nbytes   ").number(report.byte_count);
    output.text("\nhead    ").text(head_text(report.head, text)).text("\n").flush();
    if (output.error() == 0) return exit_done;
    Diagnostic diagnostic;
    diagnostic.error = Error{Code::io, output.error()};
    return shell::report(diagnostic, "standard output");
}

}  // namespace

int run_verify(const Request& request) noexcept {
    Head anchor;
    const bool has_anchor = !request.head.empty();
    if (has_anchor && !parse_head(request.head, anchor)) {
        return report("usage", exit_usage, "this is no head",
                      "take the word after `head` of an earlier verify");
    }
    Session session;
    const std::uint64_t scratch_size = request.memory_size / scratch_share;
    if (const int code = session.open(request, Access::inspect, scratch_size); code != exit_done) {
        return code;
    }
    VerifyReport found;
    Diagnostic diagnostic;
    const Status status =
        session.store().verify(session.own(), has_anchor ? &anchor : nullptr, found, diagnostic);
    const bool is_other_store = has_anchor && status.error() == Code::invalid_argument;
    if (!status && !is_other_store) return report(diagnostic, request.database);
    if (is_other_store || (has_anchor && !found.anchor_found)) {
        return report(code_name(Code::corrupt), exit_damaged,
                      "this store does not contain that head",
                      "it is another store, or its history was changed: compare with a backup");
    }
    return request.quiet ? exit_done : print_report(found);
}

}  // namespace freshet::shell

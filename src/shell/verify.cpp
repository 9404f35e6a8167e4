// SPDX-License-Identifier: MIT
// `freshet verify`: reads everything, and prints the head, which a later verify can be held
// against.
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/head_text.hpp"
#include "shell/progress.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"
#include "shell/table.hpp"

namespace freshet::shell {
namespace {

constexpr std::uint64_t scratch_share = 4;

int print_report(const VerifyReport& report) noexcept {
    std::array<char, head_text_size_max> text;
    const Fact facts[] = {
        {"commits", Cell::of(report.commit_count)},       {"events", Cell::of(report.event_count)},
        {"streams", Cell::of(report.stream_count)},       {"bytes", Cell::of(report.byte_count)},
        {"head", Cell::of(head_text(report.head, text))},
    };
    return print_facts(facts);
}

int report_head(const Request& request, std::string_view message, std::string_view hint) noexcept {
    return complain({.code = code_name(Code::corrupt),
                     .exit_code = exit_damaged,
                     .about = request.database,
                     .message = message,
                     .hint = hint});
}

}  // namespace

int run_verify(const Request& request) noexcept {
    Session session;
    const std::uint64_t scratch_size = request.memory_size / scratch_share;
    if (const int code = session.open(request, Access::inspect, scratch_size); code != exit_done) {
        return code;
    }
    const Head* const anchor = request.has_head ? &request.head : nullptr;
    VerifyReport found;
    Diagnostic diagnostic;
    Progress progress{"verify", "MiB", request.quiet};
    const Status status =
        session.store().verify(session.own(), anchor, found, diagnostic, watch(progress));
    progress.clear();
    if (status.error() == Code::cancelled) {
        return report_cancelled(request.database, "stopped by a signal; nothing is wrong so far",
                                "the same command begins anew");
    }
    const bool is_other_store = request.has_head && status.error() == Code::invalid_argument;
    if (!status && !is_other_store) return report(diagnostic, request.database);
    if (is_other_store || (request.has_head && !found.anchor_found)) {
        return report_head(request, "this store does not contain that head",
                           "it is another store, or its history was changed: compare a backup");
    }
    return request.quiet ? exit_done : print_report(found);
}

}  // namespace freshet::shell

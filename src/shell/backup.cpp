// SPDX-License-Identifier: MIT
// `freshet backup`: a copy of a store in use, as of its newest commit or an earlier one.
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

int report_backup(const Diagnostic& diagnostic, const Request& request) noexcept {
    switch (diagnostic.error.code) {
        case Code::cancelled:
            return report_cancelled(request.target(), "stopped by a signal; this is no store yet",
                                    "the same command makes it anew");
        case Code::already_exists:
            return complain({.code = code_name(Code::already_exists),
                             .exit_code = exit_code(Code::already_exists),
                             .about = request.target(),
                             .message = "there is a store here already",
                             .hint = "name a directory that is not there, or is empty"});
        default: return report(diagnostic, request.database);
    }
}

int report_target(Error error, std::string_view target) noexcept {
    if (error.code != Code::not_found) return report(error, target);
    return complain(
        {.code = code_name(error.code),
         .exit_code = exit_code(error.code),
         .about = target,
         .message = joined({"no directory can be made here", system_words(error.system_error)}),
         .hint = "check the path"});
}

int print_report(const BackupReport& report) noexcept {
    std::array<char, head_text_size_max> text;
    const Fact facts[] = {
        {"commit", Cell::of(report.head.commit)},
        {"events", Cell::of(report.event_count)},
        {"bytes", Cell::of(report.copied_size)},
        {"segments", Cell::of(std::uint64_t{report.segment_count})},
        {"runs", Cell::of(std::uint64_t{report.run_count})},
        {"head", Cell::of(head_text(report.head, text))},
    };
    return print_facts(facts);
}

}  // namespace

int run_backup(const Request& request) noexcept {
    Session session;
    const std::uint64_t scratch_size = request.memory_size / scratch_share;
    if (const int code = session.open(request, Access::read, scratch_size); code != exit_done)
        return code;
    PosixDisk target;
    if (const Status opened = target.open_directory(request.target(), true); !opened)
        return report_target(opened.error(), request.target());
    Progress progress{"backup", "MiB", request.quiet};
    const BackupOptions options{request.until, watch(progress), request.copies_runs};
    BackupReport report;
    Diagnostic diagnostic;
    const Status status =
        session.store().backup(options, target, session.own(), report, diagnostic);
    progress.clear();
    if (!status) return report_backup(diagnostic, request);
    return request.quiet ? exit_done : print_report(report);
}

}  // namespace freshet::shell

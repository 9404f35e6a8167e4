// SPDX-License-Identifier: MIT
// `freshet snapshot`: makes one run of all that there is, in steps, so that progress shows.
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/progress.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"
#include "shell/table.hpp"

namespace freshet::shell {

int run_snapshot(const Request& request) noexcept {
    constexpr std::uint64_t step_entry_count = 100'000;
    Session session;
    if (const int code = session.open(request, Access::write, 0); code != exit_done) return code;
    Store& store = session.store();
    Progress progress{"snapshot", "entries", request.quiet};
    Diagnostic diagnostic;
    constexpr Maintenance step{.entry_count_max = step_entry_count, .now = true, .as_one = true};
    Status status = store.maintain(diagnostic, step);
    for (std::uint64_t done = step_entry_count; status && store.statistics().maintenance_owed;
         done += step_entry_count) {
        progress.update(done, 0, 0);
        status = store.maintain(diagnostic, step);
    }
    progress.clear();
    if (!status) return report(diagnostic, request.database);
    const StoreStatistics statistics = store.statistics();
    const Fact facts[] = {
        {"commit", Cell::of(statistics.run_commit)},
        {"runs", Cell::of(std::uint64_t{statistics.run_count})},
        {"run_bytes", Cell::of(statistics.run_size)},
    };
    return request.quiet ? exit_done : print_facts(facts);
}

}  // namespace freshet::shell

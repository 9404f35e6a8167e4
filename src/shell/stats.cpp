// SPDX-License-Identifier: MIT
// `freshet stats` and `freshet head`: what the store says of itself, without reading all of it.
#include "base/text.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/head_text.hpp"
#include "shell/session.hpp"
#include "shell/table.hpp"

namespace freshet::shell {

int run_stats(const Request& request) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = session.open_snapshot(request, snapshot); code != exit_done) return code;
    const StoreStatistics statistics = session.store().statistics();
    const Head head = snapshot.head();
    const std::uint64_t used = statistics.pool_page_used * statistics.pool_page_size;
    const std::uint64_t limit = statistics.pool_page_count * statistics.pool_page_size;
    std::array<char, 64> time;
    std::array<char, 16> store;
    const Fact facts[] = {
        {"store", Cell::of(TextWriter{store}.hex(head.store, 16).written())},
        {"epoch", Cell::of(std::uint64_t{head.epoch})},
        {"commit", Cell::of(statistics.commit)},
        {"time", statistics.commit == 0
                     ? Cell{}
                     : Cell::of(TextWriter{time}.time_us(statistics.time_us).written())},
        {"events", Cell::of(statistics.next_ordinal)},
        {"streams", Cell::of(statistics.stream_count)},
        {"log_bytes", Cell::of(statistics.log_size)},
        {"segments", Cell::of(std::uint64_t{statistics.segment_count})},
        {"directory_bytes", Cell::of(used)},
        {"directory_bytes_max", Cell::of(limit)},
        {"runs", Cell::of(std::uint64_t{statistics.run_count})},
        {"run_bytes", Cell::of(statistics.run_size)},
        {"run_commit", Cell::of(statistics.run_commit)},
        {"maintenance_owed", Cell::of(std::uint64_t{statistics.maintenance_owed ? 1U : 0U})},
    };
    return print_facts(facts);
}

int run_head(const Request& request) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = session.open_snapshot(request, snapshot); code != exit_done) return code;
    std::array<char, head_text_size_max> text;
    std::array<char, 64> time;
    const Head head = snapshot.head();
    const Fact facts[] = {
        {"commit", Cell::of(head.commit)},
        {"events", Cell::of(head.next_ordinal)},
        {"time",
         head.commit == 0 ? Cell{} : Cell::of(TextWriter{time}.time_us(head.time_us).written())},
        {"head", Cell::of(head_text(head, text))},
    };
    return print_facts(facts);
}

}  // namespace freshet::shell

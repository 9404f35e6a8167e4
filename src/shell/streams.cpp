// SPDX-License-Identifier: MIT
// `freshet streams`: which there are, and how far each has come.
#include "freshet/stream_list.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"
#include "shell/table.hpp"

namespace freshet::shell {
namespace {

constexpr std::array<Column, 3> columns{{{"stream"}, {"events", true}, {"version", true}}};

Status put_stream(Table& table, const Snapshot& snapshot, std::string_view name) noexcept {
    const Result<StreamInfo> info = snapshot.stream(name);
    if (!info) return info.error();
    const std::array<Cell, columns.size()> cells{Cell::of(name), Cell::of(info->version + 1),
                                                 Cell::of(info->version)};
    table.row(cells);
    return Done{};
}

}  // namespace

int run_streams(const Request& request) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = session.open_snapshot(request, snapshot); code != exit_done) return code;
    StreamList list;
    Status status = list.open(snapshot, request.stream());
    Table table{columns, "stream"};
    std::string_view name;
    for (std::uint64_t i = 0; status && i < request.limit && !table.has_failed(); i++) {
        if (!list.next(name)) break;
        status = put_stream(table, snapshot, name);
    }
    const int printed = table.finish();
    return status ? printed : report(status.error(), request.database);
}

}  // namespace freshet::shell

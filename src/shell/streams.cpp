// SPDX-License-Identifier: MIT
// `freshet streams` and `freshet checkpoints`: which there are, and how far each has come.
#include "shell/streams.hpp"

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "freshet/stream_list.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"
#include "shell/table.hpp"

namespace freshet::shell {
namespace {

constexpr std::array<Column, 4> columns_of_streams{
    {{"stream"}, {"events", true}, {"version", true}, {"state"}}};
constexpr std::array<Column, 4> columns_of_checkpoints{
    {{"consumer"}, {"ordinal", true}, {"commit", true}, {"time"}}};
constexpr std::string_view checkpoint_prefix = "$checkpoint/";

std::string_view state_of(const StreamInfo& info) noexcept {
    return info.deleted ? "deleted" : info.closed ? "closed" : "open";
}

Status put_stream(Table& table, const Snapshot& snapshot, std::string_view name) noexcept {
    const Result<StreamInfo> info = snapshot.stream(name);
    if (info.error().code == Code::stream_tombstoned) {
        const std::array<Cell, 4> cells{Cell::of(name), {}, {}, Cell::of("tombstoned")};
        table.row(cells);
        return Done{};
    }
    if (!info) return info.error();
    const std::uint64_t count = static_cast<std::uint64_t>(info->version + 1) - info->first_index;
    const std::array<Cell, 4> cells{Cell::of(name), Cell::of(count), Cell::of(info->version),
                                    Cell::of(state_of(*info))};
    table.row(cells);
    return Done{};
}

Status put_checkpoint(Table& table, const Snapshot& snapshot, std::string_view name) noexcept {
    StreamCursor cursor;
    const Status opened = cursor.open(snapshot, name, Horizon::newest());
    if (!opened) return opened;
    Recorded event;
    const Result<bool> there = cursor.next(event);
    if (!there) return there.error();
    name.remove_prefix(checkpoint_prefix.size());
    const Result<std::uint64_t> ordinal = snapshot.checkpoint(name);
    if (!ordinal) return ordinal.error();
    std::array<char, 64> time;
    const std::array<Cell, 4> cells{Cell::of(name), Cell::of(*ordinal), Cell::of(event.commit),
                                    Cell::of(TextWriter{time}.time_us(event.time_us).written())};
    table.row(cells);
    return Done{};
}

// A row for each stream whose name begins so.
int list(const Request& request, std::string_view prefix, Table& table,
         Status (*put)(Table&, const Snapshot&, std::string_view) noexcept) noexcept {
    Session session;
    Snapshot snapshot;
    if (const int code = session.open_snapshot(request, snapshot); code != exit_done) return code;
    StreamList list;
    Status status =
        list.open(snapshot, prefix, request.all ? OwnStreams::shown : OwnStreams::hidden);
    std::string_view name;
    for (std::uint64_t i = 0; status && i < request.limit && !table.has_failed(); i++) {
        const Result<bool> more = list.next(name);
        if (!more) status = more.error();
        if (!more || !*more) break;
        status = put(table, snapshot, name);
    }
    const int printed = table.finish();
    return status ? printed : report(status.error(), request.database);
}

}  // namespace

int run_streams(const Request& request) noexcept {
    Table table{columns_of_streams, "stream"};
    return list(request, request.stream(), table, put_stream);
}

int run_checkpoints(const Request& request) noexcept {
    Table table{columns_of_checkpoints, "checkpoint"};
    return list(request, joined({checkpoint_prefix, request.stream()}), table, put_checkpoint);
}

int report_stream(Error error, const Request& request, const Snapshot& snapshot) noexcept {
    if (error.code != Code::stream_not_found) return report(error, request.stream());
    Nearest nearest{request.stream()};
    StreamList list;
    if (list.open(snapshot)) {
        std::string_view name;
        for (Result<bool> more = list.next(name); more && *more; more = list.next(name))
            nearest.consider(name);
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

}  // namespace freshet::shell

// SPDX-License-Identifier: MIT
// What a transaction does to rows, and its detours: ways that it goes back again to a savepoint, of
// which nothing must stay.
#include "relation/row_stream.hpp"
#include "sim/run.hpp"

namespace freshet::sim {

namespace {

constexpr std::array<const char*, 3> row_types = {"RowInserted", "RowUpdated", "RowDeleted"};

relation::RowName row_name(const Model& model, std::uint32_t row) {
    return relation::RowName{1, relation::key_of_row(model.streams()[row].name)};
}

}  // namespace

// What a row can become from what it is, as an append to its stream.
ModelAppend Run::make_row_change(std::uint64_t luck, bool large) {
    const auto row = model_.first_row() + static_cast<std::uint32_t>(luck % row_count);
    const bool is_there = model_.row(row, model_.commit()) != nullptr;
    ModelAppend append{.stream = row, .expected = -2, .events = {make_event(large ? 200 : 12)}};
    ModelEvent& event = append.events[0];
    event.type = row_types[!is_there ? 0 : luck / row_count % 5 < 3 ? 1 : 2];
    event.schema_version = 1;
    event.metadata.clear();
    event.tag.clear();
    event.id = IdBytes{};
    return append;
}

void Run::enter_rows(Within& within) const {
    for (std::uint32_t i = 0; i < row_count; i++)
        if (const ModelEvent* const row = model_.row(model_.first_row() + i, model_.commit()))
            within.rows[i] = row->payload;
}

// What does not fit the row as it is by now is refused.
Error Run::change_row(Within& within, const ModelAppend& append) const {
    const ModelEvent& event = append.events[0];
    std::optional<std::string>& row = within.rows[append.stream - model_.first_row()];
    const auto change = event.type == row_types[0]   ? relation::RowChange::insert
                        : event.type == row_types[1] ? relation::RowChange::update
                                                     : relation::RowChange::erase;
    const bool inserts = change == relation::RowChange::insert;
    const Error error = relation::RowWriter{within.transaction}
                            .write(row_name(model_, append.stream), change, as_bytes(event.payload))
                            .error();
    const Code refusal = inserts ? Code::already_exists : Code::not_found;
    if ((error.code == refusal) != (inserts == row.has_value()))
        violation("%s of row %u says %s", event.type.c_str(), append.stream, code_name(error.code));
    if (error.code != Code::none) return error;
    row = event.payload;
    if (change == relation::RowChange::erase) row.reset();
    return error;
}

// As the transaction itself sees them.
Error Run::compare_rows(Within& within) const {
    relation::RowWriter writer{within.transaction};
    for (std::uint32_t i = 0; i < row_count; i++) {
        Recorded version;
        const std::optional<std::string>& wanted = within.rows[i];
        const relation::RowName name = row_name(model_, model_.first_row() + i);
        const Result<bool> found = writer.find(name, version);
        if (!found) return found.error();
        if (*found != wanted.has_value() || (*found && as_text(version.payload) != *wanted))
            violation("row %u is not what the transaction made of it", i);
    }
    return {};
}

Result<std::uint32_t> Run::save(Within& within) {
    const Result<std::uint32_t> number = within.transaction.save(machine_.diagnostic);
    if (number && *number != within.savepoint_count++)
        violation("savepoint %u comes after %u", *number, within.savepoint_count);
    return number;
}

Error Run::release(Within& within, std::uint32_t number) {
    within.savepoint_count = number;
    const Error error = within.transaction.release(number, machine_.diagnostic).error();
    if (within.transaction.rollback_to(number, machine_.diagnostic).error() !=
        Code::invalid_argument)
        violation("savepoint %u is there after its release", number);
    return error;
}

// Appends something, and changes a row: perhaps behind a savepoint of its own, which is perhaps
// released, so that the way back goes over it.
Error Run::wander(Within& within, bool large, std::uint64_t luck) {
    const ModelAppend append = make_append(choose_stream(), 1, large ? wide_size() : 20);
    const ModelEvent& event = append.events[0];
    const Event events[] = {{.type = event.type,
                             .payload = as_bytes(event.payload),
                             .metadata = as_bytes(event.metadata),
                             .id = EventId{event.id},
                             .schema_version = event.schema_version}};
    const StreamAppend call{model_.streams()[append.stream].name, Expected::any(), events};
    if (const auto done = within.transaction.append(call, machine_.diagnostic); !done)
        return done.error();
    const std::uint32_t inner = within.savepoint_count;
    const bool saves = luck % 2 == 0;
    if (saves)
        if (const Result<std::uint32_t> saved = save(within); !saved) return saved.error();
    ModelAppend change{.stream = model_.first_row() + static_cast<std::uint32_t>(luck / 2 % 4),
                       .expected = -2,
                       .events = {ModelEvent{}}};
    change.events[0].type = row_types[luck / 8 % 3];
    change.events[0].payload = std::string(large ? 200 : 12, 'd');
    const Error error = change_row(within, change);
    const bool is_refused = error.code == Code::already_exists || error.code == Code::not_found;
    if (error.code != Code::none && !is_refused) return error;
    return saves && luck / 24 % 2 == 0 ? release(within, inner) : Error{};
}

// A refusal is forgotten with all that came since the savepoint, which then stays or is released.
Error Run::take_detour(Within& within, bool large) {
    const Result<std::uint32_t> place = save(within);
    if (!place) return place.error();
    const auto rows = within.rows;
    const std::uint64_t luck = mix(event_counter_, 17);
    for (std::uint32_t i = 0; i < (large ? 3U : 1U); i++) {
        const Error error = wander(within, large, luck >> (10 * i));
        if (error.code != Code::none) break;
    }
    const Error back = within.transaction.rollback_to(*place, machine_.diagnostic).error();
    if (back.code != Code::none) return back;
    within.rows = rows;
    within.savepoint_count = *place + 1;
    const Error error = (luck >> 40 & 1) != 0 ? release(within, *place) : Error{};
    return error.code == Code::none ? compare_rows(within) : error;
}

}  // namespace freshet::sim

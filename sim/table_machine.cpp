// SPDX-License-Identifier: MIT
#include "sim/table_machine.hpp"

#include <algorithm>

namespace freshet::sim {

namespace {

std::string text_of(const Value& value) {
    if (value.is_null()) return "NULL";
    if (value.is_whole()) return std::to_string(value.whole());
    if (value.has_bytes()) return "'" + std::string{value.bytes()} + "'";
    return "?";
}

std::vector<ModelRow> sorted(std::vector<ModelRow> rows) {
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::vector<ModelRow> rows_of(const ModelTable& table, const ModelWhere& where) {
    std::vector<ModelRow> rows;
    for (const auto& [key, row] : table.rows)
        if (where.holds(table, row)) rows.push_back(row);
    return sorted(std::move(rows));
}

Code compare_table(Connection& connection, const ModelState& state, const std::string& name,
                   const std::string& as_of) {
    const std::string sql = "SELECT * FROM " + name + as_of;
    const Answer answer = ask(connection, sql);
    const ModelTable* const wanted = state.table(name);
    if (wanted == nullptr) {
        if (answer.code == Code::none) violation("%s answers, and there is none", sql.c_str());
        return answer.code == Code::unknown_name ? Code::none : answer.code;
    }
    if (answer.code == Code::unknown_name) violation("%s: it is not there", sql.c_str());
    if (answer.code != Code::none) return answer.code;
    if (answer.names.size() != wanted->columns.size())
        violation("%s has %zu columns", sql.c_str(), answer.names.size());
    for (std::size_t i = 0; i < answer.names.size(); i++)
        if (answer.names[i] != wanted->columns[i].name)
            violation("%s has a column %s, not %s", sql.c_str(), answer.names[i].c_str(),
                      wanted->columns[i].name.c_str());
    if (sorted(answer.rows) != rows_of(*wanted, {}))
        violation("%s: these are not the %zu rows that there are", sql.c_str(),
                  wanted->rows.size());
    return Code::none;
}

// Of a value that there is, of one that there is not, and of all below one.
ModelWhere choose_where(const ModelTable& table, const ModelIndex& index, std::uint64_t luck) {
    const std::size_t at = table.find(index.column);
    ModelWhere where{ModelWhere::Kind::equal, index.column,
                     table.columns[at].is_text ? "'c'" : "3"};
    if (luck % 4 == 0) where.kind = ModelWhere::Kind::less;
    if (luck % 8 == 1 || table.rows.empty()) return where;
    auto row = table.rows.begin();
    std::advance(row, static_cast<std::ptrdiff_t>(luck / 8 % table.rows.size()));
    if (row->second[at] != "NULL") where.value = row->second[at];
    return where;
}

}  // namespace

void TableMachine::lend() {
    refused_runs.listen(options);
    memory.resize(Database::required_memory(options));
    connection_memory.resize(connection_size + reader_size);
    scratch.resize(options.frame_size_max + (std::size_t{64} << 10));
    connection_options.statement_count_max = 2;
    connection_options.catalog_size = std::size_t{64} << 10;
}

Status TableMachine::open(bool create) noexcept {
    options.create = create;
    Disk& below = copies.over(disk, is_unmapped);
    Status opened = database.open(options, {&below, &clock, &gate}, memory, diagnostic);
    open_count++;
    const std::span<std::byte> room{connection_memory};
    if (opened) opened = connection.open(database, room.first(connection_size), connection_options);
    if (opened) opened = reader.open(database, room.last(reader_size), connection_options);
    return opened;
}

Status TableMachine::close() noexcept {
    connection.close();
    reader.close();
    return database.close();
}

Answer ask(Connection& connection, const std::string& sql) {
    Answer answer;
    SqlError error;
    Statement statement;
    const auto fail = [&](Error code) {
        answer.code = code.code;
        answer.message = error.message();
        return answer;
    };
    const Status prepared = statement.prepare(connection, sql, error);
    if (!prepared) return fail(prepared.error());
    for (;;) {
        const Result<bool> there = statement.step(error);
        if (!there) return fail(there.error());
        if (answer.names.empty())
            for (std::uint32_t i = 0; i < statement.column_count(); i++)
                answer.names.emplace_back(statement.column_name(i));
        if (!*there) break;
        ModelRow row;
        for (const Value& value : statement.row()) row.push_back(text_of(value));
        answer.rows.push_back(std::move(row));
    }
    answer.commit = connection.report().commit;
    return answer;
}

std::string as_of(std::uint64_t commit) {
    return " FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(commit);
}

const std::vector<std::string>& table_names() {
    static const std::vector<std::string> names = {"notes", "orders", "people"};
    return names;
}

const std::vector<std::string>& commit_names() {
    static const std::vector<std::string> names = {"v1", "v2", "before it", "day one"};
    return names;
}

Code compare_where(Connection& connection, const ModelTable& table, const std::string& name,
                   const std::string& moment, const ModelWhere& where) {
    const bool is_text = table.columns[table.find(where.column)].is_text;
    const std::vector<ModelRow> wanted = rows_of(table, where);
    for (const std::string& condition : {where.text(), where.text_without_index(is_text)}) {
        std::string sql = "SELECT * FROM ";
        sql.append(name).append(moment).append(condition);
        const Answer answer = ask(connection, sql);
        if (answer.code != Code::none) return answer.code;
        if (sorted(answer.rows) != wanted)
            violation("%s finds %zu rows, not these %zu", sql.c_str(), answer.rows.size(),
                      wanted.size());
    }
    return Code::none;
}

Code compare_state(Connection& connection, const ModelState& state, const std::string& moment,
                   std::uint64_t luck) {
    for (const std::string& name : table_names()) {
        Code code = compare_table(connection, state, name, moment);
        if (code != Code::none) return code;
        const ModelTable* const table = state.table(name);
        luck = mix(luck, 1);
        if (table == nullptr || table->indexes.empty()) continue;
        const ModelIndex& index = table->indexes[luck % table->indexes.size()];
        code = compare_where(connection, *table, name, moment,
                             choose_where(*table, index, mix(luck, 2)));
        if (code != Code::none) return code;
    }
    return Code::none;
}

namespace {

Code compare_streams(Database& database, const ModelState& state) {
    Snapshot snapshot;
    if (!database.store().snapshot(snapshot)) violation("no snapshot");
    for (const auto& [name, payloads] : state.streams) {
        StreamCursor cursor;
        const Status opened = cursor.open(snapshot, name, Horizon::beginning());
        if (!opened) return opened.error().code;
        Recorded event;
        for (std::size_t i = 0;; i++) {
            const Result<bool> there = cursor.next(event);
            if (!there) return there.error().code;
            if (*there != (i < payloads.size()))
                violation("stream %s has not %zu events", name.c_str(), payloads.size());
            if (!*there) break;
            if (as_text(event.payload) != payloads[i])
                violation("event %zu of stream %s is another", i, name.c_str());
        }
    }
    return Code::none;
}

}  // namespace

Code compare_names(Connection& connection, const TableModel& model, std::uint64_t commit,
                   std::uint64_t luck) {
    const std::map<std::string, std::uint64_t>& names = model.at(commit).names;
    const Answer all = ask(connection, "SELECT name, \"commit\" FROM commit_names");
    if (all.code != Code::none) return all.code;
    std::vector<ModelRow> wanted;
    wanted.reserve(names.size());
    for (const auto& [name, number] : names)
        wanted.push_back({"'" + name + "'", std::to_string(number)});
    if (sorted(all.rows) != sorted(wanted))
        violation("%zu commits have names, and not these %zu", all.rows.size(), wanted.size());
    const std::string& name = commit_names()[luck % commit_names().size()];
    const std::string moment = " FOR SYSTEM_TIME AS OF '" + name + "'";
    const auto found = names.find(name);
    if (found != names.end())
        return compare_state(connection, model.at(found->second), moment, luck);
    const Answer none = ask(connection, "SELECT * FROM people" + moment);
    if (none.code == Code::none) violation("%s is no commit, and is read", name.c_str());
    return none.code == Code::unknown_name ? Code::none : none.code;
}

Code compare_tables(TableMachine& machine, const TableModel& model, std::uint64_t commit,
                    std::uint64_t luck) {
    if (commit > model.commit())
        violation("commit %llu was never made", static_cast<unsigned long long>(commit));
    Code code = compare_state(machine.reader, model.at(commit), "", luck);
    if (code == Code::none) code = compare_streams(machine.database, model.at(commit));
    if (code == Code::none) code = compare_names(machine.reader, model, commit, mix(luck, 7));
    for (std::uint64_t i = 0; i < 2 && code == Code::none && commit > 0; i++) {
        const std::uint64_t at = mix(luck, 3 + i) % (commit + 1);
        if (at > 0) code = compare_state(machine.reader, model.at(at), as_of(at), mix(luck, 5 + i));
    }
    return code;
}

Code verify_tables(TableMachine& machine, std::uint64_t commit) {
    VerifyReport verified;
    const Status status =
        machine.database.store().verify(machine.scratch, nullptr, verified, machine.diagnostic);
    if (!status) return status.error().code;
    if (verified.commit_count != commit)
        violation("verify counts %llu commits",
                  static_cast<unsigned long long>(verified.commit_count));
    return Code::none;
}

namespace {

// Recovery has told what it found, and more is added.
void examine_more(TableMachine& machine, const TablePromise& promise, std::uint64_t found) {
    const Answer answer = ask(machine.connection, "CREATE TABLE canary (n INT UNIQUE)");
    // What a statement needs may lie in a run that the disk did not keep as it said.
    if (!promise.disk_is_honest && is_named_damage(answer.code)) {
        static_cast<void>(machine.close());
        return;
    }
    if (answer.code != Code::none)
        violation("the canary is refused: %s %s", code_name(answer.code), answer.message.c_str());
    if (answer.commit != found + 1) violation("the canary came to a wrong place");
    if (!machine.database.store().sync(machine.diagnostic)) violation("the canary is not synced");
    const Code verified = verify_tables(machine, found + 1);
    if (!promise.disk_is_honest && is_named_damage(verified)) {
        static_cast<void>(machine.close());
        return;
    }
    if (verified != Code::none) violation("verify says %s", code_name(verified));
    if (!machine.close()) violation("close fails");
    if (machine.disk.open_count() != 0)
        violation("%u files are left open", machine.disk.open_count());
    if (!machine.gate.is_free()) violation("a turn is left locked");
    if (const Status opened = machine.open(false); !opened)
        violation("opening again says %s", code_name(opened.error().code));
    if (ask(machine.connection, "INSERT INTO canary VALUES (3)").commit != found + 2)
        violation("the canary is not alive");
    const Code code = found == 0 ? Code::none
                                 : compare_state(machine.reader, promise.model->at(found),
                                                 as_of(found), promise.luck);
    if (code != Code::none) violation("reading again says %s", code_name(code));
}

}  // namespace

void examine_tables(TableMachine& machine, const TablePromise& promise, Depth depth) {
    const std::uint64_t refused_before = machine.refused_runs.count;
    const Status opened = machine.open(!promise.has_store);
    if (promise.disk_is_honest && machine.refused_runs.count != refused_before)
        violation("runs that head names are refused");
    if (!opened && !promise.disk_is_honest && is_named_damage(opened.error().code)) return;
    if (!opened) violation("the database does not open: %s", code_name(opened.error().code));
    Snapshot snapshot;
    if (!machine.database.store().snapshot(snapshot)) violation("no snapshot after recovery");
    const std::uint64_t found = snapshot.commit();
    snapshot.close();
    if (found < promise.least && promise.disk_is_honest)
        violation("commit %llu was acknowledged, and %llu is the last one found",
                  static_cast<unsigned long long>(promise.least),
                  static_cast<unsigned long long>(found));
    if (found < promise.least) add(report().weak_losses);
    const Code code = compare_tables(machine, *promise.model, found, promise.luck);
    if (!promise.disk_is_honest && is_named_damage(code)) {
        static_cast<void>(machine.close());
        return;
    }
    if (code != Code::none) violation("reading says %s", code_name(code));
    if (depth == Depth::full) examine_more(machine, promise, found);
}

}  // namespace freshet::sim

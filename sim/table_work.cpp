// SPDX-License-Identifier: MIT
// What is done in the life of a database: each statement is run by the engine and by the model, and
// their answers are compared.
#include <algorithm>

#include "sim/table_life.hpp"

namespace freshet::sim {

namespace {

std::string quoted(std::string text) {
    return "'" + std::move(text) + "'";
}

std::string type_of(const ModelColumn& column) {
    return std::string{column.is_text ? " TEXT" : " INT"} + (column.not_null ? " NOT NULL" : "") +
           (column.standard == "NULL" ? "" : " DEFAULT " + column.standard);
}

std::string text_of(const ModelReference& reference) {
    static constexpr std::array<const char*, 4> actions = {"NO ACTION", "RESTRICT", "CASCADE",
                                                           "SET NULL"};
    return " REFERENCES " + reference.parent + " ON DELETE " +
           actions[static_cast<std::size_t>(reference.on_delete)] +
           (reference.cascades_update ? " ON UPDATE CASCADE" : "");
}

// As table_names() has them.
ModelTable make_table(const std::string& name, const ModelReference& reference) {
    ModelTable table;
    if (name == "people") {
        table.has_key = true;
        table.columns = {{"id", false, false, "NULL"},
                         {"name", true, true, "NULL"},
                         {"mail", true, false, "NULL"},
                         {"age", false, false, "3"}};
        table.indexes = {{"", "mail", true}};
    } else if (name == "orders") {
        table.has_key = true;
        table.columns = {{"id", false, false, "NULL"},
                         {"person", false, false, "NULL"},
                         {"item", true, false, "'c'"}};
        table.reference = reference;
    } else {
        table.columns = {{"body", true, false, "NULL"}, {"n", false, false, "2"}};
    }
    return table;
}

std::string text_of(const std::string& name, const ModelTable& table) {
    std::string sql = "CREATE TABLE " + name + " (";
    for (std::size_t i = 0; i < table.columns.size(); i++) {
        const ModelColumn& column = table.columns[i];
        const bool is_key = table.has_key && i == 0;
        sql += (i == 0 ? "" : ", ") + column.name;
        sql += is_key ? " INTEGER PRIMARY KEY AUTOINCREMENT" : type_of(column);
        for (const ModelIndex& index : table.indexes)
            if (index.column == column.name) sql += " UNIQUE";
        if (!table.reference.parent.empty() && table.reference.column == i)
            sql += text_of(table.reference);
    }
    return sql + ")";
}

}  // namespace

// ---- what is chosen ----

// Few values, so that they meet; now and then a long one.
std::string TableLife::choose_value(const ModelColumn& column) {
    if (!column.not_null && of(6) == 5) return "NULL";
    if (!column.is_text) return std::to_string(of(6));
    const std::uint64_t luck = of(40);
    if (luck == 39) return quoted(std::string(100 + of(200), 'w'));
    return quoted(std::string(1, static_cast<char>('a' + luck % 7)));
}

ModelWhere TableLife::choose_where(const ModelTable& table, bool only_one) {
    ModelWhere where;
    if (only_one) {
        where = {ModelWhere::Kind::equal, table.columns[0].name, std::to_string(1 + of(9))};
    } else if (of(8) != 7) {
        const ModelColumn& column = table.columns[of(table.columns.size())];
        where.kind = of(4) == 3 ? ModelWhere::Kind::less : ModelWhere::Kind::equal;
        where.column = column.name;
        where.value = choose_value(column);
    }
    return where;
}

// So many that transactions outgrow the pool.
void TableLife::add_long_rows(const ModelTable& table, std::vector<ModelRow>& rows) {
    const std::size_t count = rows.size() * 24;
    for (std::size_t number = rows.size(); number < count; number++) {
        ModelRow row = rows[number % 3 % rows.size()];
        if (table.has_key) row[0] = "NULL";
        for (std::size_t i = table.has_key ? 1 : 0; i < row.size(); i++)
            if (table.columns[i].is_text)
                row[i] = quoted(std::string(40 + number % 7 * 20, 'l') + std::to_string(number));
        rows.push_back(std::move(row));
    }
}

TableStatement TableLife::choose_insert(const std::string& name, const ModelTable& table) {
    static constexpr std::array<const char*, 3> words = {"", " OR REPLACE", " OR IGNORE"};
    const std::uint64_t luck = of(8);
    const auto conflict = static_cast<ModelConflict>(luck < 5 ? 0 : luck == 5 ? 2 : 1);
    std::string sql = std::string{"INSERT"} + words[static_cast<std::size_t>(conflict)] + " INTO " +
                      name + " VALUES ";
    std::vector<ModelRow> rows(1 + of(3));
    for (ModelRow& row : rows) {
        for (std::size_t i = 0; i < table.columns.size(); i++) {
            const bool is_key = table.has_key && i == 0;
            row.push_back(is_key ? of(3) == 2 ? std::to_string(1 + of(9)) : "NULL"
                                 : choose_value(table.columns[i]));
        }
    }
    if (has_small_pool() && name != "people" && rows.size() == 3) add_long_rows(table, rows);
    for (const ModelRow& row : rows)
        for (std::size_t i = 0; i < row.size(); i++)
            sql += (i > 0 ? ", " : &row == rows.data() ? "(" : "), (") + row[i];
    sql += ")";
    return {sql, [=](ModelChange& change) { return change.insert(name, rows, conflict); }};
}

// Only one row may get what no two may have, so that the order of rows decides nothing.
TableStatement TableLife::choose_update(const std::string& name, const ModelTable& table) {
    const bool only_one = table.has_key && of(2) == 1;
    const auto conflict = static_cast<ModelConflict>(only_one && of(4) == 3 ? ModelConflict::replace
                                                                            : ModelConflict::abort);
    const ModelWhere where = choose_where(table, only_one);
    std::vector<ModelSet> sets;
    std::string sql = conflict == ModelConflict::replace ? "UPDATE OR REPLACE " : "UPDATE ";
    sql += name + " SET ";
    for (std::size_t i = 0; i < table.columns.size(); i++) {
        const ModelColumn& column = table.columns[i];
        const bool is_key = table.has_key && i == 0;
        const bool is_unique =
            std::any_of(table.indexes.begin(), table.indexes.end(), [&](const ModelIndex& index) {
                return index.is_unique && index.column == column.name;
            });
        const bool is_last = sets.empty() && i + 1 == table.columns.size();
        if ((is_key || is_unique) && !only_one) continue;
        if (!is_last && of(is_key ? 6 : 3) != 0) continue;
        if (is_key)
            sets.push_back({column.name, std::to_string(1 + of(9))});
        else if (!column.is_text && of(2) == 1)
            sets.push_back({column.name, "+" + std::to_string(1 + of(2))});
        else
            sets.push_back({column.name, choose_value(column)});
        const std::string& value = sets.back().value;
        sql += (sets.size() == 1 ? "" : ", ") + column.name + " = " +
               (value[0] == '+' ? column.name + " + " + value.substr(1) : value);
    }
    if (sets.empty()) return choose_delete(name, table);
    return {sql + where.text(),
            [=](ModelChange& change) { return change.update(name, where, sets, conflict); }};
}

TableStatement TableLife::choose_delete(const std::string& name, const ModelTable& table) {
    const ModelWhere where = choose_where(table, table.has_key && of(2) == 1);
    return {"DELETE FROM " + name + where.text(),
            [=](ModelChange& change) { return change.erase(name, where); }};
}

TableStatement TableLife::choose_append() {
    const std::string stream = of(2) == 1 ? "s-1" : "s-2";
    const std::uint64_t number = of(100'000);
    if (number % 4 == 3) return choose_save(number / 4);
    const std::string payload = std::to_string(number);
    return {"APPEND '" + stream + "' ('Noted', '" + payload + "')",
            [=](ModelChange& change) { return change.append(stream, payload); }};
}

// The commit that the statement will be in.
TableStatement TableLife::choose_save(std::uint64_t luck) const {
    const std::string name = commit_names()[luck % commit_names().size()];
    const std::uint64_t commit = model_.commit() + 1;
    return {"SAVE AS " + quoted(name),
            [=](ModelChange& change) { return change.save(name, commit); }};
}

// A table that is not there is made first.
TableStatement TableLife::choose_rows(const ModelState& state) {
    const std::string& name = table_names()[of(table_names().size())];
    const ModelTable* const table = state.table(name);
    if (table == nullptr) {
        const std::string made = state.table("people") == nullptr ? "people" : name;
        const ModelTable wanted = make_table(made, reference_);
        return {text_of(made, wanted),
                [=](ModelChange& change) { return change.create(made, wanted); }};
    }
    switch (of(8)) {
        case 0:
        case 1: return choose_update(name, *table);
        case 2: return choose_delete(name, *table);
        case 3: return choose_append();
        default: return choose_insert(name, *table);
    }
}

TableStatement TableLife::choose_definition(const ModelState& state) {
    const std::string& name = table_names()[of(table_names().size())];
    if (state.table(name) == nullptr || of(12) == 11) {
        const ModelTable table = make_table(name, reference_);
        return {text_of(name, table),
                [=](ModelChange& change) { return change.create(name, table); }};
    }
    if (of(12) == 11)
        return {"DROP TABLE " + name, [=](ModelChange& change) { return change.drop(name); }};
    return choose_table_definition(state, name);
}

TableStatement TableLife::choose_table_definition(const ModelState& state,
                                                  const std::string& name) {
    const ModelTable& table = *state.table(name);
    const ModelColumn column = table.columns[of(table.columns.size())];
    const std::string added = of(2) == 1 ? "x" : "y";
    static constexpr std::array<const char*, 4> index_names = {"i1", "i2", "unique_3", "hash_4"};
    const std::uint64_t number = of(index_names.size());
    const std::string index_name = index_names[number];
    switch (of(8)) {
        case 0:
            return {"DROP INDEX " + index_name,
                    [=](ModelChange& change) { return change.drop_index(index_name); }};
        case 1: {
            const bool is_text = of(2) == 1;
            const ModelColumn made{added, is_text, false,
                                   of(2) == 1 ? "NULL"
                                   : is_text  ? "'d'"
                                              : "4"};
            return {"ALTER TABLE " + name + " ADD COLUMN " + added + type_of(made),
                    [=](ModelChange& change) { return change.add_column(name, made); }};
        }
        case 2:
            return {"ALTER TABLE " + name + " DROP COLUMN " + added,
                    [=](ModelChange& change) { return change.drop_column(name, added); }};
        case 3: {
            const std::string from = of(2) == 1 ? added : column.name;
            const std::string to = of(2) == 1 ? "z" : "y";
            if (from == "id" || from == to) break;
            return {"ALTER TABLE " + name + " RENAME COLUMN " + from + " TO " + to,
                    [=](ModelChange& change) { return change.rename_column(name, from, to); }};
        }
        default: break;
    }
    const ModelIndex index{index_name, column.name, number == 2};
    return {std::string{"CREATE "} + (index.is_unique ? "UNIQUE " : "") + "INDEX " + index.name +
                " ON " + name + (number == 3 ? " USING HASH (" : " (") + index.column + ")",
            [=](ModelChange& change) { return change.create_index(name, index); }};
}

// ---- what is done ----

void TableLife::do_statement(const TableStatement& statement) {
    note(statement.sql);
    ModelState next = model_.newest();
    ModelChange change{next};
    const Code wanted = statement.apply(change);
    const bool writes = next.event_count != model_.newest().event_count;
    if (writes) model_.add(next);
    const Answer answer = ask(machine_->connection, statement.sql);
    if (answer.code != wanted) {
        note(std::string{"  -> "} + code_name(answer.code) + " " + answer.message);
        if (!excuse(answer.code, writes))
            violation("it says %s, not %s", code_name(answer.code), code_name(wanted));
        return;
    }
    const std::uint64_t commit = writes ? model_.commit() : 0;
    if (wanted == Code::none && answer.commit != commit)
        violation("its commit is %llu, not %llu", static_cast<unsigned long long>(answer.commit),
                  static_cast<unsigned long long>(commit));
    if (writes && durability_ == Durability::durable) acknowledge(commit);
}

// In a transaction. False: it cannot go on.
bool TableLife::do_within(const TableStatement& statement, ModelState& now) {
    note("  " + statement.sql);
    ModelState next = now;
    ModelChange change{next};
    const Code wanted = statement.apply(change);
    const Answer answer = ask(machine_->connection, statement.sql);
    if (answer.code == wanted) {
        now = next;
        return true;
    }
    note(std::string{"  -> "} + code_name(answer.code) + " " + answer.message);
    if (!excuse(answer.code, false))
        violation("it says %s, not %s", code_name(answer.code), code_name(wanted));
    return false;
}

// A statement that changes nothing. False: it failed, and may.
bool TableLife::tell(const std::string& sql) {
    note("  " + sql);
    const Answer answer = ask(machine_->connection, sql);
    if (answer.code == Code::none) return true;
    note(std::string{"  -> "} + code_name(answer.code));
    if (!excuse(answer.code, false)) violation("it says %s", code_name(answer.code));
    return false;
}

bool TableLife::do_savepoint(ModelState& now) {
    const std::uint64_t luck = of(4);
    if (savepoints_.empty() || luck < 2) {
        const std::string name = "s" + std::to_string(savepoints_.size());
        if (savepoints_.size() == 4) return true;
        savepoints_.emplace_back(name, now);
        return tell("SAVEPOINT " + name);
    }
    const std::size_t at = of(savepoints_.size());
    const std::string name = savepoints_[at].first;
    if (luck == 2) {
        savepoints_.resize(at);
        return tell("RELEASE " + name);
    }
    now = savepoints_[at].second;
    savepoints_.resize(at + 1);
    return tell("ROLLBACK TO " + name);
}

// Who only reads meanwhile sees nothing of it.
void TableLife::check_reader() {
    if (durability_ != Durability::durable) return;
    const Code code = compare_state(machine_->reader, model_.newest(), "", of(100'000));
    if (code != Code::none && !excuse(code, false))
        violation("a reader beside says %s", code_name(code));
}

void TableLife::do_transaction() {
    if (!tell("BEGIN")) return;
    ModelState now = model_.newest();
    savepoints_.clear();
    bool goes_on = true;
    for (std::uint64_t count = 1 + of(6); goes_on && count > 0; count--) {
        const std::uint64_t luck = of(8);
        if (luck < 2)
            goes_on = do_savepoint(now);
        else
            goes_on = do_within(luck == 2 ? choose_definition(now) : choose_rows(now), now);
        if (goes_on && of(4) == 3) {
            const Code code = compare_state(machine_->connection, now, "", of(1000));
            goes_on = code == Code::none;
            if (!goes_on && !excuse(code, false))
                violation("a transaction reads %s", code_name(code));
        }
        if (goes_on && of(8) == 7) check_reader();
    }
    if (!goes_on || of(4) == 3) {
        note("  ROLLBACK");
        const Answer answer = ask(machine_->connection, "ROLLBACK");
        if (goes_on && answer.code != Code::none && !excuse(answer.code, false))
            violation("ROLLBACK says %s", code_name(answer.code));
        return;
    }
    const TableStatement commit{"COMMIT", [&now](ModelChange& change) {
                                    change.become(now);
                                    return Code::none;
                                }};
    do_statement(commit);
}

// Now, and as of any commit; what is read behind one's own commits is durable.
void TableLife::do_read() {
    note("read");
    const std::uint64_t commit = model_.commit();
    const std::uint64_t luck = of(1'000'000);
    Code code = compare_state(machine_->connection, model_.newest(), "", luck);
    if (code == Code::none) acknowledge(commit);
    for (std::uint64_t i = 0; i < 3 && commit > 0 && code == Code::none; i++) {
        const std::uint64_t at = 1 + of(commit);
        code = compare_state(machine_->connection, model_.at(at), as_of(at), mix(luck, i));
    }
    if (code == Code::none) code = compare_names(machine_->connection, model_, commit, luck);
    if (code != Code::none && !excuse(code, false)) violation("reading says %s", code_name(code));
}

void TableLife::do_verify() {
    note("verify");
    const Status synced = machine_->database.store().sync(machine_->diagnostic);
    Code code = synced.error().code;
    if (synced) acknowledge(model_.commit());
    if (synced) code = verify_tables(*machine_, model_.commit());
    const bool is_told = !is_disk_honest() && is_named_damage(code);
    if (code != Code::none && !excuse(code, false) && !is_told)
        violation("verify says %s", code_name(code));
}

void TableLife::do_maintain() {
    note("maintain");
    const Maintenance how = choose_maintenance(choice_, setup_);
    const Status status = machine_->database.store().maintain(machine_->diagnostic, how);
    if (status)
        acknowledge(model_.commit());
    else if (!excuse(status.error().code, false))
        violation("maintain says %s", code_name(status.error().code));
}

void TableLife::do_reopen() {
    note("close");
    const Status closed = machine_->close();
    up_ = false;
    if (closed)
        acknowledge(model_.commit());
    else if (!excuse(closed.error().code, false))
        violation("close says %s", code_name(closed.error().code));
    poisoned_ = false;
    if (machine_->disk.is_crashed()) return;
    if (machine_->disk.open_count() != 0)
        violation("%u files are left open", machine_->disk.open_count());
    recover();
}

}  // namespace freshet::sim

// SPDX-License-Identifier: MIT
#include "sim/table_model.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "freshet/sim_choice.hpp"

namespace freshet::sim {

namespace {

std::int64_t number_of(const std::string& value) {
    return std::strtoll(value.c_str(), nullptr, 10);
}

}  // namespace

std::size_t ModelTable::find(const std::string& column) const {
    for (std::size_t i = 0; i < columns.size(); i++)
        if (columns[i].name == column) return i;
    return columns.size();
}

const ModelTable* ModelState::table(const std::string& name) const {
    const auto found = tables.find(name);
    return found == tables.end() ? nullptr : found->second.get();
}

// Who else holds the table keeps it as it was.
ModelTable& ModelState::change(const std::string& name) {
    std::shared_ptr<const ModelTable>& table = tables[name];
    auto copy = std::make_shared<ModelTable>(*table);
    table = copy;
    return *copy;
}

bool ModelWhere::holds(const ModelTable& table, const ModelRow& row) const {
    if (kind == Kind::all) return true;
    const std::size_t at = table.find(column);
    if (row[at] == "NULL" || value == "NULL") return false;
    if (kind == Kind::equal) return row[at] == value;
    return table.columns[at].is_text ? row[at] < value : number_of(row[at]) < number_of(value);
}

std::string ModelWhere::text() const {
    if (kind == Kind::all) return "";
    return " WHERE " + column + (kind == Kind::equal ? " = " : " < ") + value;
}

std::string ModelWhere::text_without_index(bool is_text) const {
    if (kind == Kind::all) return "";
    return " WHERE " + column + (is_text ? " || ''" : " + 0") +
           (kind == Kind::equal ? " = " : " < ") + value;
}

// ---- what stands in the way ----

bool ModelChange::conflicts(const ModelTable& table, std::int64_t own, std::int64_t key,
                            const ModelRow& row, std::int64_t& other) const {
    other = key;
    if (table.has_key && key != own && table.rows.contains(key)) return true;
    for (const ModelIndex& index : table.indexes) {
        if (!index.is_unique) continue;
        const std::size_t at = table.find(index.column);
        if (row[at] == "NULL") continue;
        for (const auto& [id, one] : table.rows) {
            other = id;
            if (id != own && one[at] == row[at]) return true;
        }
    }
    return false;
}

Code ModelChange::check_nulls(const ModelTable& table, const ModelRow& row) const {
    for (std::size_t i = 0; i < row.size(); i++)
        if (table.columns[i].not_null && row[i] == "NULL") return Code::constraint_failed;
    return Code::none;
}

Code ModelChange::make_way(const std::string& table, std::int64_t own, std::int64_t key,
                           const ModelRow& row, ModelConflict conflict, bool& is_passed_over) {
    for (std::int64_t other = 0; conflicts(*now_.table(table), own, key, row, other);) {
        is_passed_over = conflict == ModelConflict::ignore;
        if (is_passed_over) return Code::none;
        if (conflict == ModelConflict::abort) return Code::constraint_failed;
        const Code code = erase_row(table, other);
        if (code != Code::none) return code;
    }
    return Code::none;
}

// Each row that refers to another one has it, at the end of a statement.
Code ModelChange::check_references() const {
    for (const auto& [name, table] : now_.tables) {
        if (table->reference.parent.empty()) continue;
        const ModelTable& parent = *now_.table(table->reference.parent);
        for (const auto& [key, row] : table->rows) {
            const std::string& value = row[table->reference.column];
            if (value != "NULL" && !parent.rows.contains(number_of(value)))
                return Code::constraint_failed;
        }
    }
    return Code::none;
}

Code ModelChange::finish(Code code) {
    if (code == Code::none) code = check_references();
    if (code == Code::none) state_ = now_;
    return code;
}

// ---- rows ----

Code ModelChange::insert(const std::string& name, std::vector<ModelRow> rows,
                         ModelConflict conflict) {
    if (now_.table(name) == nullptr) return Code::unknown_name;
    for (ModelRow& row : rows) {
        const ModelTable& table = *now_.table(name);
        if (table.has_key && row[0] == "NULL") row[0] = std::to_string(table.last_id + 1);
        const std::int64_t key = table.has_key ? number_of(row[0]) : table.last_id + 1;
        const Code nulls = check_nulls(table, row);
        if (nulls != Code::none && conflict == ModelConflict::ignore) continue;
        if (nulls != Code::none) return nulls;
        bool is_passed_over = false;
        const Code way = make_way(name, -1, key, row, conflict, is_passed_over);
        if (way != Code::none) return way;
        if (is_passed_over) continue;
        ModelTable& changed = now_.change(name);
        changed.last_id = std::max(changed.last_id, key);
        changed.rows[key] = row;
        now_.event_count++;
    }
    return finish(Code::none);
}

Code ModelChange::update(const std::string& name, const ModelWhere& where,
                         const std::vector<ModelSet>& sets, ModelConflict conflict) {
    if (now_.table(name) == nullptr) return Code::unknown_name;
    const std::map<std::int64_t, ModelRow> before = now_.table(name)->rows;
    for (const auto& [key, old] : before) {
        const ModelTable& table = *now_.table(name);
        if (!where.holds(table, old)) continue;
        ModelRow row = old;
        for (const ModelSet& set : sets) {
            const std::size_t at = table.find(set.column);
            const bool is_sum = set.value[0] == '+';
            if (!is_sum)
                row[at] = set.value;
            else if (old[at] != "NULL")
                row[at] = std::to_string(number_of(old[at]) + number_of(set.value));
        }
        const std::int64_t to = table.has_key ? number_of(row[0]) : key;
        const Code nulls = check_nulls(table, row);
        if (nulls != Code::none) return nulls;
        bool is_passed_over = false;
        const Code way = make_way(name, key, to, row, conflict, is_passed_over);
        if (way != Code::none) return way;
        if (row == old) continue;
        ModelTable& changed = now_.change(name);
        changed.rows.erase(key);
        changed.rows[to] = row;
        changed.last_id = std::max(changed.last_id, to);
        now_.event_count++;
        const Code moved = to == key ? Code::none : move_children(name, key, to);
        if (moved != Code::none) return moved;
    }
    return finish(Code::none);
}

Code ModelChange::move_children(const std::string& name, std::int64_t from, std::int64_t to) {
    const auto tables = now_.tables;
    for (const auto& [child, table] : tables) {
        if (table->reference.parent != name || !table->reference.cascades_update) continue;
        for (auto& [key, row] : now_.change(child).rows) {
            std::string& value = row[table->reference.column];
            if (value == std::to_string(from)) value = std::to_string(to);
        }
    }
    return Code::none;
}

Code ModelChange::erase_row(const std::string& name, std::int64_t key) {
    const auto tables = now_.tables;
    for (const auto& [child, table] : tables) {
        if (table->reference.parent != name) continue;
        for (const auto& [id, row] : table->rows) {
            if (row[table->reference.column] != std::to_string(key)) continue;
            if (table->reference.on_delete == ModelAction::restrict) return Code::constraint_failed;
            if (table->reference.on_delete == ModelAction::set_null)
                now_.change(child).rows[id][table->reference.column] = "NULL";
            if (table->reference.on_delete != ModelAction::cascade) continue;
            const Code code = erase_row(child, id);
            if (code != Code::none) return code;
        }
    }
    now_.change(name).rows.erase(key);
    now_.event_count++;
    return Code::none;
}

Code ModelChange::erase(const std::string& name, const ModelWhere& where) {
    if (now_.table(name) == nullptr) return Code::unknown_name;
    const std::map<std::int64_t, ModelRow> before = now_.table(name)->rows;
    for (const auto& [key, row] : before) {
        if (!where.holds(*now_.table(name), row)) continue;
        const Code code = erase_row(name, key);
        if (code != Code::none) return code;
    }
    return finish(Code::none);
}

// ---- definitions ----

Code ModelChange::create(const std::string& name, const ModelTable& table) {
    if (now_.table(name) != nullptr) return Code::already_exists;
    if (!table.reference.parent.empty() && now_.table(table.reference.parent) == nullptr)
        return Code::unknown_name;
    now_.tables[name] = std::make_shared<ModelTable>(table);
    now_.event_count++;
    return finish(Code::none);
}

Code ModelChange::drop(const std::string& name) {
    if (now_.table(name) == nullptr) return Code::unknown_name;
    for (const auto& [child, table] : now_.tables)
        if (table->reference.parent == name) return Code::in_use;
    now_.tables.erase(name);
    now_.event_count++;
    return finish(Code::none);
}

bool ModelChange::has_duplicates(const ModelTable& table, const std::string& column) const {
    std::set<std::string> seen;
    for (const auto& [key, row] : table.rows) {
        const std::string& value = row[table.find(column)];
        if (value != "NULL" && !seen.insert(value).second) return true;
    }
    return false;
}

Code ModelChange::create_index(const std::string& name, const ModelIndex& index) {
    for (const auto& [other, table] : now_.tables)
        for (const ModelIndex& one : table->indexes)
            if (one.name == index.name) return Code::already_exists;
    const ModelTable* const table = now_.table(name);
    if (table == nullptr || table->find(index.column) == table->columns.size())
        return Code::unknown_name;
    if (index.is_unique && has_duplicates(*table, index.column)) return Code::constraint_failed;
    now_.change(name).indexes.push_back(index);
    now_.event_count++;
    return finish(Code::none);
}

Code ModelChange::drop_index(const std::string& name) {
    const auto tables = now_.tables;
    for (const auto& [owner, table] : tables) {
        for (std::size_t i = 0; i < table->indexes.size(); i++) {
            if (table->indexes[i].name != name) continue;
            std::vector<ModelIndex>& all = now_.change(owner).indexes;
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
            now_.event_count++;
            return finish(Code::none);
        }
    }
    return Code::unknown_name;
}

Code ModelChange::add_column(const std::string& name, const ModelColumn& column) {
    if (now_.table(name) == nullptr) return Code::unknown_name;
    ModelTable& table = now_.change(name);
    if (table.find(column.name) != table.columns.size()) return Code::already_exists;
    table.columns.push_back(column);
    for (auto& [key, row] : table.rows) row.push_back(column.standard);
    now_.event_count++;
    return finish(Code::none);
}

Code ModelChange::drop_column(const std::string& name, const std::string& column) {
    const ModelTable* const known = now_.table(name);
    const std::size_t at = known == nullptr ? 0 : known->find(column);
    if (known == nullptr || at == known->columns.size()) return Code::unknown_name;
    for (const ModelIndex& index : known->indexes)
        if (index.column == column) return Code::in_use;
    if (!known->reference.parent.empty() && known->reference.column == at) return Code::in_use;
    ModelTable& table = now_.change(name);
    table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(at));
    for (auto& [key, row] : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(at));
    now_.event_count++;
    return finish(Code::none);
}

Code ModelChange::rename_column(const std::string& name, const std::string& from,
                                const std::string& to) {
    const ModelTable* const known = now_.table(name);
    if (known == nullptr || known->find(from) == known->columns.size()) return Code::unknown_name;
    if (known->find(to) != known->columns.size()) return Code::already_exists;
    ModelTable& table = now_.change(name);
    table.columns[table.find(from)].name = to;
    for (ModelIndex& index : table.indexes)
        if (index.column == from) index.column = to;
    now_.event_count++;
    return finish(Code::none);
}

Code ModelChange::append(const std::string& stream, const std::string& payload) {
    now_.streams[stream].push_back(payload);
    now_.event_count++;
    return finish(Code::none);
}

Code ModelChange::save(const std::string& name, std::uint64_t commit) {
    if (!now_.names.emplace(name, commit).second) return finish(Code::already_exists);
    now_.event_count++;
    return finish(Code::none);
}

// ---- all of it ----

std::uint64_t TableModel::hash() const {
    std::uint64_t hash = states_.size();
    const auto add = [&hash](const std::string& text) {
        for (const char letter : text) hash = mix(hash, static_cast<unsigned char>(letter));
    };
    for (const auto& [name, table] : newest().tables) {
        add(name);
        for (const auto& [key, row] : table->rows)
            for (const std::string& value : row) add(value);
    }
    return hash;
}

}  // namespace freshet::sim

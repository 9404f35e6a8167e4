// SPDX-License-Identifier: MIT
// What tables must hold, said as simply as it can be said: maps of rows, and one of them for each
// commit. It shares no code with the engine, so that both would have to be wrong in the same way.
// A value is what SQL writes for it: NULL, 17, 'a'.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "freshet/error.hpp"

namespace freshet::sim {

using ModelRow = std::vector<std::string>;

struct ModelColumn {
    std::string name;
    bool is_text = false;
    bool not_null = false;
    std::string standard = "NULL";
};

struct ModelIndex {
    std::string name;
    std::string column;
    bool is_unique = false;
};

enum class ModelAction : std::uint8_t { no_action, restrict, cascade, set_null };

// Column number `column` is the key of a row of `parent`, or NULL.
struct ModelReference {
    std::string parent;  // Empty: there is none.
    std::size_t column = 0;
    ModelAction on_delete = ModelAction::no_action;
    bool cascades_update = false;  // Otherwise an update of the key waits for the statement's end.
};

struct ModelTable {
    bool has_key = false;  // The first column is PRIMARY KEY AUTOINCREMENT.
    std::int64_t last_id = 0;
    std::vector<ModelColumn> columns;
    std::vector<ModelIndex> indexes;
    ModelReference reference;
    std::map<std::int64_t, ModelRow> rows;  // By their key; without one, by the order they came.

    [[nodiscard]] std::size_t find(const std::string& column) const;
};

// All that there is as of a commit, or within a transaction. A copy costs little: tables are
// shared until they change.
struct ModelState {
    std::map<std::string, std::shared_ptr<const ModelTable>> tables;
    std::map<std::string, std::vector<std::string>> streams;  // Payloads of their events.
    std::map<std::string, std::uint64_t> names;               // Of commits.
    std::uint64_t event_count = 0;  // Of all that was written, rows and definitions too.

    [[nodiscard]] const ModelTable* table(const std::string& name) const;
    ModelTable& change(const std::string& name);
};

enum class ModelConflict : std::uint8_t { abort, replace, ignore };

// Which rows: all; or those where a column is equal to a value, or less.
struct ModelWhere {
    enum class Kind : std::uint8_t { all, equal, less } kind = Kind::all;
    std::string column;
    std::string value;

    [[nodiscard]] bool holds(const ModelTable& table, const ModelRow& row) const;
    [[nodiscard]] std::string text() const;  // " WHERE a = 5"; so that indexes may be used.
    [[nodiscard]] std::string text_without_index(bool is_text) const;
};

struct ModelSet {
    std::string column;
    std::string value;  // Or, of a number, a sum: "+3".
};

// Statements change a state wholly, or not at all, and say why: what SQL must answer.
class ModelChange {
public:
    explicit ModelChange(ModelState& state) : state_{state}, now_{state} {}

    Code insert(const std::string& table, std::vector<ModelRow> rows, ModelConflict conflict);
    Code update(const std::string& table, const ModelWhere& where,
                const std::vector<ModelSet>& sets, ModelConflict conflict);
    Code erase(const std::string& table, const ModelWhere& where);
    Code create(const std::string& name, const ModelTable& table);
    Code drop(const std::string& name);
    Code create_index(const std::string& table, const ModelIndex& index);
    Code drop_index(const std::string& name);
    Code add_column(const std::string& table, const ModelColumn& column);
    Code drop_column(const std::string& table, const std::string& column);
    Code rename_column(const std::string& table, const std::string& from, const std::string& to);
    Code append(const std::string& stream, const std::string& payload);
    Code save(const std::string& name, std::uint64_t commit);
    void become(const ModelState& state) { state_ = state; }

private:
    Code finish(Code code);
    [[nodiscard]] bool has_duplicates(const ModelTable& table, const std::string& column) const;
    [[nodiscard]] bool conflicts(const ModelTable& table, std::int64_t own, std::int64_t key,
                                 const ModelRow& row, std::int64_t& other) const;
    Code check_nulls(const ModelTable& table, const ModelRow& row) const;
    Code make_way(const std::string& table, std::int64_t own, std::int64_t key, const ModelRow& row,
                  ModelConflict conflict, bool& is_passed_over);
    Code erase_row(const std::string& table, std::int64_t key);
    Code move_children(const std::string& table, std::int64_t from, std::int64_t to);
    [[nodiscard]] Code check_references() const;

    ModelState& state_;
    ModelState now_;
};

// Of all commits.
class TableModel {
public:
    TableModel() { reset(); }
    void reset() { states_.assign(1, ModelState{}); }
    [[nodiscard]] std::uint64_t commit() const { return states_.size() - 1; }
    [[nodiscard]] const ModelState& at(std::uint64_t commit) const { return states_[commit]; }
    [[nodiscard]] const ModelState& newest() const { return states_.back(); }
    void add(const ModelState& state) { states_.push_back(state); }
    // Forgets all commits behind `commit`.
    void cut(std::uint64_t commit) { states_.resize(commit + 1); }
    [[nodiscard]] std::uint64_t hash() const;

private:
    std::vector<ModelState> states_;
};

}  // namespace freshet::sim

// SPDX-License-Identifier: MIT
// What tests of the binder share: tables that are lists of rows, and SELECTs run over them.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "sql/binder.hpp"
#include "sql/parse.hpp"
#include "tests/query_fixture.hpp"

namespace freshet::sql {

using query::Memory;
using Cells = query::Row;
using Rows = std::vector<Cells>;

// Gives the rows in batches of a few.
class ListedRows final : public query::Rows {
public:
    ListedRows(const std::vector<Cells>& rows, std::size_t width) : rows_{rows}, width_{width} {}
    Result<bool> next(query::Batch& batch) noexcept override {
        const std::size_t count = std::min<std::size_t>(rows_.size() - given_, 100);
        if (count == 0) return false;
        columns_.assign(width_, {});
        vectors_.clear();
        for (std::size_t i = 0; i < width_; i++) {
            for (std::size_t k = 0; k < count; k++) columns_[i].push_back(rows_[given_ + k][i]);
            vectors_.push_back(query::Vector::of(columns_[i].data()));
        }
        given_ += count;
        batch = {vectors_, query::first_rows(count)};
        return true;
    }

private:
    const std::vector<Cells>& rows_;
    std::size_t width_;
    std::size_t given_ = 0;
    std::vector<std::vector<Value>> columns_;
    std::vector<query::Vector> vectors_;
};

class Listed final : public query::Source {
public:
    Listed(std::string name, std::vector<std::pair<std::string, relation::ColumnType>> columns,
           Rows rows)
        : name_{std::move(name)}, names_{std::move(columns)}, rows_{std::move(rows)} {
        for (const auto& [column, type] : names_)
            columns_.push_back({.name = column, .type = type});
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

    Result<query::Rows*> open(query::Context&) const noexcept override {
        return static_cast<query::Rows*>(&open_.emplace_back(rows_, columns_.size()));
    }
    void describe(TextWriter& text) const noexcept override { text.text("SCAN ").text(name_); }

    [[nodiscard]] VirtualTable table() const {
        VirtualTable table;
        table.name = name_;
        table.columns = columns_;
        table.make = [](const VirtualUse&, void* context) noexcept {
            return Result<const query::Source*>{static_cast<const Listed*>(context)};
        };
        table.context = const_cast<Listed*>(this);
        return table;
    }
    void forget() const { open_.clear(); }
    Rows& rows() { return rows_; }

private:
    std::string name_;
    std::vector<std::pair<std::string, relation::ColumnType>> names_;
    Rows rows_;
    std::vector<VirtualColumn> columns_;
    mutable std::deque<ListedRows> open_;
};

// What a SELECT gave, or why it failed.
struct Answer {
    Error error{};
    SqlError why{};
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> rows;  // As SQL writes them.
};

class World {
public:
    Listed& add(std::string name, std::vector<std::pair<std::string, relation::ColumnType>> columns,
                Rows rows) {
        Listed& table = tables_.emplace_back(std::move(name), std::move(columns), std::move(rows));
        virtual_tables_.push_back(table.table());
        return table;
    }

    Answer select(const std::string& text, std::size_t memory_size = std::size_t{1} << 20) {
        Answer answer;
        Memory memory{memory_size};
        answer.error = run(text, memory.arena, answer);
        for (const Listed& table : tables_) table.forget();
        return answer;
    }

    Environment environment(const std::string& text, Arena& memory, SqlError& error) {
        return {.memory = memory,
                .error = error,
                .text = text,
                .parameters = parameters,
                .now = &now,
                .virtual_tables = virtual_tables_};
    }

    static Error collect(query::Rows& rows, std::size_t width, Answer& answer) {
        for (;;) {
            query::Batch batch;
            const Result<bool> there = rows.next(batch);
            if (!there) return there.error();
            if (!*there) return {};
            for (const query::Position position : batch.selection) {
                std::vector<std::string>& row = answer.rows.emplace_back();
                for (std::size_t i = 0; i < width; i++)
                    row.push_back(shown(batch.columns[i][position]));
            }
        }
    }

    std::vector<Value> parameters;
    Value now = Value::timestamp(0);

private:
    Error run(const std::string& text, Arena& memory, Answer& answer) {
        const Result<Parsed> parsed = parse_statement(text, 0, memory, answer.why);
        if (!parsed) return parsed.error();
        if (parsed->statement->kind != StatementKind::select) return Code::invalid_argument;
        Binder binder{environment(text, memory, answer.why)};
        const Result<QueryPlan> plan = binder.select(*parsed->statement->select);
        if (!plan) return plan.error();
        for (const std::string_view name : plan->names) answer.names.emplace_back(name);
        query::Context context{memory};
        const Status prepared = sql::run(binder.subqueries(), context);
        if (!prepared) return prepared.error();
        const Result<query::Rows*> rows = query::open(*plan->node, context);
        if (!rows) return rows.error();
        return collect(**rows, plan->names.size(), answer);
    }
    std::deque<Listed> tables_;
    std::vector<VirtualTable> virtual_tables_;
};

}  // namespace freshet::sql

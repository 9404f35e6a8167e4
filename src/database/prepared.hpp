// SPDX-License-Identifier: MIT
// A statement in its part of a connection's memory:
//
//      this struct | its text | its parameters | tree and plan | what a run takes
//
// Where a run begins is where the next one begins again. A statement that was closed stays as it
// is, and is found by the hash of its words when they are prepared again.
#pragma once

#include <optional>

#include "database/change_plan.hpp"
#include "database/session.hpp"
#include "query/keep.hpp"
#include "query/spill.hpp"
#include "sql/binder.hpp"
#include "sql/statement_hash.hpp"
#include "sql/tree.hpp"

namespace freshet::database {

// Texts of more bytes have plans of their own.
inline constexpr std::size_t literal_text_size_max = 64;

enum class RunState : std::uint8_t { idle, running };

struct Prepared {
    Prepared(Session& of_session, MutableBytes of_block) noexcept
        : session{of_session},
          block{of_block},
          spill{of_session.spill_disk, of_session.spills_in_use,
                of_session.options.spill_size_max} {}
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;

    Session& session;
    MutableBytes block;
    bool is_open = false;
    std::uint64_t last_use = 0;

    std::string_view text{};
    sql::StatementWords words{};    // Of the text,
    sql::StatementWords given{};    // and of what it was found for: its literals may be others.
    std::uint32_t text_offset = 0;  // Of the text, within what it was prepared from,
    bool has_places = true;         // where the same words may stand in other places.
    const sql::Statement* statement = nullptr;  // Null: nothing is prepared here.
    std::span<Value> parameters{};              // And behind them the values of literals.
    std::span<sql::FreeLiteral> literals{};
    std::span<std::array<char, literal_text_size_max>> literal_texts{};
    bool has_parameters = true;    // They have values, or will have none.
    std::size_t parsed_size = 0;   // Of the block: text, parameters and tree.
    std::size_t planned_size = 0;  // And the plan.

    // ---- the plan ----

    bool is_planned = false;
    bool depends_on_parameters = false;  // It has a period whose commit is a parameter.
    bool depends_on_now = true;
    std::uint64_t generation = 0;  // Of the tables that it was made of.
    std::uint64_t as_of = 0;       // As of the session, when it was made.
    Value now{};                   // The time at which the run began.
    sql::QueryPlan query{};
    const query::Node* explained = nullptr;  // Of EXPLAIN, which gives its own rows.
    const ChangePlan* change = nullptr;      // Of INSERT, UPDATE, DELETE.
    std::span<const sql::Subquery> subqueries{};
    std::span<const sql::TimePoint> times{};

    // ---- a run ----

    RunState state = RunState::idle;
    bool rolls_back = false;      // OR ROLLBACK: the failure takes the transaction with it.
    std::uint32_t spill_try = 0;  // 0: all is kept in memory.
    query::Spill spill;
    std::uint64_t rows_given = 0;  // Rows of batches before this one.
    Snapshot snapshot;
    relation::Moment present;
    std::optional<Arena> arena;  // Of what the run takes.
    std::optional<query::Context> context;
    query::Rows* rows = nullptr;     // From which batches come,
    query::RowList* kept = nullptr;  // or rows that are there already.
    query::Batch batch{};
    std::size_t position = 0;  // Of the next row, in the batch or the list.
    std::span<Value> row{};
};

}  // namespace freshet::database

// SPDX-License-Identifier: MIT
// Tables in a store in memory, and SELECTs over them, with the plan that was made.
#pragma once

#include "relation/table_writer.hpp"
#include "tests/bind_fixture.hpp"
#include "tests/table_fixture.hpp"

namespace freshet::sql {

// The sources of a plan, from the left, each as EXPLAIN shows it, and where rows are sorted.
inline void describe(const query::Node& node, std::string& into) {
    if (node.kind == query::NodeKind::sort) into += "SORT ";
    if (node.kind == query::NodeKind::source) {
        std::array<char, 200> room;
        TextWriter text{room};
        node.source->describe(text);
        into += (into.empty() ? "" : "; ") + std::string{text.written()};
    }
    if (node.left != nullptr) describe(*node.left, into);
    if (node.right != nullptr) describe(*node.right, into);
}

// What was answered, in one line.
inline std::string joined(const Answer& answer) {
    std::string all = answer.error.code == Code::none ? ""
                                                      : std::string{code_name(answer.error.code)} +
                                                            std::string{answer.why.message()};
    for (const auto& row : answer.rows) {
        if (!all.empty()) all += "; ";
        for (std::size_t i = 0; i < row.size(); i++) all += (i == 0 ? "" : "|") + row[i];
    }
    return all;
}

class Stored {
public:
    Stored() {
        options_.rows = &keeper_;
        options_.frame_size_max = 1 << 14;
        options_.growth_size = 1 << 14;
        open_.emplace(machine_.door(), options_);
    }

    // A table with the columns and the primary key, whose columns descend where they are negative:
    // 1 is the first column.
    std::size_t create(std::string_view name,
                       std::vector<std::pair<std::string_view, relation::ColumnType>> columns,
                       const std::vector<int>& key) {
        relation::TableDefinition& table = tables_.emplace_back();
        table.id = ++last_id_;
        table.name = name;
        auto& kept = columns_.emplace_back();
        for (const auto& [column, type] : columns) kept.push_back(relation::column(column, type));
        for (const int place : key)
            kept[static_cast<std::size_t>(std::abs(place)) - 1].not_null = true;
        table.columns = kept;
        table.primary_key = key_of(key);
        indexes_.emplace_back();
        write(relation::CatalogChange::create, table);
        return tables_.size() - 1;
    }
    void index(std::size_t place, std::string_view name, const std::vector<int>& key,
               bool unique = false, bool hash = false) {
        auto& all = indexes_[place];
        all.push_back({.id = ++last_id_,
                       .name = name,
                       .columns = key_of(key),
                       .unique = unique,
                       .hash = hash});
        tables_[place].indexes = all;
        write(relation::CatalogChange::create_index, tables_[place]);
    }

    // In a transaction of its own; a row takes the place of one with the same key, and one that is
    // in the way of another's UNIQUE values is left out.
    void put(std::size_t table, const Rows& rows) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open_->store, open_->diagnostic));
        put(transaction, table, rows);
        ASSERT_TRUE(transaction.commit(Durability::durable, open_->diagnostic));
    }
    void put(Transaction& transaction, std::size_t place, const Rows& rows) {
        const relation::TableDefinition& table = tables_[place];
        Memory memory;
        relation::TableWriter writer;
        const std::vector<relation::TableDefinition> tables{tables_.begin(), tables_.end()};
        ASSERT_TRUE(writer.open(transaction, tables, tables[place], memory.arena));
        for (const Cells& row : rows) {
            SqlError error;
            relation::Conflict conflict;
            const Result<bool> is_there = writer.find_conflict(row, {}, conflict, error);
            ASSERT_TRUE(is_there) << error.message();
            if (!*is_there) {
                ASSERT_TRUE(writer.insert(row, error)) << error.message();
                continue;
            }
            if (conflict.index != nullptr) continue;
            const std::string name{conflict.row.stream};
            relation::RowsAsOf now;
            ASSERT_TRUE(now.open(transaction));
            relation::TableReader reader;
            ASSERT_TRUE(reader.open(now, table, memory.arena));
            Recorded version;
            ASSERT_TRUE(*reader.find(relation::key_of_row(name), version));
            const std::string image{as_text(version.payload)};
            version.payload = as_bytes(image);
            Cells before(row.size());
            ASSERT_TRUE(reader.read(version, before));
            (void)writer.update(relation::key_of_row(name), before, row, error);
        }
        SqlError error;
        ASSERT_TRUE(writer.finish(error));
    }
    void erase(std::size_t place, const Cells& row) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open_->store, open_->diagnostic));
        Memory memory;
        relation::TableWriter writer;
        const std::vector<relation::TableDefinition> tables{tables_.begin(), tables_.end()};
        ASSERT_TRUE(writer.open(transaction, tables, tables[place], memory.arena));
        SqlError error;
        const Result<Bytes> key = writer.maker().key(row, 0, memory.arena, error);
        ASSERT_TRUE(key);
        ASSERT_TRUE(writer.erase(*key, row, error)) << error.message();
        ASSERT_TRUE(transaction.commit(Durability::durable, open_->diagnostic));
    }

    struct Planned {
        std::string sources;
        Answer answer;
    };

    // What is read is the transaction's, if there is one.
    Planned select(const std::string& text, const Transaction* transaction = nullptr,
                   std::size_t memory_size = std::size_t{1} << 19) {
        Planned planned;
        Memory memory{memory_size};
        planned.answer.error = run(text, transaction, memory.arena, planned);
        return planned;
    }

    // What rows_of() gives for the WHERE of the text: the way, and the columns behind each key, by
    // which the row is found again.
    std::string changed(std::size_t place, const std::string& text) {
        Memory memory;
        SqlError error;
        const std::vector<relation::TableDefinition> tables{tables_.begin(), tables_.end()};
        Binder binder{{.memory = memory.arena, .error = error, .text = text, .tables = tables}};
        const Arm& arm = *parsed(text, memory.arena).arms.first;
        const auto node = binder.rows_of(tables[place], Name{"l", {}}, arm.where);
        if (!node) return std::string{error.message()};
        std::string all;
        describe(**node, all);
        all += ":";
        Snapshot snapshot;
        EXPECT_TRUE(open_->store.snapshot(snapshot));
        for (const TimePoint& time : binder.times()) EXPECT_TRUE(time.moment->rows.open(snapshot));
        query::Context context{memory.arena};
        const Result<query::Rows*> rows = query::open(**node, context);
        query::Batch batch;
        std::string separator = " ";
        relation::TableReader reader;
        EXPECT_TRUE(reader.open(binder.times()[0].moment->rows, tables[place], memory.arena));
        while (*(*rows)->next(batch)) {
            for (const query::Position position : batch.selection) {
                Recorded version;
                const Bytes key = batch.columns[0][position].as_blob();
                EXPECT_TRUE(*reader.find(key, version));
                for (std::uint32_t i = 1; i < (*node)->column_count; i++) {
                    all += (i == 1 ? separator : "|") + shown(batch.columns[i][position]);
                    separator = "; ";
                }
            }
        }
        return all;
    }

    // The columns of the text as RETURNING gives them of a row and of an excluded one.
    std::string bound(std::size_t place, const std::string& text) {
        Memory memory;
        SqlError error;
        const std::vector<relation::TableDefinition> tables{tables_.begin(), tables_.end()};
        Binder binder{{.memory = memory.arena, .error = error, .text = text, .tables = tables}};
        const relation::TableDefinition& table = tables[place];
        const Result<Scope> own = binder.scope_of(table, table.name, 0);
        const Result<Scope> other = binder.scope_of(table, "excluded", 2);
        const Result<Scope> both = binder.scope_of(*own, *other);
        const auto plan = binder.returning(parsed(text, memory.arena).arms.first->columns, *both);
        if (!plan) return std::string{error.message()};
        Snapshot snapshot;
        EXPECT_TRUE(open_->store.snapshot(snapshot));
        for (const TimePoint& time : binder.times()) EXPECT_TRUE(time.moment->rows.open(snapshot));
        query::Context context{memory.arena};
        EXPECT_TRUE(sql::run(binder.subqueries(), context));
        const query::Columns row{
            {{Value::integer(7), Value::text("old"), Value::integer(9), Value::text("new")}}, 4};
        std::string all;
        for (const query::Scalar* const scalar : plan->scalars) {
            const auto value = query::evaluate(*scalar, row.batch(), memory.arena);
            all += (all.empty() ? "" : "|") + shown((*value)[0]);
        }
        return all;
    }

    std::vector<Value> parameters;

private:
    static const Select& parsed(const std::string& text, Arena& memory) {
        SqlError error;
        const Result<Parsed> parsed = parse_statement(text, 0, memory, error);
        EXPECT_TRUE(parsed) << error.message();
        return *parsed->statement->select;
    }

    Error run(const std::string& text, const Transaction* transaction, Arena& memory,
              Planned& planned) {
        Answer& answer = planned.answer;
        const Result<Parsed> parsed = parse_statement(text, 0, memory, answer.why);
        if (!parsed) return parsed.error();
        const std::vector<relation::TableDefinition> tables{tables_.begin(), tables_.end()};
        times_.tables = tables;
        Binder binder{{.memory = memory,
                       .error = answer.why,
                       .text = text,
                       .tables = tables,
                       .newest = tables,
                       .parameters = parameters,
                       .times = &times_}};
        const Result<QueryPlan> plan = binder.select(*parsed->statement->select);
        if (!plan) return plan.error();
        describe(*plan->node, planned.sources);
        Snapshot snapshot;
        const bool is_open = open_->store.snapshot(snapshot).error().code == Code::none;
        EXPECT_TRUE(is_open);
        for (const TimePoint& time : binder.times()) {
            relation::RowsAsOf& rows = time.moment->rows;
            const Status opened = transaction != nullptr ? rows.open(*transaction)
                                  : time.is_now          ? rows.open(snapshot)
                                                         : rows.open(snapshot, time.commit);
            if (!opened) return opened.error();
        }
        query::Context context{memory};
        const Status prepared = sql::run(binder.subqueries(), context);
        if (!prepared) return prepared.error();
        const Result<query::Rows*> rows = query::open(*plan->node, context);
        if (!rows) return rows.error();
        return World::collect(**rows, plan->names.size(), answer);
    }

    test::Machine machine_;
    relation::RowKeeper keeper_;
    Options options_ = test::small_options();
    std::optional<test::OpenStore> open_;
    // Tables do not change here; a commit is made each second.
    class Seconds final : public Times {
    public:
        Result<relation::Tables> tables_at(std::uint64_t commit) noexcept override {
            if (commit > 1000) return Code::ahead_of_log;
            return tables;
        }
        Result<std::uint64_t> commit_at(std::int64_t time_us) noexcept override {
            return static_cast<std::uint64_t>(time_us / 1'000'000);
        }
        Result<std::uint64_t> commit_named(std::string_view name) noexcept override {
            if (name != "third") return Code::unknown_name;
            return std::uint64_t{3};
        }
        relation::Tables tables;
    };

    std::vector<relation::KeyColumn>& key_of(const std::vector<int>& key) {
        auto& columns = keys_.emplace_back();
        for (const int place : key)
            columns.push_back({static_cast<relation::ColumnNumber>(std::abs(place) - 1),
                               place < 0 ? relation::Sort::descending : relation::Sort::ascending});
        return columns;
    }
    void write(relation::CatalogChange change, const relation::TableDefinition& table) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open_->store, open_->diagnostic));
        Memory memory;
        SqlError error;
        const Status written =
            relation::write_definition(transaction, change, table, memory.arena, error);
        ASSERT_TRUE(written) << error.message() << code_name(written.error().code);
        ASSERT_TRUE(transaction.commit(Durability::durable, open_->diagnostic));
    }

    Seconds times_;
    std::deque<relation::TableDefinition> tables_;
    std::deque<std::vector<relation::Column>> columns_;
    std::deque<std::vector<relation::KeyColumn>> keys_;
    std::deque<std::vector<relation::Index>> indexes_;
    std::uint32_t last_id_ = 0;

public:
    test::OpenStore& store() { return *open_; }
};

}  // namespace freshet::sql

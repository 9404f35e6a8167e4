// SPDX-License-Identifier: MIT
// Tables in a store in memory, and SELECTs over them, with the plan that was made.
#pragma once

#include "relation/table_row.hpp"
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
    relation::TableDefinition& create(
        std::string_view name,
        std::vector<std::pair<std::string_view, relation::ColumnType>> columns,
        std::vector<int> key) {
        relation::TableDefinition& table = tables_.emplace_back();
        table.id = static_cast<std::uint32_t>(tables_.size());
        table.name = name;
        auto& kept = columns_.emplace_back();
        for (const auto& [column, type] : columns) kept.push_back(relation::column(column, type));
        table.columns = kept;
        auto& keys = keys_.emplace_back();
        for (const int place : key)
            keys.push_back({static_cast<relation::ColumnNumber>(std::abs(place) - 1),
                            place < 0 ? relation::Sort::descending : relation::Sort::ascending});
        table.primary_key = keys;
        return table;
    }

    // In a transaction of its own; rows with the same key follow one another.
    void insert(const relation::TableDefinition& table, const Rows& rows) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open_->store, open_->diagnostic));
        insert(transaction, table, rows);
        ASSERT_TRUE(transaction.commit(Durability::durable, open_->diagnostic));
    }
    void insert(Transaction& transaction, const relation::TableDefinition& table,
                const Rows& rows) {
        relation::RowWriter writer{transaction};
        Memory memory;
        const Result<relation::Layout> layout =
            relation::make_layout(table, table.version, memory.arena);
        const relation::RowMaker maker{table, *layout};
        for (const Row& row : rows) {
            SqlError error;
            const Result<Bytes> key = maker.key(row, ++id_, memory.arena, error);
            ASSERT_TRUE(key) << error.message();
            const Result<relation::RowImage> image = maker.image({}, row, memory.arena);
            ASSERT_TRUE(image);
            const relation::RowName name{table.id, *key};
            Recorded version;
            const Result<bool> there = writer.find(name, version);
            ASSERT_TRUE(there);
            const auto change = *there ? relation::RowChange::update : relation::RowChange::insert;
            ASSERT_TRUE(writer.write(name, change, image->image));
        }
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

    std::vector<Value> parameters;

private:
    Error run(const std::string& text, const Transaction* transaction, Arena& memory,
              Planned& planned) {
        Answer& answer = planned.answer;
        const Result<Parsed> parsed = parse_statement(text, 0, memory, answer.why);
        if (!parsed) return parsed.error();
        const std::vector<relation::TableDefinition> tables{tables_.begin(), tables_.end()};
        Binder binder{{.memory = memory,
                       .error = answer.why,
                       .text = text,
                       .tables = tables,
                       .newest = tables,
                       .parameters = parameters}};
        const Result<QueryPlan> plan = binder.select(*parsed->statement->select);
        if (!plan) return plan.error();
        describe(*plan->node, planned.sources);
        Snapshot snapshot;
        const bool is_open = open_->store.snapshot(snapshot).error().code == Code::none;
        EXPECT_TRUE(is_open);
        for (const TimePoint& time : binder.times()) {
            relation::RowsAsOf& rows = time.moment->rows;
            const Status opened =
                transaction == nullptr ? rows.open(snapshot) : rows.open(*transaction);
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
    std::deque<relation::TableDefinition> tables_;
    std::deque<std::vector<relation::Column>> columns_;
    std::deque<std::vector<relation::KeyColumn>> keys_;
    std::int64_t id_ = 0;

public:
    test::OpenStore& store() { return *open_; }
    const relation::TableDefinition& table(std::size_t index) { return tables_[index]; }
};

}  // namespace freshet::sql

// SPDX-License-Identifier: MIT
// Goal: the relations of the log say what was written, as of any commit, and a bound changes how
// rows are found, not which. Method: a store with streams, tables and settings, made by hand and at
// random; what comes with bounds beside what comes without them and is filtered here.
#include "sql/virtual_tables.hpp"

#include <algorithm>

#include "base/time_text.hpp"
#include "relation/table_row.hpp"
#include "sql/virtual_sources.hpp"
#include "tests/query_fixture.hpp"
#include "tests/table_fixture.hpp"

namespace freshet::sql {
namespace {

using relation::Comparison;
using test::Machine;
using test::OpenStore;
using Table = std::vector<std::vector<std::string>>;

const VirtualTable& table_called(std::string_view name) {
    const auto tables = virtual_tables();
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const VirtualTable& table) { return table.name == name; });
    EXPECT_NE(found, tables.end()) << name;
    return *found;
}

struct Question {
    std::vector<VirtualBound> bounds{};
    std::vector<const query::Scalar*> arguments{};
};

// All rows, each value as SQL would write it.
Table rows_of(const relation::Moment& moment, std::string_view name, const Question& question = {},
              std::size_t memory_size = std::size_t{1} << 18) {
    query::Memory memory{memory_size};
    SqlError error;
    const VirtualTable& table = table_called(name);
    const VirtualUse use{table, question.arguments, question.bounds, &moment, memory.arena, error};
    const auto source = table.make(use, table.context);
    EXPECT_TRUE(source);
    query::Context context{memory.arena};
    const auto rows = (*source)->open(context);
    EXPECT_TRUE(rows) << code_name(rows.error().code);
    Table all;
    query::Batch batch;
    while (rows) {
        const Result<bool> there = (*rows)->next(batch);
        EXPECT_TRUE(there) << code_name(there.error().code);
        if (!there || !*there) break;
        EXPECT_EQ(batch.columns.size(), table.columns.size());
        for (const query::Position at : batch.selection) {
            all.emplace_back();
            for (const query::Vector& column : batch.columns)
                all.back().push_back(shown(column[at]));
        }
    }
    return all;
}

class VirtualTables : public ::testing::Test {
protected:
    VirtualTables() {
        options.rows = &keeper;
        options.frame_size_max = 1 << 14;
        options.growth_size = 1 << 14;
    }

    // A moment that holds its snapshot.
    struct Held {
        Snapshot snapshot{};
        relation::Moment moment{};
    };
    Held moment(OpenStore& open, std::uint64_t commit = no_limit) {
        Held held;
        EXPECT_TRUE(open.store.snapshot(held.snapshot));
        const std::uint64_t at = std::min(commit, held.snapshot.commit());
        EXPECT_TRUE(held.moment.rows.open(held.snapshot, at));
        const auto tables = relation::load_tables(held.moment.rows, room.memory);
        EXPECT_TRUE(tables);
        held.moment.tables = *tables;
        return held;
    }
    static Table rows_of(const Held& held, std::string_view name, const Question& question = {}) {
        return sql::rows_of(held.moment, name, question);
    }
    VirtualBound bound(std::uint32_t column, Comparison comparison, const Value& value) {
        return {column, comparison, scalars.constant(value)};
    }

    relation::RowKeeper keeper;
    Options options = test::small_options();
    relation::Room room{std::size_t{1} << 22};
    query::Scalars scalars;
};

// pets(id INT PRIMARY KEY, name TEXT), its rows, and another table without a key.
relation::TableDefinition pets(relation::Keeper& texts) {
    relation::TableDefinition table;
    table.id = 1;
    table.name = "pets";
    std::vector<relation::Column> columns{relation::column("id", relation::ColumnType::integer),
                                          relation::column("name", relation::ColumnType::text)};
    columns[0].not_null = true;
    table.columns = texts.list(columns);
    table.primary_key = texts.list<relation::KeyColumn>({{0, relation::Sort::ascending}});
    return table;
}

class Pets {
public:
    Pets(Transaction& transaction, const relation::TableDefinition& table)
        : table_{table}, writer_{transaction} {}

    void write(relation::RowChange change, std::int64_t id, std::string_view name) {
        relation::Room room;
        SqlError error;
        const auto layout = relation::make_layout(table_, table_.version, room.memory);
        ASSERT_TRUE(layout);
        const relation::RowMaker maker{table_, *layout};
        std::vector<Value> row(layout->size());
        row[0] = Value::integer(id);
        row[1] = Value::text(name);
        const auto image = maker.image({}, row, room.memory);
        const auto key = maker.key(row, id, room.memory, error);
        ASSERT_TRUE(image && key);
        const bool erases = change == relation::RowChange::erase;
        const relation::RowName row_name{table_.id, *key};
        ASSERT_TRUE(writer_.write(row_name, change, erases ? Bytes{} : image->image));
    }

private:
    const relation::TableDefinition& table_;
    relation::RowWriter writer_;
};

TEST_F(VirtualTables, SayWhatWasAppended) {
    Machine machine;
    OpenStore open{machine.door(), options};
    Event event = test::event_of("{\"a\":1}", 7, "Opened");
    event.metadata = as_bytes("{\"by\":\"ann\"}");
    event.schema_version = 3;
    ASSERT_EQ(open.append_events("account-1", {event, test::event_of("\xff")}), Code::none);
    ASSERT_EQ(open.create("empty"), Code::none);
    const auto now = moment(open);
    const Table events = rows_of(now, "events");
    ASSERT_EQ(events.size(), 2U);
    const std::string time = events[0][EventColumn::time];
    EXPECT_EQ(events[0],
              (std::vector<std::string>{"0", "1", "'account-1'", "0", "'Opened'",
                                        "X'07000000000000000000000000000001'", "'{\"a\":1}'",
                                        "'{\"by\":\"ann\"}'", time, "3"}));
    EXPECT_EQ(events[1], (std::vector<std::string>{"1", "1", "'account-1'", "1", "'T'", "NULL",
                                                   "X'ff'", "NULL", time, "1"}));
    EXPECT_EQ(rows_of(now, "streams"), (Table{{"'account-1'", "'account'", "1", "0", "'open'"},
                                              {"'empty'", "'empty'", "-1", "0", "'open'"}}));
    EXPECT_EQ(rows_of(moment(open, 1), "streams").size(), 1U);
    EXPECT_TRUE(rows_of(moment(open, 0), "streams").empty());
    EXPECT_TRUE(rows_of(moment(open, 0), "events").empty());
}

TEST_F(VirtualTables, SayWhatStreamsHideAsOfEachCommit) {
    Machine machine;
    OpenStore open{machine.door(), options};
    ASSERT_TRUE(open.append("s", {"a", "b", "c", "d"}));
    const auto set = [&](const StreamSettings& settings) {
        ASSERT_TRUE(open.store.settings("s", settings, Expected::any(), open.diagnostic));
    };
    StreamSettings settings{.truncate_before = unchanged, .max_count = 3, .max_age_us = unchanged};
    set(settings);
    settings.closed = true;
    settings.truncate_before = 2;
    set(settings);
    const auto state = [&](std::uint64_t commit) {
        return rows_of(moment(open, commit), "streams");
    };
    EXPECT_EQ(state(1), (Table{{"'s'", "'s'", "3", "0", "'open'"}}));
    EXPECT_EQ(state(2), (Table{{"'s'", "'s'", "3", "1", "'open'"}}));
    EXPECT_EQ(state(3), (Table{{"'s'", "'s'", "3", "2", "'closed'"}}));
    EXPECT_EQ(rows_of(moment(open), "events").size(), 4U);
}

TEST_F(VirtualTables, SayWhoCommittedAndWhy) {
    Machine machine;
    {
        OpenStore open{machine.door(), options};
        ASSERT_TRUE(open.append("s", {"a", "b"}));
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        ASSERT_TRUE(transaction.annotate(as_bytes("{\"$actor\":\"bob\"}"), open.diagnostic));
        const std::string_view note =
            "{\"ticket\":7,\"$actor\":\"\\u00e4nn\",\"$message\":\"a \\\"b\\\"\"}";
        ASSERT_TRUE(transaction.annotate(as_bytes(note), open.diagnostic));
        const auto made = transaction.commit(Durability::durable, open.diagnostic);
        ASSERT_TRUE(made);
        EXPECT_EQ(made->commit, 2U);
        ASSERT_TRUE(open.append("s", {"c"}));
        ASSERT_EQ(open.verify(), Code::none);
        const std::string large(options.frame_size_max, ' ');
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        EXPECT_EQ(transaction.annotate(as_bytes(large), open.diagnostic).error().code,
                  Code::too_large);
    }
    OpenStore open{machine.door(), options};
    ASSERT_EQ(open.verify(), Code::none);
    const auto now = moment(open);
    const Table commits = rows_of(now, "commits");
    ASSERT_EQ(commits.size(), 3U);
    EXPECT_EQ(commits[0][0], "1");
    EXPECT_EQ(commits[0][2], "NULL");
    EXPECT_EQ(commits[0][5], "2");
    EXPECT_EQ(commits[1][2], "'\xc3\xa4nn'");
    EXPECT_EQ(commits[1][3], "'a \"b\"'");
    EXPECT_EQ(commits[1][4].size(),
              2 + std::string{"{'ticket':7,'$actor':'.u00e4nn','$message':'a .'b.''}"}.size());
    EXPECT_EQ(commits[1][5], "2");
    EXPECT_EQ(commits[2][3], "NULL");
    EXPECT_EQ(commits[1][6], commits[0][7]);
    EXPECT_EQ(commits[2][6], commits[1][7]);
    EXPECT_NE(commits[2][7], commits[1][7]);
    EXPECT_EQ(commits[2][7].size(), 10U);
    const Question only{{bound(0, Comparison::equal, Value::integer(2))}};
    EXPECT_EQ(rows_of(now, "commits", only), (Table{commits[1]}));
    EXPECT_EQ(rows_of(now, "events").size(), 3U);
}

TEST_F(VirtualTables, SayWhatBecameOfRows) {
    Machine machine;
    OpenStore open{machine.door(), options};
    relation::Keeper texts;
    relation::TableDefinition table = pets(texts);
    const auto in_transaction = [&](auto work) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        work(transaction);
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    };
    const auto define = [&](Transaction& transaction, relation::CatalogChange change) {
        relation::Room scratch;
        SqlError error;
        ASSERT_TRUE(relation::write_definition(transaction, change, table, scratch.memory, error));
    };
    in_transaction([&](Transaction& transaction) {
        define(transaction, relation::CatalogChange::create);
        Pets{transaction, table}.write(relation::RowChange::insert, 1, "ann");
    });
    in_transaction([&](Transaction& transaction) {
        Pets rows{transaction, table};
        rows.write(relation::RowChange::update, 1, "a\"b\n");
        rows.write(relation::RowChange::erase, 1, "");
        rows.write(relation::RowChange::insert, 1, "cid");
    });
    in_transaction([&](Transaction& transaction) {
        std::vector<relation::Column> columns{table.columns.begin(), table.columns.end()};
        columns.push_back(relation::column("legs", relation::ColumnType::integer));
        columns.back().added = 2;
        table.columns = texts.list(columns);
        table.version = 2;
        define(transaction, relation::CatalogChange::alter);
        Pets{transaction, table}.write(relation::RowChange::update, 1, "dan");
    });
    const Table changes = rows_of(moment(open), "changes");
    const std::string ann = "'{\"id\":1,\"name\":\"ann\"}'";
    const std::string quoted = "'{\"id\":1,\"name\":\"a\\\"b\\n\"}'";
    const std::string cid = "'{\"id\":1,\"name\":\"cid\"}'";
    const std::string dan = "'{\"id\":1,\"name\":\"dan\",\"legs\":null}'";
    EXPECT_EQ(changes, (Table{{"0", "1", "'pets'", "NULL", "'create'", "NULL", "NULL", "1"},
                              {"1", "1", "'pets'", "1", "'insert'", "NULL", ann, "1"},
                              {"2", "2", "'pets'", "1", "'update'", ann, quoted, "1"},
                              {"3", "2", "'pets'", "1", "'delete'", quoted, "NULL", "1"},
                              {"4", "2", "'pets'", "1", "'insert'", "NULL", cid, "1"},
                              {"5", "3", "'pets'", "NULL", "'alter'", "NULL", "NULL", "2"},
                              {"6", "3", "'pets'", "1", "'update'", cid, dan, "2"}}));
    // From the middle: what the table was is looked up.
    for (std::size_t from = 0; from < changes.size(); from++) {
        const Question question{{bound(ChangeColumn::ordinal, Comparison::greater_equal,
                                       Value::integer(static_cast<std::int64_t>(from)))}};
        EXPECT_EQ(rows_of(moment(open), "changes", question),
                  (Table{changes.begin() + static_cast<std::ptrdiff_t>(from), changes.end()}));
    }
    EXPECT_TRUE(rows_of(moment(open), "events").empty());
    EXPECT_EQ(rows_of(moment(open, 2), "changes").size(), 5U);
}

// What a bound says of a row that is shown: numbers and times as they are, texts in quotes.
bool holds(const VirtualBound& bound, const std::vector<std::string>& row) {
    const Value& value = bound.value->constant;
    const std::string& text = row[bound.column];
    Value shown_value;
    if (value.type() == Type::text)
        shown_value = Value::text({text.data() + 1, text.size() - 2});
    else if (value.type() == Type::timestamp)
        shown_value = Value::timestamp(*parse_timestamp({text.data() + 11, text.size() - 12}));
    else
        shown_value = Value::integer(std::stoll(text));
    return relation::compare(bound.comparison, shown_value, value) == relation::Truth::yes;
}

// The oracle: all rows, and each bound looked at here.
TEST_F(VirtualTables, GiveTheSameRowsWithBoundsAndWithout) {
    std::mt19937_64 random{1};
    relation::Keeper texts;
    Machine machine{1 << 18};
    options.segment_size = 1 << 18;
    OpenStore open{machine.door(), options};
    const auto name = [&] { return "s-" + std::to_string(random() % 5); };
    for (int i = 0; i < 150; i++) {
        std::vector<Event> events(1 + random() % 5, test::event_of("some payload of an event"));
        ASSERT_EQ(open.append_events(name(), events), Code::none);
    }
    const std::uint64_t newest = open.store.head().commit;
    for (int round = 0; round < 60; round++) {
        const auto now = moment(open, random() % 3 == 0 ? random() % newest : newest);
        const Table all = rows_of(now, "events");
        Question question;
        for (std::size_t count = 1 + random() % 3; count > 0; count--) {
            const std::array<std::uint32_t, 4> columns = {EventColumn::ordinal, EventColumn::commit,
                                                          EventColumn::idx, EventColumn::time};
            const std::uint32_t column = columns[random() % columns.size()];
            const auto number = static_cast<std::int64_t>(random() % 600) - 5;
            Value value = Value::integer(number);
            if (random() % 4 == 0) value = Value::real(static_cast<double>(number) + 0.5);
            if (column == EventColumn::time) value = Value::timestamp(1'000'000 + number * 10);
            question.bounds.push_back(bound(column, static_cast<Comparison>(random() % 6), value));
        }
        if (random() % 2 == 0)
            question.bounds.push_back(
                bound(EventColumn::stream, Comparison::equal, Value::text(texts.text(name()))));
        Table filtered;
        const auto fits = [&](const std::vector<std::string>& row) {
            return std::ranges::all_of(
                question.bounds, [&](const VirtualBound& bound) { return holds(bound, row); });
        };
        std::ranges::copy_if(all, std::back_inserter(filtered), fits);
        Table found = rows_of(now, "events", question);
        std::erase_if(found, [&](const auto& row) { return !fits(row); });
        ASSERT_EQ(found, filtered) << "round " << round;
    }
}

// Goal: too little memory is said, and nothing else. Method: all sizes up to the first that does.
TEST_F(VirtualTables, RunOutOfMemoryAtEverySize) {
    Machine machine;
    OpenStore open{machine.door(), options};
    ASSERT_TRUE(open.append("a-stream-with-a-name", {"a", "b", "c"}));
    const Held held = moment(open);
    for (const char* name : {"events", "streams", "commits", "changes", "pragma_function_list"}) {
        const VirtualTable& table = table_called(name);
        bool is_enough = false;
        for (std::size_t size = 0; size < (1 << 15) && !is_enough; size += 8) {
            query::Memory memory{size};
            SqlError error;
            const VirtualUse use{table, {}, {}, &held.moment, memory.arena, error};
            query::Context context{memory.arena};
            const auto source = table.make(use, table.context);
            Code code = source.error().code;
            if (source) {
                const auto rows = (*source)->open(context);
                code = rows.error().code;
                query::Batch batch;
                Result<bool> there = static_cast<bool>(rows);
                while (there && *there) there = (*rows)->next(batch);
                if (!there) code = there.error().code;
            }
            is_enough = code == Code::none;
            if (!is_enough) {
                ASSERT_EQ(code, Code::out_of_memory) << name << " in " << size;
            }
        }
        EXPECT_TRUE(is_enough) << name;
    }
}

}  // namespace
}  // namespace freshet::sql

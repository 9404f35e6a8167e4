// SPDX-License-Identifier: MIT
// Goal: the catalog's relations say what tables are, and the SQL that is made of a definition makes
// it. Method: a definition with something of everything, by hand; random ones, whose SQL has to be
// what it is printed as when it is parsed.
#include <algorithm>

#include "sql/describe_table.hpp"
#include "sql/parse.hpp"
#include "sql/print.hpp"
#include "sql/virtual_tables.hpp"
#include "tests/query_fixture.hpp"
#include "tests/table_fixture.hpp"

namespace freshet::sql {
namespace {

using Line = std::vector<std::string>;
using Table = std::vector<Line>;

Table rows_of(relation::Tables tables, std::string_view name, const char* argument = nullptr) {
    query::Memory memory;
    query::Scalars scalars;
    SqlError error;
    relation::Moment moment;
    moment.tables = tables;
    std::vector<const query::Scalar*> arguments;
    if (argument != nullptr) arguments.push_back(scalars.constant(Value::text(argument)));
    const auto all = virtual_tables();
    const auto table =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
    const VirtualUse use{*table, arguments, {}, &moment, memory.arena, error};
    const auto source = table->make(use, table->context);
    query::Context context{memory.arena};
    const auto rows = (*source)->open(context);
    EXPECT_TRUE(rows);
    Table found;
    query::Batch batch;
    for (Result<bool> there = (*rows)->next(batch); there && *there; there = (*rows)->next(batch)) {
        EXPECT_EQ(batch.columns.size(), table->columns.size()) << name;
        for (const query::Position at : batch.selection) {
            found.emplace_back();
            for (const query::Vector& column : batch.columns)
                found.back().push_back(shown(column[at]));
        }
    }
    return found;
}

std::string described(const relation::TableDefinition& table) {
    relation::Room room{1 << 16};
    const auto text = describe_table({&table, 1}, table, room.memory);
    EXPECT_TRUE(text);
    return std::string{*text};
}

std::string printed(const std::string& sql) {
    relation::Room room{1 << 16};
    SqlError error;
    const auto parsed = parse_statement(sql, 0, room.memory, error);
    EXPECT_TRUE(parsed) << sql << ": " << error.message();
    if (!parsed) return {};
    std::vector<char> text(1 << 16);
    return std::string{*print(*parsed->statement, text)};
}

TEST(VirtualCatalog, DescribesATableWithSomethingOfEverything) {
    relation::Keeper texts;
    EXPECT_EQ(described(relation::users(texts)),
              "CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, "
              "name VARCHAR(9) NOT NULL DEFAULT '?', email EMAIL, age INT, "
              "born DATE DEFAULT (CURRENT_DATE), boss INT, score FLOAT DEFAULT 1.5, "
              "CONSTRAINT users_email UNIQUE (email), CONSTRAINT grown CHECK (age >= 0), "
              "FOREIGN KEY (boss) REFERENCES users (id) ON DELETE SET NULL)");
}

TEST(VirtualCatalog, DescribesViews) {
    relation::Keeper texts;
    relation::TableDefinition view;
    view.id = 4;
    view.name = "all of it";
    view.view = "SELECT 1, 2";
    EXPECT_EQ(described(view), "CREATE VIEW \"all of it\" AS SELECT 1, 2");
    view.columns =
        texts.list<relation::Column>({relation::column("a", relation::ColumnType::text),
                                      relation::column("b", relation::ColumnType::text)});
    EXPECT_EQ(described(view), "CREATE VIEW \"all of it\" (a, b) AS SELECT 1, 2");
    EXPECT_EQ(printed(described(view)), described(view));
    EXPECT_EQ(rows_of({&view, 1}, "schema")[0][0], "'view'");
    EXPECT_EQ(rows_of({&view, 1}, "pragma_table_list")[0][2], "'view'");
}

TEST(VirtualCatalog, DescribesWhatIsParsedAsTheSame) {
    std::mt19937_64 random{1};
    for (int i = 0; i < 60; i++) {
        relation::Keeper texts;
        relation::TableDefinition table = relation::RandomDefinition{random, texts}.make();
        if (i % 3 == 0) table.name = "select a \"table\"";
        table.foreign_keys = {};
        std::string sql = described(table);
        const std::string again = printed(sql);
        // The printer writes blobs in small letters.
        for (std::size_t at = 0; (at = sql.find("DEFAULT X'", at)) != std::string::npos;)
            sql[at + 8] = 'x';
        ASSERT_EQ(again, sql);
        for (const relation::Index& index : table.indexes) {
            relation::Room room{1 << 16};
            const auto text = describe_index(table, index, room.memory);
            ASSERT_TRUE(text);
            ASSERT_EQ(printed(std::string{*text}), *text);
        }
    }
}

TEST(VirtualCatalog, HasTheRelationsOfSqlite) {
    relation::Keeper texts;
    const relation::TableDefinition users = relation::users(texts);
    const relation::Tables tables{&users, 1};
    EXPECT_EQ(rows_of(tables, "pragma_table_list"),
              (Table{{"'main'", "'users'", "'table'", "7", "0", "1"}}));
    EXPECT_EQ(rows_of(tables, "pragma_table_list", "USERS").size(), 1U);
    EXPECT_TRUE(rows_of(tables, "pragma_table_list", "user").empty());
    const Table columns = rows_of(tables, "pragma_table_info", "Users");
    ASSERT_EQ(columns.size(), 7U);
    EXPECT_EQ(columns[0], (Line{"0", "'id'", "'INT'", "1", "NULL", "1"}));
    EXPECT_EQ(columns[1], (Line{"1", "'name'", "'VARCHAR(9)'", "1", "'''?'''", "0"}));
    EXPECT_EQ(columns[4][4], "'CURRENT_DATE'");
    EXPECT_EQ(columns[6], (Line{"6", "'score'", "'FLOAT'", "0", "'1.5'", "0"}));
    const Table all = rows_of(tables, "pragma_table_xinfo", "users");
    ASSERT_EQ(all.size(), 11U);
    EXPECT_EQ(all[6][6], "0");
    EXPECT_EQ(all[7], (Line{"7", "'row_start'", "'TIMESTAMP'", "0", "NULL", "0", "1"}));
    EXPECT_EQ(
        rows_of(tables, "pragma_index_list", "users"),
        (Table{{"0", "'users_email'", "1", "'u'", "0"}, {"1", "'by_name'", "0", "'c'", "0"}}));
    EXPECT_EQ(rows_of(tables, "pragma_index_info", "by_name"),
              (Table{{"0", "1", "'name'"}, {"1", "3", "'age'"}}));
    EXPECT_EQ(
        rows_of(tables, "pragma_foreign_key_list", "users"),
        (Table{{"0", "0", "'users'", "'boss'", "'id'", "'NO ACTION'", "'SET NULL'", "'NONE'"}}));
    const Table schema = rows_of(tables, "sqlite_schema");
    ASSERT_EQ(schema.size(), 3U);
    EXPECT_EQ(schema[0][0] + schema[0][1] + schema[0][2], "'table''users''users'");
    EXPECT_EQ(schema[1][3], "NULL");
    EXPECT_EQ(schema[2], (Line{"'index'", "'by_name'", "'users'",
                               "'CREATE INDEX by_name ON users (name, age DESC)'"}));
    EXPECT_EQ(rows_of(tables, "schema"), schema);
    for (const char* name :
         {"pragma_table_info", "pragma_index_list", "pragma_index_info", "pragma_foreign_key_list"})
        EXPECT_TRUE(rows_of(tables, name, "nobody").empty()) << name;
}

TEST(VirtualCatalog, NamesWhatThereIsInAllStores) {
    const Table functions = rows_of({}, "pragma_function_list");
    const auto has = [&](const char* name) {
        return std::ranges::any_of(functions, [&](const auto& row) { return row[0] == name; });
    };
    EXPECT_TRUE(has("'abs'"));
    EXPECT_TRUE(has("'total'"));
    EXPECT_EQ(rows_of({}, "pragma_database_list"), (Table{{"0", "'main'", "''"}}));
    EXPECT_EQ(rows_of({}, "pragma_pragma_list").front(), Line{"'table_list'"});
    EXPECT_FALSE(rows_of({}, "pragma_compile_options").empty());
    EXPECT_TRUE(rows_of({}, "sqlite_schema").empty());
}

}  // namespace
}  // namespace freshet::sql

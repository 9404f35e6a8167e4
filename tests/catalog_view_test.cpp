// SPDX-License-Identifier: MIT
// Goal: tables, indexes and what foreign keys refer to are found by name, or words say why not.
// Method: two tables, one case for each answer and refusal; every arena size.
#include <gtest/gtest.h>

#include "relation/alter.hpp"
#include "relation/catalog_view.hpp"
#include "tests/definition_fixture.hpp"

namespace freshet::relation {
namespace {

// users, and CREATE TABLE orders (user INT, mail TEXT, price FLOAT) without a key.
struct Shop {
    Shop() : room(4096), memory{room} {
        const auto column = [](std::string_view name, ColumnType type) {
            Column result;
            result.name = name;
            result.type = type;
            return result;
        };
        TableDefinition orders;
        orders.id = 20;
        orders.name = "orders";
        orders.columns = keeper.list<Column>({column("user", ColumnType::integer),
                                              column("mail", ColumnType::text),
                                              column("price", ColumnType::real)});
        tables = {users(keeper), orders};
    }
    std::string words() const {
        EXPECT_FALSE(error.hint().empty());
        return std::string{code_name(error.error.code)} + ": " + std::string{error.message()} +
               " (" + std::string{error.hint()} + ")";
    }
    std::string refer(std::size_t table, const Reference& reference) {
        const Result<ForeignKey> found =
            resolve_reference(tables, tables[table], reference, memory, error);
        if (!found) {
            EXPECT_EQ(found.error().code, error.error.code);
            return words();
        }
        key = *found;
        return {};
    }

    Keeper keeper;
    std::vector<std::byte> room;
    Arena memory;
    SqlError error;
    std::vector<TableDefinition> tables;
    ForeignKey key;
};

using Names = std::vector<std::string_view>;

TEST(CatalogView, FindsTablesAndIndexesByName) {
    Shop shop;
    EXPECT_EQ(find_table(shop.tables, "ORDERS"), &shop.tables[1]);
    EXPECT_EQ(find_table(shop.tables, 7), &shop.tables[0]);
    EXPECT_EQ(find_table(shop.tables, 8), nullptr);
    EXPECT_EQ(find_table(shop.tables, "by_name"), nullptr);
    const FoundIndex found = find_index(shop.tables, "By_Name");
    EXPECT_EQ(found.table, &shop.tables[0]);
    EXPECT_EQ(found.index, &shop.tables[0].indexes[1]);
    EXPECT_EQ(*need_table(shop.tables, "users", shop.error), &shop.tables[0]);
    EXPECT_EQ(need_index(shop.tables, "by_name", shop.error)->index, found.index);
    EXPECT_EQ(*need_column(shop.tables[0], "AGE", shop.error), 3);
}

TEST(CatalogView, ProposesWhatMayHaveBeenMeant) {
    Shop shop;
    EXPECT_FALSE(need_table(shop.tables, "USRES", shop.error));
    EXPECT_EQ(shop.words(), "unknown-name: there is no table USRES (did you mean users?)");
    EXPECT_FALSE(need_table(shop.tables, "invoices", shop.error));
    EXPECT_EQ(shop.words(), "unknown-name: there is no table invoices (look at how it is written)");
    EXPECT_FALSE(need_index(shop.tables, "byname", shop.error));
    EXPECT_EQ(shop.words(), "unknown-name: there is no index byname (did you mean by_name?)");
    EXPECT_FALSE(need_column(shop.tables[1], "prise", shop.error));
    EXPECT_EQ(shop.words(), "unknown-name: orders has no column prise (did you mean price?)");
    const std::string long_name(200, 'x');
    EXPECT_FALSE(need_table(shop.tables, long_name, shop.error));
    EXPECT_EQ(shop.error.hint(), "look at how it is written");
}

TEST(CatalogView, HasOnePoolOfNames) {
    Shop shop;
    EXPECT_TRUE(need_free_name(shop.tables, "invoices", shop.error));
    EXPECT_FALSE(need_free_name(shop.tables, "Users", shop.error));
    EXPECT_EQ(shop.words(),
              "already-exists: there is a table Users already (give it another name, "
              "or say IF NOT EXISTS)");
    EXPECT_FALSE(need_free_name(shop.tables, "by_name", shop.error));
    EXPECT_EQ(shop.words(),
              "already-exists: there is an index by_name already (give it another "
              "name, or say IF NOT EXISTS)");
}

TEST(CatalogView, FindsWhatAForeignKeyRefersTo) {
    Shop shop;
    ASSERT_EQ(shop.refer(1, {Names{"user"}, "users", {}}), "");
    EXPECT_EQ(shop.key.table, 7u);
    EXPECT_EQ(shop.key.columns[0], 0);
    EXPECT_EQ(shop.key.referenced[0], 0);
    ASSERT_EQ(shop.refer(1, {Names{"mail"}, "USERS", Names{"email"}}), "");
    EXPECT_EQ(shop.key.referenced[0], 2);
    ASSERT_EQ(shop.refer(0, {Names{"boss"}, "users", Names{"id"}}), "");
    EXPECT_EQ(shop.key.table, 7u);
    const TableDefinition users = shop.tables[0];
    shop.tables.erase(shop.tables.begin());  // It is being created.
    EXPECT_TRUE(resolve_reference(shop.tables, users, {Names{"boss"}, "users", {}}, shop.memory,
                                  shop.error));
}

TEST(CatalogView, SaysWhyAForeignKeyCannotReferToThis) {
    Shop shop;
    EXPECT_EQ(shop.refer(1, {Names{"user"}, "user", {}}),
              "unknown-name: there is no table user (did you mean users?)");
    EXPECT_EQ(shop.refer(1, {Names{"usr"}, "users", {}}),
              "unknown-name: orders has no column usr (did you mean user?)");
    EXPECT_EQ(shop.refer(1, {Names{"user"}, "users", Names{"ids"}}),
              "unknown-name: users has no column ids (did you mean id?)");
    EXPECT_EQ(
        shop.refer(0, {Names{"boss"}, "orders", {}}),
        "invalid-argument: orders has no primary key (name the columns that are referred to)");
    EXPECT_EQ(shop.refer(1, {Names{"user"}, "users", Names{"age"}}),
              "invalid-argument: what orders refers to in users is not unique: age (make it the "
              "primary key, or UNIQUE)");
    EXPECT_EQ(shop.refer(1, {Names{"user"}, "users", Names{"email"}}),
              "invalid-argument: orders.user is INT, and users.email, to which it refers, is EMAIL "
              "(give both the same type)");
    EXPECT_EQ(shop.refer(1, {Names{"user", "mail"}, "users", {}}),
              "invalid-argument: a FOREIGN KEY of orders has not as many columns as it refers to "
              "(name a column for each)");
    EXPECT_EQ(shop.refer(1, {Names{"user", "USER"}, "users", {}}),
              "invalid-argument: a FOREIGN KEY names orders.USER twice (take one away)");
}

TEST(CatalogView, DropsNothingThatIsReferredTo) {
    Shop shop;
    EXPECT_TRUE(is_unreferenced(shop.tables, shop.tables[0], shop.error));  // But by itself.
    ASSERT_EQ(shop.refer(1, {Names{"mail"}, "users", Names{"email"}}), "");
    shop.tables[1].foreign_keys = {&shop.key, 1};
    EXPECT_FALSE(is_unreferenced(shop.tables, shop.tables[0], shop.error));
    EXPECT_EQ(shop.words(),
              "in-use: users cannot be dropped: a FOREIGN KEY of orders refers to it "
              "(drop orders first)");
    EXPECT_TRUE(is_unreferenced(shop.tables, shop.tables[1], shop.error));

    const FoundIndex by_email{&shop.tables[0], &shop.tables[0].indexes[0]};
    const FoundIndex by_name{&shop.tables[0], &shop.tables[0].indexes[1]};
    EXPECT_TRUE(is_unreferenced(shop.tables, by_name, shop.error));
    EXPECT_FALSE(is_unreferenced(shop.tables, by_email, shop.error));
    EXPECT_EQ(shop.words(),
              "in-use: the index users_email cannot be dropped: a FOREIGN KEY of "
              "orders refers to what it keeps unique (make another UNIQUE index of "
              "the same columns first)");
    Index other = *by_email.index;
    other.id = 99;
    other.name = "users_email_2";
    shop.tables[0] = *add_index(shop.tables[0], other, shop.memory, shop.error);
    EXPECT_TRUE(
        is_unreferenced(shop.tables, {&shop.tables[0], &shop.tables[0].indexes[0]}, shop.error));
}

TEST(CatalogView, SurvivesEveryArenaSize) {
    Shop shop;
    const Names mail{"mail"};
    const Names email{"email"};
    for (std::size_t size = 0; size < 64; size++) {
        std::vector<std::byte> room(size);
        Arena memory{room};
        const Result<ForeignKey> key = resolve_reference(
            shop.tables, shop.tables[1], {mail, "users", email}, memory, shop.error);
        if (key) return;
        ASSERT_EQ(key.error().code, Code::out_of_memory);
        ASSERT_EQ(shop.error.error.code, Code::out_of_memory);
    }
    FAIL() << "64 bytes should have been enough";
}

}  // namespace
}  // namespace freshet::relation

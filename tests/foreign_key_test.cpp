// SPDX-License-Identifier: MIT
// Goal: after each statement no row refers to what is not there, and what CASCADE and SET NULL
// change is what a model of them says. Method: random changes of two tables, one of which refers
// to the other and to itself, by actions chosen at random, with and without indexes; what is
// refused is taken back. Then what has an order: RESTRICT, rows that come in the wrong one, long
// chains.
#include <optional>

#include "relation/table_writer.hpp"
#include "tests/table_fixture.hpp"

namespace freshet::relation {
namespace {

using test::Machine;
using test::OpenStore;
using Number = std::optional<std::int64_t>;

struct Child {
    Number parent;
    Number code;
    Number boss;
};
struct Model {
    // By their ids: the codes of parents, and what children have.
    std::map<std::int64_t, Number> parents;
    std::map<std::int64_t, Child> children;
};

Value value_of(const Number& number) {
    return number ? Value::integer(*number) : Value{};
}

class ForeignKeys : public ::testing::Test {
protected:
    ForeignKeys() {
        options.rows = &keeper;
        options.segment_count_max = 400;
        options.pool_size = std::size_t{4} << 20;
    }

    void define(ReferenceAction by_id, ReferenceAction by_code, ReferenceAction by_boss,
                bool has_indexes) {
        TableDefinition parent;
        parent.id = 128;
        parent.name = "parents";
        std::vector<Column> columns{column("id", ColumnType::integer),
                                    column("code", ColumnType::integer)};
        columns[0].not_null = true;
        parent.columns = texts.list(columns);
        parent.primary_key = texts.list<KeyColumn>({{0, Sort::ascending}});
        Index by_number{129, "codes", texts.list<KeyColumn>({{1, Sort::ascending}})};
        by_number.unique = true;
        by_number.hash = has_indexes;
        parent.indexes = texts.list<Index>({by_number});

        TableDefinition child;
        child.id = 256;
        child.name = "children";
        columns = {column("id", ColumnType::integer), column("parent", ColumnType::integer),
                   column("code", ColumnType::integer), column("boss", ColumnType::integer)};
        columns[0].not_null = true;
        child.columns = texts.list(columns);
        child.primary_key = texts.list<KeyColumn>({{0, Sort::descending}});
        std::vector<Index> indexes;
        for (std::uint16_t i = 1; has_indexes && i < 4; i++) {
            indexes.push_back({std::uint32_t{256} + i, texts.text("by" + std::to_string(i)),
                               texts.list<KeyColumn>({{i, Sort::ascending}})});
            indexes.back().hash = i == 2;
        }
        child.indexes = texts.list(indexes);
        const auto key = [&](ColumnNumber own, std::uint32_t table, ColumnNumber other,
                             ReferenceAction action) {
            return ForeignKey{texts.text("to" + std::to_string(own)),
                              texts.list<ColumnNumber>({own}),
                              table,
                              texts.list<ColumnNumber>({other}),
                              action,
                              action};
        };
        child.foreign_keys = texts.list<ForeignKey>(
            {key(1, 128, 0, by_id), key(2, 128, 1, by_code), key(3, 256, 0, by_boss)});
        tables = {parent, child};
    }

    void create(OpenStore& open) {
        Transaction transaction;
        Room room;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (const TableDefinition& table : tables)
            ASSERT_TRUE(
                write_definition(transaction, CatalogChange::create, table, room.memory, error));
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    }

    static std::vector<Value> row_of(std::int64_t id, const Number& code) {
        return {Value::integer(id), value_of(code)};
    }
    static std::vector<Value> row_of(std::int64_t id, const Child& child) {
        return {Value::integer(id), value_of(child.parent), value_of(child.code),
                value_of(child.boss)};
    }
    std::string key_of(std::size_t table, std::int64_t id) const {
        std::array<std::byte, 9> room{};
        const Sort sort = tables[table].primary_key[0].sort;
        return std::string{as_text(KeyWriter{room}.value(Value::integer(id), sort).written())};
    }

    // A statement of one change: the row of an id becomes another one; empty: there is none.
    Code change(Transaction& transaction, std::size_t table, std::int64_t id,
                const std::vector<Value>& before, const std::vector<Value>& after) {
        error = SqlError{};
        Room room;
        TableWriter writer;
        EXPECT_TRUE(writer.open(transaction, tables, tables[table], room.memory));
        const std::string key = key_of(table, id);
        Status done = before.empty()  ? writer.insert(after, error)
                      : after.empty() ? writer.erase(as_bytes(key), before, error)
                                      : writer.update(as_bytes(key), before, after, error);
        if (done) done = writer.finish(error);
        if (!done) {
            EXPECT_FALSE(error.message().empty()) << code_name(done.error().code);
        }
        return done.error().code;
    }

    template <class T>
    static auto& member(std::size_t key, T& child) {
        return key == 0 ? child.parent : key == 1 ? child.code : child.boss;
    }
    // What the actions make of rows that refer to what is gone, or called otherwise now.
    void follow(Model& model, std::size_t key, const Number& old, const Number& now, bool is_gone) {
        if (!old || (!is_gone && old == now)) return;
        const ReferenceAction action = tables[1].foreign_keys[key].on_delete;
        if (action == ReferenceAction::no_action) return;
        std::vector<std::int64_t> ids;
        for (const auto& [id, child] : model.children)
            if (member(key, child) == old) ids.push_back(id);
        for (const std::int64_t id : ids) {
            const auto found = model.children.find(id);
            if (found == model.children.end()) continue;
            if (is_gone && action == ReferenceAction::cascade) {
                model.children.erase(found);
                follow(model, 2, id, {}, true);
            } else {
                member(key, found->second) = action == ReferenceAction::cascade ? now : Number{};
            }
        }
    }
    static bool is_sound(const Model& model) {
        for (const auto& [id, child] : model.children) {
            if (child.parent && model.parents.count(*child.parent) == 0) return false;
            if (child.boss && model.children.count(*child.boss) == 0) return false;
            const auto has_code = [code = child.code](const auto& parent) {
                return parent.second == code;
            };
            if (child.code && std::none_of(model.parents.begin(), model.parents.end(), has_code))
                return false;
        }
        return true;
    }

    Number some() {
        if (random() % 3 == 0) return {};
        return static_cast<std::int64_t>(random() % 8 + 1);
    }

    void change_parent(Transaction& transaction, Model& model, Code& code) {
        const auto id = static_cast<std::int64_t>(random() % 8 + 1);
        const auto there = model.parents.find(id);
        const auto is_taken = [&](const Number& wanted, std::int64_t but) {
            return wanted &&
                   std::any_of(model.parents.begin(), model.parents.end(), [&](const auto& parent) {
                       return parent.first != but && parent.second == wanted;
                   });
        };
        if (there == model.parents.end()) {
            const Number number = some();
            if (is_taken(number, 0)) return;
            code = change(transaction, 0, id, {}, row_of(id, number));
            model.parents[id] = number;
            return;
        }
        const Number old = there->second;
        const bool is_gone = random() % 2 == 0;
        const auto new_id = static_cast<std::int64_t>(random() % 8 + 1);
        const Number number = random() % 2 == 0 ? old : some();
        if (!is_gone &&
            (is_taken(number, id) || (new_id != id && model.parents.count(new_id) != 0)))
            return;
        code = change(transaction, 0, id, row_of(id, old),
                      is_gone ? std::vector<Value>{} : row_of(new_id, number));
        model.parents.erase(id);
        if (!is_gone) model.parents[new_id] = number;
        follow(model, 0, id, new_id, is_gone);
        follow(model, 1, old, number, is_gone);
    }

    void change_child(Transaction& transaction, Model& model, Code& code) {
        const auto id = static_cast<std::int64_t>(random() % 12 + 1);
        const auto there = model.children.find(id);
        const Child child{some(), some(), some()};
        if (there == model.children.end()) {
            code = change(transaction, 1, id, {}, row_of(id, child));
            model.children[id] = child;
            return;
        }
        const Child old = there->second;
        const bool is_gone = random() % 3 == 0;
        const auto new_id = static_cast<std::int64_t>(random() % 12 + 1);
        if (!is_gone && new_id != id && model.children.count(new_id) != 0) return;
        code = change(transaction, 1, id, row_of(id, old),
                      is_gone ? std::vector<Value>{} : row_of(new_id, child));
        model.children.erase(id);
        if (!is_gone) model.children[new_id] = child;
        follow(model, 2, id, new_id, is_gone);
    }

    void expect_same(const RowsAsOf& rows, const Model& model) {
        Room room;
        std::vector<std::string> wanted;
        for (const auto& [id, code] : model.parents) wanted.push_back(show(row_of(id, code)));
        TableReader parents;
        ASSERT_TRUE(parents.open(rows, tables[0], room.memory));
        parents.scan();
        ASSERT_EQ(rest_of(parents), wanted);
        wanted.clear();
        for (const auto& [id, child] : model.children) wanted.push_back(show(row_of(id, child)));
        std::reverse(wanted.begin(), wanted.end());
        TableReader children;
        ASSERT_TRUE(children.open(rows, tables[1], room.memory));
        children.scan();
        ASSERT_EQ(rest_of(children), wanted);
    }

    std::mt19937_64 random{1};
    Keeper texts;
    std::vector<TableDefinition> tables;
    SqlError error;
    std::vector<std::byte> kept = std::vector<std::byte>(1 << 16);
    RowKeeper keeper{kept};
    Options options = test::small_options();
};

TEST_F(ForeignKeys, HoldAfterEachStatement) {
    constexpr std::array actions{ReferenceAction::no_action, ReferenceAction::cascade,
                                 ReferenceAction::set_null};
    std::size_t refused = 0;
    std::size_t done = 0;
    for (std::uint64_t seed = 1; seed <= 24; seed++) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        random.seed(seed);
        define(actions[random() % 3], actions[random() % 3], actions[random() % 3], seed % 2 == 0);
        Machine machine{1 << 18};
        std::vector<Model> past(2);
        {
            OpenStore open{machine.door(), options};
            create(open);
            for (int i = 0; i < 12; i++) {
                Transaction transaction;
                ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
                RowsAsOf rows;
                ASSERT_TRUE(rows.open(transaction));
                Model model = past.back();
                for (int k = 0; k < 12; k++) {
                    ASSERT_TRUE(transaction.save(open.diagnostic));
                    Model next = model;
                    Code code = Code::none;
                    if (random() % 2 == 0)
                        change_parent(transaction, next, code);
                    else
                        change_child(transaction, next, code);
                    ASSERT_EQ(code, is_sound(next) ? Code::none : Code::constraint_failed)
                        << error.message();
                    if (code == Code::none) {
                        model = next;
                        done++;
                        ASSERT_TRUE(transaction.release(0, open.diagnostic));
                    } else {
                        refused++;
                        ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
                        ASSERT_TRUE(transaction.release(0, open.diagnostic));
                    }
                    expect_same(rows, model);
                    if (HasFatalFailure()) return;
                }
                const std::vector<Event> events = {test::event_of("beside")};
                ASSERT_TRUE(
                    transaction.append({"stream", Expected::any(), events}, open.diagnostic));
                ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
                past.push_back(model);
            }
            ASSERT_EQ(open.verify(), Code::none);
        }
        OpenStore again{machine.door(), options};
        ASSERT_EQ(again.verify(), Code::none);
        Snapshot snapshot;
        ASSERT_TRUE(again.store.snapshot(snapshot));
        for (std::uint64_t commit = 1; commit < past.size(); commit++) {
            RowsAsOf rows;
            ASSERT_TRUE(rows.open(snapshot, commit));
            expect_same(rows, past[commit]);
        }
    }
    EXPECT_GT(refused, 300U);
    EXPECT_GT(done, 300U);
}

TEST_F(ForeignKeys, NameWhatIsInTheWay) {
    const auto restrict = ReferenceAction::restrict;
    define(restrict, restrict, restrict, true);
    Machine machine;
    OpenStore open{machine.door(), options};
    create(open);
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    ASSERT_EQ(change(transaction, 0, 1, {}, row_of(1, Number{7})), Code::none);
    ASSERT_EQ(change(transaction, 1, 5, {}, row_of(5, Child{1, {}, 5})), Code::none);
    EXPECT_EQ(change(transaction, 0, 1, row_of(1, Number{7}), {}), Code::constraint_failed);
    EXPECT_EQ(error.message(),
              "parents.id: 1 is referred to by a row of children.parent, written by commit 2: "
              "FOREIGN KEY to1");
    EXPECT_EQ(change(transaction, 0, 1, row_of(1, Number{7}), row_of(2, Number{7})),
              Code::constraint_failed);
    EXPECT_EQ(change(transaction, 0, 1, row_of(1, Number{7}), row_of(1, Number{8})), Code::none);
    EXPECT_EQ(change(transaction, 1, 6, {}, row_of(6, Child{9, {}, {}})), Code::constraint_failed);
    EXPECT_EQ(error.message(),
              "children.parent: 9 refers to no row of parents.id: FOREIGN KEY to1");
    EXPECT_EQ(change(transaction, 0, 2, {}, row_of(2, Number{8})), Code::constraint_failed);
    EXPECT_EQ(error.message(),
              "parents.code: 8 is there already, written by commit 2: UNIQUE codes");
    EXPECT_EQ(change(transaction, 0, 1, {}, row_of(1, Number{9})), Code::constraint_failed);
    EXPECT_EQ(error.message(), "parents.id: 1 is there already, written by commit 2: PRIMARY KEY");
}

// A chain of bosses is no recursion, and takes no stack.
TEST_F(ForeignKeys, CascadeDownLongChains) {
    define(ReferenceAction::cascade, ReferenceAction::cascade, ReferenceAction::cascade, true);
    options.segment_size = 1 << 20;
    options.frame_size_max = 1 << 17;
    options.growth_size = 1 << 16;
    Machine machine{1 << 20};
    OpenStore open{machine.door(), options};
    create(open);
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    Room room{std::size_t{8} << 20};
    TableWriter writer;
    ASSERT_TRUE(writer.open(transaction, tables, tables[1], room.memory));
    // The boss comes behind: all is well at the end.
    for (std::int64_t id = 1; id <= 2000; id++)
        ASSERT_TRUE(
            writer.insert(row_of(id, Child{{}, {}, id < 2000 ? Number{id + 1} : Number{}}), error));
    ASSERT_TRUE(writer.finish(error));
    const std::string key = key_of(1, 2000);
    ASSERT_TRUE(writer.erase(as_bytes(key), row_of(2000, Child{}), error));
    ASSERT_TRUE(writer.finish(error));
    RowsAsOf rows;
    ASSERT_TRUE(rows.open(transaction));
    expect_same(rows, Model{});
}

}  // namespace
}  // namespace freshet::relation

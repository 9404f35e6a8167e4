// SPDX-License-Identifier: MIT
// Definitions of tables for tests: one that has something of everything, and random ones.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "relation/definition.hpp"

namespace freshet::relation {

// Keeps the lists and texts of definitions for as long as it lives.
class Keeper {
public:
    std::string_view text(std::string text) {
        texts_.push_back(std::make_unique<std::string>(std::move(text)));
        return *texts_.back();
    }
    template <class T>
    std::span<const T> list(std::vector<T> items) {
        auto kept = std::make_shared<std::vector<T>>(std::move(items));
        lists_.push_back(kept);
        return *kept;
    }

private:
    std::deque<std::unique_ptr<std::string>> texts_;
    std::deque<std::shared_ptr<void>> lists_;
};

// CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(9) NOT NULL DEFAULT '?',
// email EMAIL UNIQUE, age INT CHECK (age >= 0), born DATE DEFAULT (CURRENT_DATE), boss INT
// REFERENCES users ON DELETE SET NULL), with an index by name and age; then `old FLOAT`, which was
// column 6 of versions 1 and 2, is gone, and `score FLOAT DEFAULT 1.5` came with version 3.
inline TableDefinition users(Keeper& keeper) {
    const auto column = [](std::string_view name, ColumnType type, std::string_view declared) {
        Column result;
        result.name = name;
        result.type = type;
        result.declared_type = declared;
        return result;
    };
    std::vector<Column> columns{
        column("id", ColumnType::integer, "INT"),    column("name", ColumnType::text, "VARCHAR(9)"),
        column("email", ColumnType::email, "EMAIL"), column("age", ColumnType::integer, "INT"),
        column("born", ColumnType::date, "DATE"),    column("boss", ColumnType::integer, "INT"),
        column("old", ColumnType::real, "FLOAT"),    column("score", ColumnType::real, "FLOAT")};
    columns[0].not_null = true;
    columns[0].auto_increment = true;
    columns[1].not_null = true;
    columns[1].default_value = Value::text("?");
    columns[4].default_text = "CURRENT_DATE";
    columns[6].dropped = 3;
    columns[7].added = 3;
    columns[7].default_value = Value::real(1.5);
    columns[7].missing = Value::real(1.5);

    TableDefinition table;
    table.id = 7;
    table.version = 3;
    table.name = "users";
    table.columns = keeper.list(columns);
    table.primary_key = keeper.list<KeyColumn>({{0, Sort::ascending}});
    Index by_email;
    by_email.id = 8;
    by_email.name = "users_email";
    by_email.columns = keeper.list<KeyColumn>({{2, Sort::ascending}});
    by_email.unique = true;
    by_email.hash = true;
    by_email.is_constraint = true;
    Index by_name;
    by_name.id = 300;
    by_name.name = "by_name";
    by_name.columns = keeper.list<KeyColumn>({{1, Sort::ascending}, {3, Sort::descending}});
    table.indexes = keeper.list<Index>({by_email, by_name});
    table.checks =
        keeper.list<CheckConstraint>({{"grown", "age >= 0", keeper.list<ColumnNumber>({3})}});
    table.foreign_keys = keeper.list<ForeignKey>(
        {{"", keeper.list<ColumnNumber>({5}), 7, keeper.list<ColumnNumber>({0}),
          ReferenceAction::set_null, ReferenceAction::no_action}});
    return table;
}

inline Value random_value(ColumnType type, std::mt19937_64& random, Keeper& keeper) {
    const auto number = static_cast<std::int64_t>(random()) >> random() % 64;
    switch (type) {
        case ColumnType::boolean: return Value::boolean(number % 2 == 0);
        case ColumnType::integer: return Value::integer(number);
        case ColumnType::real: return Value::real(static_cast<double>(number) / 8);
        case ColumnType::date: return Value::date(number % date_min);
        case ColumnType::timestamp: return Value::timestamp(number % timestamp_min);
        case ColumnType::email:
            return Value::text(keeper.text("a" + std::to_string(random() % 99) + "@b.de"));
        default: break;
    }
    const std::string_view text =
        keeper.text(std::string(random() % 20, static_cast<char>('a' + random() % 26)));
    return type == ColumnType::text ? Value::text(text) : Value::blob(as_bytes(text));
}

class RandomDefinition {
public:
    RandomDefinition(std::mt19937_64& random, Keeper& keeper) : random_{random}, keeper_{keeper} {}

    TableDefinition make() {
        TableDefinition table;
        table.id = below(1000) + 1;
        table.version = below(5) + 1;
        table.name = name("table");
        std::uint32_t added = 1;
        do {
            columns_.clear();
            for (std::size_t count = 1 + below(12); count > 0; count--) {
                columns_.push_back(column(table.version, added));
                added = columns_.back().added;
            }
            added = 1;
            live_.clear();
            for (std::size_t i = 0; i < columns_.size(); i++)
                if (is_live(columns_[i])) live_.push_back(static_cast<ColumnNumber>(i));
        } while (live_.empty());
        if (chance(70)) table.primary_key = key();
        for (const KeyColumn& key : table.primary_key) columns_[key.column].not_null = true;
        table.indexes = list<Index>([this] { return index(); });
        table.checks = list<CheckConstraint>([this] {
            return CheckConstraint{chance(50) ? name("check") : "", keeper_.text("x > 0"),
                                   numbers()};
        });
        table.foreign_keys = list<ForeignKey>([this] {
            const auto own = numbers();
            return ForeignKey{"",
                              own,
                              below(9) + 1,
                              keeper_.list(std::vector<ColumnNumber>(own.size(), 3)),
                              static_cast<ReferenceAction>(below(reference_action_count)),
                              static_cast<ReferenceAction>(below(reference_action_count))};
        });
        table.columns = keeper_.list(columns_);
        return table;
    }

private:
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    bool chance(unsigned percent) { return below(100) < percent; }
    std::string_view name(const char* what) {
        return keeper_.text(what + std::to_string(number_++));
    }
    Column column(std::uint32_t version, std::uint32_t added) {
        Column column;
        column.name = name("column");
        column.type = static_cast<ColumnType>(1 + below(column_type_count - 1));
        column.declared_type = type_name(column.type);
        column.not_null = chance(30);
        if (chance(30))
            column.default_value = random_value(column.type, random_, keeper_);
        else if (chance(20))
            column.default_text = "random()";
        column.added = added + below(version - added + 1);
        if (column.added > 1) column.missing = column.default_value;
        if (column.added < version && chance(30))
            column.dropped = column.added + 1 + below(version - column.added);
        return column;
    }
    std::vector<ColumnNumber> some() {
        std::vector<ColumnNumber> numbers = live_;
        std::shuffle(numbers.begin(), numbers.end(), random_);
        numbers.resize(1 + below(static_cast<std::uint32_t>(numbers.size())));
        return numbers;
    }
    std::span<const ColumnNumber> numbers() { return keeper_.list(some()); }
    std::span<const KeyColumn> key() {
        std::vector<KeyColumn> key;
        for (const ColumnNumber number : some())
            key.push_back({number, chance(30) ? Sort::descending : Sort::ascending});
        return keeper_.list(key);
    }
    Index index() {
        Index index;
        index.id = ++number_;
        index.name = name("index");
        index.columns = key();
        index.unique = chance(40);
        index.hash = chance(30);
        index.is_constraint = index.unique && chance(50);
        return index;
    }
    template <class T, class Make>
    std::span<const T> list(Make one) {
        std::vector<T> items;
        for (std::size_t count = below(4); count > 0; count--) items.push_back(one());
        return keeper_.list(items);
    }

    std::mt19937_64& random_;
    Keeper& keeper_;
    std::uint32_t number_ = 0;
    std::vector<Column> columns_;
    std::vector<ColumnNumber> live_;
};

}  // namespace freshet::relation

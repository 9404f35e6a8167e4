// SPDX-License-Identifier: MIT
// Goal: expressions give what SQLite gives, and fail only where it fails. Method: where its library
// is installed, random trees over all kinds of nodes, evaluated over a batch at once and by SQLite
// row by row. Columns have no type, and casts are written +CAST(...), so that SQLite converts
// nothing before it compares.
//
// Left out are the differences that sqlite_value_test.cpp names: numbers out of the middle make no
// texts here, LIKE and GLOB see no BLOB; and also: positions of substr() beyond 32 bits (SQLite
// takes their lower half), quote() of a FLOAT (SQLite may write 21 digits), and an empty BLOB in
// substr() (SQLite: NULL).
#include <gtest/gtest.h>

#include "tests/query_fixture.hpp"

#if __has_include(<sqlite3.h>)
#include "tests/sqlite.hpp"

namespace freshet::query {
namespace {

using relation::ColumnType;
using relation::Comparison;
using relation::Operator;

constexpr std::uint32_t column_count = 4;

struct Written {
    const Scalar* scalar;
    std::string text;
};

class Generator {
public:
    Generator(unsigned seed, bool has_texts) : random_{seed}, has_texts_{has_texts} {}

    Written make(int depth) {
        if (depth == 0 || below(10) == 0) return leaf();
        switch (below(has_texts_ ? 20 : 13)) {
            case 0:
            case 1: return calculate(depth);
            case 2: return unary(depth);
            case 3:
            case 4: return logic(depth);
            case 5:
            case 6: return compare(depth);
            case 7: return is(depth);
            case 8: return between(depth);
            case 9: return in_list(depth);
            case 10: return choose(depth);
            case 11: return cast(depth);
            case 12: return call_any(depth);
            case 13: return join(ScalarKind::concatenate, " || ", depth);
            case 14:
            case 15: return match(depth);
            default: return call_text(depth);
        }
    }

    Value value() {
        static const char* const texts[] = {
            "",  "a",   "B",        "abc",           "ABC", "12",   "1.5", "12x", " 7 ",  "%b",
            "_", "a%c", "\xc3\xa9", "a\xe2\x82\xac", "xx",  "-3e1", "'",   "b*",  "[ab]", "  a  "};
        switch (below(9)) {
            case 0: return {};
            case 1: return Value::real(static_cast<double>(below(81) - 40) / 8);
            case 2:
            case 3: return Value::text(texts[below(20)]);
            case 4: return Value::blob(as_bytes(std::string_view{texts[1 + below(9)]}));
            case 5: return has_texts_ ? whole(below(1000) - 500) : whole(large());
            default: return whole(below(9) - 4);
        }
    }

    int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint64_t>(limit)); }

    Scalars scalars;

private:
    std::int64_t large() {
        constexpr std::int64_t values[] = {INT64_MAX,
                                           INT64_MIN,
                                           INT64_MIN + 1,
                                           std::int64_t{1} << 32,
                                           std::int64_t{1} << 53,
                                           -(std::int64_t{1} << 62)};
        return values[below(6)];
    }

    Written leaf() {
        if (below(3) > 0) {
            const auto column = static_cast<std::uint32_t>(below(column_count));
            return {scalars.column(column), "c" + std::to_string(column)};
        }
        return literal(value());
    }
    Written literal(const Value& value) {
        std::string text = shown(value);
        // The least integer is none where it is written.
        if (value.type() == Type::integer && value.as_integer() == INT64_MIN)
            text = "(-9223372036854775807 - 1)";
        return {scalars.constant(value), text};
    }
    Written small(int low, int high) { return literal(whole(low + below(high - low + 1))); }

    Written calculate(int depth) {
        static const std::pair<Operator, const char*> operators[] = {
            {Operator::add, " + "},         {Operator::subtract, " - "},
            {Operator::multiply, " * "},    {Operator::divide, " / "},
            {Operator::remainder, " % "},   {Operator::bit_and, " & "},
            {Operator::bit_or, " | "},      {Operator::shift_left, " << "},
            {Operator::shift_right, " >> "}};
        const auto& [operation, sign] = operators[below(9)];
        Written written = join(ScalarKind::arithmetic, sign, depth);
        Scalar scalar = *written.scalar;
        scalar.operation = operation;
        return {scalars.add(scalar), written.text};
    }
    Written join(ScalarKind kind, const std::string& between, int depth) {
        std::vector<const Scalar*> operands;
        std::string text = "(";
        const int count = 2 + (below(4) == 0 ? 1 : 0);
        for (int i = 0; i < count; i++) {
            const Written next = make(depth - 1);
            operands.push_back(next.scalar);
            text += (i == 0 ? "" : between) + next.text;
        }
        return {scalars.of(kind, operands), text + ")"};
    }
    Written unary(int depth) {
        static const std::pair<ScalarKind, const char*> operators[] = {
            {ScalarKind::negate, "- "},
            {ScalarKind::complement, "~ "},
            {ScalarKind::logical_not, "NOT "}};
        const auto& [kind, sign] = operators[below(3)];
        const Written x = make(depth - 1);
        return {scalars.of(kind, {x.scalar}), "(" + (sign + x.text) + ")"};
    }
    Written logic(int depth) {
        return below(2) == 0 ? join(ScalarKind::logical_and, " AND ", depth)
                             : join(ScalarKind::logical_or, " OR ", depth);
    }
    Written compare(int depth) {
        static const char* const signs[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
        const int which = below(6);
        const Written a = make(depth - 1);
        const Written b = make(depth - 1);
        return {scalars.compare(static_cast<Comparison>(which), a.scalar, b.scalar),
                "(" + (a.text + (signs[which] + b.text)) + ")"};
    }
    Written is(int depth) {
        const bool negated = below(2) == 0;
        const Written a = make(depth - 1);
        const char* const word = negated ? " IS NOT " : " IS ";
        if (below(2) == 0)
            return {scalars.of(ScalarKind::is_null, {a.scalar}, negated),
                    "(" + (a.text + word) + "NULL)"};
        const Written b = make(depth - 1);
        return {scalars.of(ScalarKind::is, {a.scalar, b.scalar}, negated),
                "(" + (a.text + word) + b.text + ")"};
    }
    Written between(int depth) {
        const bool negated = below(2) == 0;
        const Written a = make(depth - 1);
        const Written b = make(depth - 1);
        const Written c = make(depth - 1);
        return {scalars.of(ScalarKind::between, {a.scalar, b.scalar, c.scalar}, negated),
                "(" + (a.text + (negated ? " NOT BETWEEN " : " BETWEEN ") + b.text) + " AND " +
                    c.text + ")"};
    }
    Written in_list(int depth) {
        const bool negated = below(2) == 0;
        const Written a = make(depth - 1);
        std::vector<const Scalar*> operands{a.scalar};
        std::string text = "(" + (a.text + (negated ? " NOT IN (" : " IN ("));
        const int count = below(4);
        for (int i = 0; i < count; i++) {
            const Written next = make(depth - 1);
            operands.push_back(next.scalar);
            text += (i == 0 ? "" : ", ") + next.text;
        }
        return {scalars.of(ScalarKind::in_list, operands, negated), text + "))"};
    }
    Written choose(int depth) {
        std::vector<const Scalar*> operands;
        std::string text = "(CASE";
        const auto put = [&](const char* word) {
            const Written next = make(depth - 1);
            operands.push_back(next.scalar);
            text += word + next.text;
        };
        const bool has_value = below(2) == 0;
        if (has_value) put(" ");
        for (int i = 1 + below(3); i > 0; i--) {
            put(" WHEN ");
            put(" THEN ");
        }
        if (below(2) == 0) put(" ELSE ");
        const ScalarKind kind = has_value ? ScalarKind::case_of : ScalarKind::case_when;
        return {scalars.of(kind, operands), text + " END)"};
    }
    Written cast(int depth) {
        static const std::pair<ColumnType, const char*> types[] = {{ColumnType::integer, "INTEGER"},
                                                                   {ColumnType::real, "REAL"},
                                                                   {ColumnType::text, "TEXT"},
                                                                   {ColumnType::blob, "BLOB"}};
        const auto& [type, name] = types[below(has_texts_ ? 4 : 2)];
        const Written x = make(depth - 1);
        return {scalars.cast(x.scalar, type), "(+CAST(" + (x.text + " AS ") + name + "))"};
    }
    Written lowered(const Written& x) {
        return {scalars.call("lower", {x.scalar}), "lower(" + (x.text + ")")};
    }
    Written match(int depth) {
        const bool negated = below(2) == 0;
        const int which = below(3);
        const Written a = lowered(make(depth - 1));
        const Written b = lowered(make(depth - 1));
        std::vector<const Scalar*> operands{a.scalar, b.scalar};
        std::string text = "(" + (a.text + (negated ? " NOT" : ""));
        text += (which == 0 ? " GLOB " : " LIKE ") + b.text;
        if (which == 2) {
            operands.push_back(scalars.constant(Value::text("b")));
            text += " ESCAPE 'b'";
        }
        const ScalarKind kind = which == 0 ? ScalarKind::glob : ScalarKind::like;
        return {scalars.of(kind, operands, negated), text + ")"};
    }

    Written call(const char* name, const std::vector<Written>& arguments) {
        std::vector<const Scalar*> operands;
        std::string text = std::string{name} + "(";
        for (const Written& argument : arguments) {
            text += (operands.empty() ? "" : ", ") + argument.text;
            operands.push_back(argument.scalar);
        }
        return {scalars.call(name, operands), text + ")"};
    }
    Written call_any(int depth) {
        const auto next = [&] { return make(depth - 1); };
        switch (below(9)) {
            case 0: return call("abs", {next()});
            case 1: return call("coalesce", {next(), next(), next()});
            case 2: return call("ifnull", {next(), next()});
            case 3: return call("nullif", {next(), next()});
            case 4: return call("iif", {next(), next(), next()});
            case 5: return call("max", {next(), next()});
            case 6: return call("min", {next(), next(), next()});
            case 7: return call("typeof", {next()});
            default: return call("sign", {next()});
        }
    }
    Written call_text(int depth) {
        const auto next = [&] { return make(depth - 1); };
        switch (below(15)) {
            case 0: return call("length", {next()});
            case 1: return call("upper", {next()});
            case 2: return call("substr", {lowered(next()), small(-5, 5)});
            case 3: return call("substring", {lowered(next()), small(-5, 5), small(-4, 4)});
            case 4: return call("trim", {next()});
            case 5: return call("ltrim", {next(), next()});
            case 6: return call("rtrim", {next(), next()});
            case 7: return call("trim", {next(), next()});
            case 8: return call("replace", {next(), next(), next()});
            case 9: return call("instr", {next(), next()});
            case 10: return call("hex", {next()});
            case 11: return call("quote", {lowered(next())});
            case 12: return call("unicode", {next()});
            case 13: return call("char", {small(1, 1000), small(40000, 70000)});
            default: return call("round", {leaf(), small(-1, 3)});
        }
    }

    std::mt19937_64 random_;
    bool has_texts_;
};

// A table of these rows, numbered from 0.
void fill(test::Sqlite& sqlite, const std::vector<Row>& rows) {
    sqlite.prepare("CREATE TABLE t (id INTEGER PRIMARY KEY, c0, c1, c2, c3)");
    EXPECT_FALSE(sqlite.step());
    sqlite.prepare("INSERT INTO t VALUES (?5, ?1, ?2, ?3, ?4)");
    for (std::size_t i = 0; i < rows.size(); i++) {
        Row parameters = rows[i];
        parameters.push_back(whole(static_cast<std::int64_t>(i)));
        EXPECT_FALSE(sqlite.step(parameters));
    }
}

// Each row as it is found in the batch, or alone if the batch fails.
class Answers {
public:
    Answers(const Scalar& scalar, const Batch& batch) : scalar_{scalar}, batch_{batch} {
        const Result<Vector> all = evaluate(scalar, batch, memory_.arena);
        is_whole_ = static_cast<bool>(all);
        if (is_whole_) all_ = *all;
    }
    // Until the next one is asked for.
    Result<Value> answer(std::size_t row) {
        const auto position = static_cast<Position>(row);
        if (is_whole_) return all_[position];
        const Batch one{batch_.columns, batch_.selection.subspan(row, 1)};
        const Result<Vector> value = evaluate(scalar_, one, one_memory_.emplace().arena);
        if (!value) return value.error();
        return (*value)[position];
    }
    [[nodiscard]] bool is_whole() const { return is_whole_; }

private:
    const Scalar& scalar_;
    const Batch& batch_;
    Memory memory_{std::size_t{8} << 20};
    std::optional<Memory> one_memory_;
    Vector all_;
    bool is_whole_ = false;
};

void compare_trees(unsigned first_seed, unsigned count, bool has_texts) {
    constexpr std::size_t row_count = 120;
    std::size_t failed_count = 0;
    for (unsigned seed = first_seed; seed < first_seed + count; seed++) {
        Generator generator{seed, has_texts};
        std::vector<Row> rows(row_count);
        for (Row& row : rows)
            for (std::uint32_t i = 0; i < column_count; i++) row.push_back(generator.value());
        const Columns columns{rows, column_count};
        test::Sqlite sqlite;
        fill(sqlite, rows);
        for (int i = 0; i < 40; i++) {
            const Written written = generator.make(1 + generator.below(4));
            sqlite.prepare("SELECT " + written.text + " FROM t WHERE id = ?1");
            Answers ours{*written.scalar, columns.batch()};
            bool has_failed = false;
            for (std::size_t row = 0; row < row_count; row++) {
                const Result<Value> found = ours.answer(row);
                const bool has_answer = sqlite.step({whole(static_cast<std::int64_t>(row))});
                // Bytes of a character, cut out of a BLOB.
                if (!found && found.error() == Code::type_mismatch) continue;
                has_failed = has_failed || !found;
                if (!has_answer) continue;
                ASSERT_TRUE(found) << written.text << " in row " << row << " of seed " << seed
                                   << " " << code_name(found.error().code);
                ASSERT_EQ(*found, sqlite.column())
                    << written.text << " in row " << row << " of seed " << seed << ": "
                    << shown(rows[row][0]) << " " << shown(rows[row][1]) << " "
                    << shown(rows[row][2]) << " " << shown(rows[row][3]);
            }
            if (has_failed) failed_count++;
        }
    }
    EXPECT_TRUE(has_texts || failed_count > 0) << "abs() of the least integer was never met";
}

TEST(QuerySqlite, EvaluatesTreesOverNumbers) {
    compare_trees(1, 6, false);
}

TEST(QuerySqlite, EvaluatesTreesOverTexts) {
    compare_trees(1000, 6, true);
}

}  // namespace
}  // namespace freshet::query

#endif

// SPDX-License-Identifier: MIT
// What tests of the algebra share: scalars made by hand, and memory that grows with them.
#pragma once

#include <deque>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "query/function.hpp"
#include "query/scalar.hpp"
#include "relation/convert.hpp"
#include "tests/lent.hpp"

namespace freshet {

inline std::string shown(const Value& value) {
    std::array<char, 400> buffer;
    TextWriter text{buffer};
    relation::put_literal(text, value);
    return std::string{text.written()};
}

inline void PrintTo(const Value& value, std::ostream* out) {
    *out << shown(value);
}

namespace query {

inline Value whole(std::int64_t value) {
    return Value::integer(value);
}

// Scalars live as long as it does.
class Scalars {
public:
    const Scalar* constant(const Value& value) {
        return add({.kind = ScalarKind::constant, .constant = value});
    }
    const Scalar* constant(std::int64_t value) { return constant(whole(value)); }
    const Scalar* column(std::uint32_t column) {
        return add({.kind = ScalarKind::column, .column = column});
    }
    const Scalar* compare(relation::Comparison comparison, const Scalar* a, const Scalar* b) {
        return add(
            {.kind = ScalarKind::compare, .comparison = comparison, .operands = list({a, b})});
    }
    const Scalar* arithmetic(relation::Operator operation, const Scalar* a, const Scalar* b) {
        return add(
            {.kind = ScalarKind::arithmetic, .operation = operation, .operands = list({a, b})});
    }
    const Scalar* of(ScalarKind kind, std::vector<const Scalar*> operands, bool negated = false) {
        return add({.kind = kind, .negated = negated, .operands = list(std::move(operands))});
    }
    const Scalar* call(const char* name, std::vector<const Scalar*> operands) {
        const Function* const function = find_function(name, operands.size());
        return add(
            {.kind = function->kind, .function = function, .operands = list(std::move(operands))});
    }
    const Scalar* cast(const Scalar* value, relation::ColumnType type) {
        return add({.kind = ScalarKind::cast, .type = type, .operands = list({value})});
    }
    const Scalar* add(const Scalar& scalar) { return &scalars_.emplace_back(scalar); }
    std::span<const Scalar* const> list(std::vector<const Scalar*> operands) {
        return lists_.emplace_back(std::move(operands));
    }

private:
    std::deque<Scalar> scalars_;
    std::deque<std::vector<const Scalar*>> lists_;
};

struct Memory {
    explicit Memory(std::size_t size = std::size_t{1} << 20) : bytes{size}, arena{bytes} {}
    test::Lent bytes;
    Arena arena;
};

using Row = std::vector<Value>;

// Rows as columns.
class Columns {
public:
    Columns(const std::vector<Row>& rows, std::size_t count) : values_(count), vectors_(count) {
        for (std::size_t i = 0; i < count; i++) {
            for (const Row& row : rows) values_[i].push_back(row[i]);
            vectors_[i] = Vector::of(values_[i].data());
        }
        batch_ = Batch{vectors_, first_rows(rows.size())};
    }
    [[nodiscard]] const Batch& batch() const { return batch_; }

private:
    std::vector<std::vector<Value>> values_;
    std::vector<Vector> vectors_;
    Batch batch_;
};

}  // namespace query
}  // namespace freshet

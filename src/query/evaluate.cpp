// SPDX-License-Identifier: MIT
// The first failure is remembered; everything after it yields NULL, and the end asks once.
#include <algorithm>

#include "query/function.hpp"
#include "query/keep.hpp"
#include "query/scalar.hpp"
#include "query/subplan.hpp"
#include "relation/convert.hpp"
#include "relation/pattern.hpp"

namespace freshet::query {
namespace {

using relation::Comparison;
using relation::Operator;
using relation::Truth;
using relation::value_of;

constexpr Value null_value{};

// Calls `use` with the comparison as a function of two integers, so that loops hold no switch.
template <class Use>
auto with_comparison(Comparison comparison, Use use) noexcept {
    using I = std::int64_t;
    switch (comparison) {
        case Comparison::equal: return use([](I a, I b) { return a == b; });
        case Comparison::unequal: return use([](I a, I b) { return a != b; });
        case Comparison::less: return use([](I a, I b) { return a < b; });
        case Comparison::less_equal: return use([](I a, I b) { return a <= b; });
        case Comparison::greater: return use([](I a, I b) { return a > b; });
        case Comparison::greater_equal: break;
    }
    return use([](I a, I b) { return a >= b; });
}

template <class Holds>
Truth compare_with(Comparison comparison, Holds holds, const Value& a, const Value& b) noexcept {
    if (a.type() == Type::integer && b.type() == Type::integer)
        return relation::truth(holds(a.as_integer(), b.as_integer()));
    return relation::compare(comparison, a, b);
}

bool is_same(const Value& a, const Value& b) noexcept {
    if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
    return relation::compare(Comparison::equal, a, b) == Truth::yes;
}

bool is_one_character(std::string_view text) noexcept {
    std::size_t count = 0;
    for (const char byte : text) count += (static_cast<std::uint8_t>(byte) & 0xc0) != 0x80 ? 1 : 0;
    return count == 1;
}

class Evaluator {
public:
    Evaluator(const Batch& batch, Arena& scratch) noexcept : batch_{batch}, scratch_{scratch} {}

    Vector evaluate(const Scalar& scalar, Selection selection) noexcept;
    Selection select(const Scalar& scalar, Selection selection) noexcept;
    [[nodiscard]] Error error() const noexcept { return error_; }

private:
    Vector arithmetic(const Scalar& scalar, Selection selection) noexcept;
    Vector concatenate(const Scalar& scalar, Selection selection) noexcept;
    Vector logic(const Scalar& scalar, Truth decisive, Selection selection) noexcept;
    Vector compare(const Scalar& scalar, Selection selection) noexcept;
    Vector is(const Scalar& scalar, Selection selection) noexcept;
    Vector between(const Scalar& scalar, Selection selection) noexcept;
    Vector in_list(const Scalar& scalar, Selection selection) noexcept;
    Vector match(const Scalar& scalar, Selection selection) noexcept;
    Vector choose(const Scalar& scalar, Selection selection) noexcept;
    Vector coalesce(const Scalar& scalar, Selection selection) noexcept;
    Vector call(const Scalar& scalar, Selection selection) noexcept;
    Vector as_text(const Scalar& scalar, Selection selection) noexcept;
    Vector subplan(const Scalar& scalar, Selection selection) noexcept;
    Result<Value> match(const Scalar& scalar, std::span<const Vector> operands,
                        Position position) noexcept;

    Vector operand(const Scalar& scalar, std::size_t index, Selection selection) noexcept {
        return evaluate(*scalar.operands[index], selection);
    }
    std::span<const Vector> all_operands(const Scalar& scalar, Selection selection) noexcept;
    Value* values(Selection selection) noexcept;

    // The values that `make` gives for each position.
    template <class Make>
    Vector map(Selection selection, Make make) noexcept;
    template <class Make>  // The same, of what can fail.
    Vector try_map(Selection selection, Make make) noexcept;
    // Those positions for which the test holds.
    template <class Test>
    Selection keep(Selection selection, Test test) noexcept;

    Vector fail(Error error) noexcept {
        if (error_ == Code::none) error_ = error;
        return Vector::constant(null_value);
    }

    const Batch& batch_;
    Arena& scratch_;
    Error error_{};
};

// ---- loops ----

// Not made as NULLs first: whoever asks writes all that is read.
Value* Evaluator::values(Selection selection) noexcept {
    if (selection.empty() || error_.code != Code::none) return nullptr;
    const std::size_t count = std::size_t{selection.back()} + 1;
    const Result<MutableBytes> memory = scratch_.bytes(count * sizeof(Value), alignof(Value));
    if (!memory) {
        fail(memory.error());
        return nullptr;
    }
    return reinterpret_cast<Value*>(memory->data());
}

template <class Make>
Vector Evaluator::map(Selection selection, Make make) noexcept {
    Value* const into = values(selection);
    if (into == nullptr) return Vector::constant(null_value);
    for (const Position position : selection) into[position] = make(position);
    return Vector::of(into);
}

template <class Make>
Vector Evaluator::try_map(Selection selection, Make make) noexcept {
    Value* const into = values(selection);
    if (into == nullptr) return Vector::constant(null_value);
    for (const Position position : selection) {
        const Result<Value> value = make(position);
        if (!value) return fail(value.error());
        into[position] = *value;
    }
    return Vector::of(into);
}

template <class Test>
Selection Evaluator::keep(Selection selection, Test test) noexcept {
    if (selection.empty() || error_.code != Code::none) return {};
    const Result<MutableBytes> memory = scratch_.bytes(selection.size_bytes(), alignof(Position));
    if (!memory) {
        fail(memory.error());
        return {};
    }
    auto* const kept = reinterpret_cast<Position*>(memory->data());
    std::size_t count = 0;
    for (const Position position : selection) {
        kept[count] = position;
        if (test(position)) count++;
    }
    return {kept, count};
}

std::span<const Vector> Evaluator::all_operands(const Scalar& scalar,
                                                Selection selection) noexcept {
    const std::size_t count = scalar.operands.size();
    if (count == 0) return {};
    const Result<std::span<Vector>> vectors = scratch_.array<Vector>(count);
    if (!vectors) {
        fail(vectors.error());
        return {};
    }
    for (std::size_t i = 0; i < count; i++) (*vectors)[i] = operand(scalar, i, selection);
    return *vectors;
}

// ---- nodes ----

template <class Exact>
void calculate(Operator operation, Exact exact, Vector a, Vector b, Value* into,
               Selection selection) noexcept {
    for (const Position position : selection) {
        const Value& x = a[position];
        const Value& y = b[position];
        std::int64_t result = 0;
        if (x.type() == Type::integer && y.type() == Type::integer &&
            exact(x.as_integer(), y.as_integer(), result))
            into[position] = Value::integer(result);
        else
            into[position] = relation::apply(operation, x, y);
    }
}

Vector Evaluator::arithmetic(const Scalar& scalar, Selection selection) noexcept {
    using I = std::int64_t;
    const Operator operation = scalar.operation;
    Vector left = operand(scalar, 0, selection);
    Value* const into = values(selection);
    for (std::size_t i = 1; i < scalar.operands.size(); i++) {
        const Vector right = operand(scalar, i, selection);
        if (into == nullptr || error_.code != Code::none) return fail(error_);
        const auto by = [&](auto exact) {
            calculate(operation, exact, left, right, into, selection);
        };
        switch (operation) {
            case Operator::add:
                by([](I a, I b, I& c) { return !__builtin_add_overflow(a, b, &c); });
                break;
            case Operator::subtract:
                by([](I a, I b, I& c) { return !__builtin_sub_overflow(a, b, &c); });
                break;
            case Operator::multiply:
                by([](I a, I b, I& c) { return !__builtin_mul_overflow(a, b, &c); });
                break;
            default: by([](I, I, I&) { return false; });
        }
        left = Vector::of(into);
    }
    return left;
}

Vector Evaluator::concatenate(const Scalar& scalar, Selection selection) noexcept {
    Vector left = operand(scalar, 0, selection);
    for (std::size_t i = 1; i < scalar.operands.size(); i++) {
        const Vector right = operand(scalar, i, selection);
        left = try_map(selection, [&](Position position) {
            return relation::concatenate(left[position], right[position], scratch_);
        });
    }
    return left;
}

// AND is decided by what is false, OR by what is true.
Vector Evaluator::logic(const Scalar& scalar, Truth decisive, Selection selection) noexcept {
    Value* const into = values(selection);
    Selection open = selection;
    for (std::size_t i = 0; i < scalar.operands.size(); i++) {
        const Vector next = operand(scalar, i, open);
        if (into == nullptr || error_.code != Code::none) return fail(error_);
        for (const Position position : open) {
            const Truth truth = relation::truth_of(next[position]);
            const bool holds = i == 0 || truth == decisive || truth == Truth::unknown;
            if (holds) into[position] = value_of(truth);
        }
        const Value end = value_of(decisive);
        open = keep(open, [&](Position position) { return !(into[position] == end); });
    }
    return error_ == Code::none && into != nullptr ? Vector::of(into) : fail(error_);
}

Vector Evaluator::compare(const Scalar& scalar, Selection selection) noexcept {
    const Vector a = operand(scalar, 0, selection);
    const Vector b = operand(scalar, 1, selection);
    return with_comparison(scalar.comparison, [&](auto holds) {
        return map(selection, [&](Position position) {
            return value_of(compare_with(scalar.comparison, holds, a[position], b[position]));
        });
    });
}

Vector Evaluator::is(const Scalar& scalar, Selection selection) noexcept {
    const Vector a = operand(scalar, 0, selection);
    const bool asks_null = scalar.kind == ScalarKind::is_null;
    const Vector b = asks_null ? Vector::constant(null_value) : operand(scalar, 1, selection);
    return map(selection, [&](Position position) {
        return Value::integer(is_same(a[position], b[position]) != scalar.negated ? 1 : 0);
    });
}

Truth negated_if(bool negated, Truth truth) noexcept {
    return negated ? relation::opposite(truth) : truth;
}

Vector Evaluator::between(const Scalar& scalar, Selection selection) noexcept {
    const Vector value = operand(scalar, 0, selection);
    const Vector low = operand(scalar, 1, selection);
    const Vector high = operand(scalar, 2, selection);
    return map(selection, [&](Position position) {
        const Value& x = value[position];
        const Truth above = relation::compare(Comparison::greater_equal, x, low[position]);
        const Truth below = relation::compare(Comparison::less_equal, x, high[position]);
        return value_of(negated_if(scalar.negated, relation::both(above, below)));
    });
}

// In an empty list is nothing, not even NULL.
Vector Evaluator::in_list(const Scalar& scalar, Selection selection) noexcept {
    const Vector value = operand(scalar, 0, selection);
    Value* const into = values(selection);
    if (into == nullptr) return Vector::constant(null_value);
    const auto found = value_of(negated_if(scalar.negated, Truth::yes));
    for (const Position position : selection)
        into[position] = value_of(negated_if(scalar.negated, Truth::no));
    Selection open = selection;
    for (std::size_t i = 1; i < scalar.operands.size(); i++) {
        const Vector next = operand(scalar, i, open);
        for (const Position position : open) {
            const Truth truth =
                relation::compare(Comparison::equal, value[position], next[position]);
            if (truth == Truth::yes) into[position] = found;
            if (truth == Truth::unknown) into[position] = Value{};
        }
        open = keep(open, [&](Position position) { return !(into[position] == found); });
    }
    return Vector::of(into);
}

Result<Value> Evaluator::match(const Scalar& scalar, std::span<const Vector> operands,
                               Position position) noexcept {
    std::array<std::string_view, 3> texts{};
    for (std::size_t i = 0; i < operands.size(); i++) {
        const Result<Value> text = relation::to_text(operands[i][position], scratch_);
        if (!text || text->is_null()) return text;
        texts[i] = text->as_text();
    }
    if (operands.size() == 3 && !is_one_character(texts[2])) return Code::invalid_argument;
    const bool holds = scalar.kind == ScalarKind::glob
                           ? relation::is_glob(texts[0], texts[1])
                           : relation::is_like(texts[0], texts[1], texts[2]);
    return Value::integer(holds != scalar.negated ? 1 : 0);
}

Vector Evaluator::match(const Scalar& scalar, Selection selection) noexcept {
    const std::span<const Vector> operands = all_operands(scalar, selection);
    return try_map(selection, [&](Position position) { return match(scalar, operands, position); });
}

// CASE: each condition is asked of the rows that no one before took.
Vector Evaluator::choose(const Scalar& scalar, Selection selection) noexcept {
    const bool has_value = scalar.kind == ScalarKind::case_of;
    const std::size_t count = scalar.operands.size();
    const Vector value = has_value ? operand(scalar, 0, selection) : Vector{};
    Value* const into = values(selection);
    if (into == nullptr) return Vector::constant(null_value);
    const auto take = [&](std::size_t index, Selection taken) {
        const Vector result = operand(scalar, index, taken);
        for (const Position position : taken) into[position] = result[position];
    };
    Selection open = selection;
    std::size_t i = has_value ? 1 : 0;
    for (; i + 1 < count; i += 2) {
        const Vector condition = operand(scalar, i, open);
        const auto holds = [&](Position position) {
            const Value& x = condition[position];
            if (has_value)
                return relation::compare(Comparison::equal, value[position], x) == Truth::yes;
            return relation::truth_of(x) == Truth::yes;
        };
        take(i + 1, keep(open, holds));
        open = keep(open, [&](Position position) { return !holds(position); });
    }
    if (i < count) take(i, open);
    if (i == count)
        for (const Position position : open) into[position] = Value{};
    return error_ == Code::none ? Vector::of(into) : fail(error_);  // Not all were written.
}

Vector Evaluator::coalesce(const Scalar& scalar, Selection selection) noexcept {
    Value* const into = values(selection);
    if (into == nullptr) return Vector::constant(null_value);
    Selection open = selection;
    for (std::size_t i = 0; i < scalar.operands.size(); i++) {
        const Vector next = operand(scalar, i, open);
        for (const Position position : open) into[position] = next[position];
        open = keep(open, [&](Position position) { return into[position].is_null(); });
    }
    return Vector::of(into);
}

Vector Evaluator::call(const Scalar& scalar, Selection selection) noexcept {
    const std::span<const Vector> operands = all_operands(scalar, selection);
    std::array<Value, argument_count_max> buffer;
    if (error_.code != Code::none) return fail(error_);
    const std::span<Value> arguments = std::span{buffer}.first(operands.size());
    const Function& function = *scalar.function;
    return try_map(selection, [&](Position position) {
        bool has_null = false;
        for (std::size_t i = 0; i < arguments.size(); i++) {
            arguments[i] = operands[i][position];
            has_null = has_null || arguments[i].is_null();
        }
        if (has_null && function.null_of_null) return Result<Value>{Value{}};
        return function.apply(arguments, scratch_);
    });
}

Vector Evaluator::as_text(const Scalar& scalar, Selection selection) noexcept {
    const Vector value = operand(scalar, 0, selection);
    return try_map(selection, [&](Position position) {
        const Value& x = value[position];
        const bool is_number =
            x.type() == Type::boolean || x.type() == Type::integer || x.type() == Type::real;
        return is_number ? relation::to_text(x, scratch_) : Result<Value>{x};
    });
}

Vector Evaluator::subplan(const Scalar& scalar, Selection selection) noexcept {
    const Subplan& plan = *scalar.subplan;
    const std::span<const Vector> operands = all_operands(scalar, selection);
    if (error_.code != Code::none) return fail(error_);
    const std::size_t first = plan.kind == Subplan::Kind::has ? 1 : 0;
    Scratch block;
    return try_map(selection, [&](Position position) -> Result<Value> {
        for (std::size_t i = first; i < operands.size(); i++)
            *plan.slots[i - first] = operands[i][position];
        const Value wanted = first == 1 ? operands[0][position] : Value{};
        const Result<Value> answer = run(plan, wanted, block, scratch_);
        if (!answer || !scalar.negated) return answer;
        return value_of(relation::opposite(relation::truth_of(*answer)));
    });
}

Vector Evaluator::evaluate(const Scalar& scalar, Selection selection) noexcept {
    if (error_.code != Code::none) return fail(error_);
    const auto of_one = [&](auto make) {
        const Vector value = operand(scalar, 0, selection);
        const auto at = [&](Position position) { return make(value[position]); };
        return value.is_constant() ? Vector::constant(map(first_rows(1), at)[0])
                                   : map(selection, at);
    };
    switch (scalar.kind) {
        case ScalarKind::constant: return Vector::constant(scalar.constant);
        case ScalarKind::slot: return Vector::constant(*scalar.slot);
        case ScalarKind::column: return batch_.columns[scalar.column];
        case ScalarKind::negate: return of_one(relation::negate);
        case ScalarKind::complement: return of_one(relation::complement);
        case ScalarKind::logical_not:
            return of_one(
                [](const Value& x) { return value_of(relation::opposite(relation::truth_of(x))); });
        case ScalarKind::as_number: return of_one(relation::to_number_if_whole);
        case ScalarKind::arithmetic: return arithmetic(scalar, selection);
        case ScalarKind::concatenate: return concatenate(scalar, selection);
        case ScalarKind::logical_and: return logic(scalar, Truth::no, selection);
        case ScalarKind::logical_or: return logic(scalar, Truth::yes, selection);
        case ScalarKind::compare: return compare(scalar, selection);
        case ScalarKind::is:
        case ScalarKind::is_null: return is(scalar, selection);
        case ScalarKind::between: return between(scalar, selection);
        case ScalarKind::in_list: return in_list(scalar, selection);
        case ScalarKind::in_set:
            return of_one([&](const Value& x) {
                return value_of(negated_if(scalar.negated, scalar.set->has(x)));
            });
        case ScalarKind::like:
        case ScalarKind::glob: return match(scalar, selection);
        case ScalarKind::case_when:
        case ScalarKind::case_of: return choose(scalar, selection);
        case ScalarKind::coalesce: return coalesce(scalar, selection);
        case ScalarKind::call: return call(scalar, selection);
        case ScalarKind::as_text: return as_text(scalar, selection);
        case ScalarKind::subplan: return subplan(scalar, selection);
        case ScalarKind::cast: break;
    }
    const Vector value = operand(scalar, 0, selection);
    return try_map(selection, [&](Position position) {
        return relation::cast(value[position], scalar.type, scratch_);
    });
}

Selection Evaluator::select(const Scalar& scalar, Selection selection) noexcept {
    if (scalar.kind == ScalarKind::logical_and) {
        for (const Scalar* const next : scalar.operands) selection = select(*next, selection);
        return selection;
    }
    if (scalar.kind == ScalarKind::compare) {
        const Vector a = operand(scalar, 0, selection);
        const Vector b = operand(scalar, 1, selection);
        const Value limit = b.is_constant() ? b[0] : Value{};
        const std::int64_t bound = limit.type() == Type::integer ? limit.as_integer() : 0;
        return with_comparison(scalar.comparison, [&](auto holds) {
            const auto is_true = [&](Position position) {
                return compare_with(scalar.comparison, holds, a[position], b[position]) ==
                       Truth::yes;
            };
            if (limit.type() != Type::integer) return keep(selection, is_true);
            return keep(selection, [&](Position position) {
                const Value& value = a[position];
                return value.type() == Type::integer ? holds(value.as_integer(), bound)
                                                     : is_true(position);
            });
        });
    }
    const Vector value = evaluate(scalar, selection);
    return keep(selection, [&](Position position) {
        return relation::truth_of(value[position]) == Truth::yes;
    });
}

}  // namespace

Result<Vector> evaluate(const Scalar& scalar, const Batch& batch, Arena& scratch) noexcept {
    if (scalar.kind == ScalarKind::column) return batch.columns[scalar.column];
    Evaluator evaluator{batch, scratch};
    const Vector result = evaluator.evaluate(scalar, batch.selection);
    if (evaluator.error().code != Code::none) return evaluator.error();
    return result;
}

Result<Selection> select(const Scalar& scalar, const Batch& batch, Arena& scratch) noexcept {
    Evaluator evaluator{batch, scratch};
    const Selection result = evaluator.select(scalar, batch.selection);
    if (evaluator.error().code != Code::none) return evaluator.error();
    return result;
}

// Most are parameters, as they are or compared with a number or a text.
Result<Value> evaluate(const Scalar& scalar, Arena& scratch) noexcept {
    if (scalar.kind == ScalarKind::constant) return scalar.constant;
    if (scalar.kind == ScalarKind::slot) return *scalar.slot;
    const bool is_converted =
        scalar.kind == ScalarKind::as_number || scalar.kind == ScalarKind::as_text;
    if (is_converted && scalar.operands[0]->kind == ScalarKind::slot) {
        const Value& value = *scalar.operands[0]->slot;
        const bool has_bytes = value.has_bytes();
        if (has_bytes == (scalar.kind == ScalarKind::as_text)) return value;
    }
    const Result<Vector> result = evaluate(scalar, Batch{{}, first_rows(1)}, scratch);
    if (!result) return result.error();
    return (*result)[0];
}

}  // namespace freshet::query

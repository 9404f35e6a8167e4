// SPDX-License-Identifier: MIT
#include "relation/arithmetic.hpp"

#include <cstring>

#include "base/utf8.hpp"
#include "relation/convert.hpp"

namespace freshet::relation {
namespace {

using Operation = Operator;

// The quotient and remainder by -1 are named, since those of the least integer are out of range.
std::int64_t remainder(std::int64_t a, std::int64_t b) noexcept {
    return b == -1 ? 0 : a % b;
}

// False: out of range.
bool apply_integers(Operation operation, std::int64_t a, std::int64_t b,
                    std::int64_t& result) noexcept {
    switch (operation) {
        case Operation::add: return !__builtin_add_overflow(a, b, &result);
        case Operation::subtract: return !__builtin_sub_overflow(a, b, &result);
        case Operation::multiply: return !__builtin_mul_overflow(a, b, &result);
        case Operation::divide:
            if (b == -1) return !__builtin_sub_overflow(0, a, &result);
            result = a / b;
            return true;
        default: result = remainder(a, b); return true;
    }
}

Value apply_reals(Operation operation, double a, double b) noexcept {
    switch (operation) {
        case Operation::add: return Value::real(a + b);
        case Operation::subtract: return Value::real(a - b);
        case Operation::multiply: return Value::real(a * b);
        default: return b == 0 ? Value{} : Value::real(a / b);
    }
}

Value apply_bits(Operation operation, std::int64_t a, std::int64_t b) noexcept {
    if (operation == Operation::bit_and) return Value::integer(a & b);
    if (operation == Operation::bit_or) return Value::integer(a | b);
    bool to_left = operation == Operation::shift_left;
    if (b < 0) {
        to_left = !to_left;
        b = b > -64 ? -b : 64;
    }
    if (b >= 64) return Value::integer(a >= 0 || to_left ? 0 : -1);
    if (!to_left) return Value::integer(a >> b);
    return Value::integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b));
}

Value apply_remainder(const Value& a, const Value& b, bool is_real) noexcept {
    const std::int64_t divisor = to_integer(b);
    if (divisor == 0) return {};
    const std::int64_t rest = remainder(to_integer(a), divisor);
    return is_real ? Value::real(static_cast<double>(rest)) : Value::integer(rest);
}

}  // namespace

Value apply(Operator operation, const Value& a, const Value& b) noexcept {
    if (a.is_null() || b.is_null()) return {};
    if (operation >= Operator::bit_and) return apply_bits(operation, to_integer(a), to_integer(b));
    const Value x = to_number(a);
    const Value y = to_number(b);
    const bool is_real = x.type() == Type::real || y.type() == Type::real;
    if (operation == Operator::remainder) return apply_remainder(a, b, is_real);
    if (!is_real) {
        if (operation == Operator::divide && y.as_integer() == 0) return {};
        std::int64_t result = 0;
        if (apply_integers(operation, x.as_integer(), y.as_integer(), result))
            return Value::integer(result);
    }
    return apply_reals(operation, to_real(x), to_real(y));
}

Value negate(const Value& value) noexcept {
    return apply(Operator::subtract, Value::integer(0), value);
}

Value complement(const Value& value) noexcept {
    return value.is_null() ? value : Value::integer(~to_integer(value));
}

Result<Value> concatenate(const Value& a, const Value& b, Arena& memory) noexcept {
    if (a.is_null() || b.is_null()) return Value{};
    const Result<Value> x = a.has_bytes() ? a : to_text(a, memory);
    if (!x) return x;
    const Result<Value> y = b.has_bytes() ? b : to_text(b, memory);
    if (!y) return y;
    const std::string_view first = x->bytes();
    const std::string_view second = y->bytes();
    if (first.size() + second.size() > 0xffffffff) return Code::too_large;
    const bool is_checked = a.type() != Type::blob && b.type() != Type::blob;
    if (is_checked && first.empty()) return y;
    if (is_checked && second.empty()) return x;
    if (first.empty() && second.empty()) return Value::text({});
    const Result<MutableBytes> joined = memory.bytes(first.size() + second.size(), 1);
    if (!joined) return joined.error();
    if (!first.empty()) std::memcpy(joined->data(), first.data(), first.size());
    if (!second.empty()) std::memcpy(joined->data() + first.size(), second.data(), second.size());
    if (!is_checked && !is_utf8(as_text(*joined))) return Code::type_mismatch;
    return Value::text(as_text(*joined));
}

}  // namespace freshet::relation

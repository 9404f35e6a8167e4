// SPDX-License-Identifier: MIT
#include "query/function.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "base/nearest.hpp"
#include "query/function_text.hpp"
#include "relation/convert.hpp"

namespace freshet::query {
namespace {

using Arguments = std::span<const Value>;

Result<Value> absolute(Arguments arguments, Arena&) noexcept {
    const Value& x = arguments[0];
    if (!x.is_whole()) {
        const double real = relation::to_real(x);
        return Value::real(real < 0 ? -real : real);
    }
    if (x.whole() >= 0) return Value::integer(x.whole());
    std::int64_t result = 0;
    if (__builtin_sub_overflow(0, x.whole(), &result)) return Code::too_large;
    return Value::integer(result);
}

Result<Value> greatest(Arguments arguments, Arena&) noexcept {
    Value best = arguments[0];
    for (const Value& value : arguments.subspan(1))
        if (relation::order(value, best) > 0) best = value;
    return best;
}

Result<Value> least(Arguments arguments, Arena&) noexcept {
    Value best = arguments[0];
    for (const Value& value : arguments.subspan(1))
        if (relation::order(value, best) <= 0) best = value;
    return best;
}

Result<Value> null_if(Arguments arguments, Arena&) noexcept {
    using relation::Comparison;
    const Value& x = arguments[0];
    const bool is_equal =
        relation::compare(Comparison::equal, x, arguments[1]) == relation::Truth::yes;
    return is_equal ? Value{} : x;
}

// What a digit from 5 on follows is rounded up, so that the half is too.
double round_to(double value, int places) noexcept {
    const double magnitude = value < 0 ? -value : value;
    if (magnitude > 0x1p52) return value;
    const decimal::Parts parts = decimal::parts_of(magnitude);
    decimal::Digits all;
    decimal::Digits rounded;
    decimal::expand(parts.mantissa, parts.exponent, all);
    const int count = all.point + places;
    if (count >= 0 && count < all.count) {
        char& digit = all.text[static_cast<std::size_t>(count)];
        if (digit == '5') digit = '6';
    }
    decimal::round(all, count, rounded);
    const double result = decimal::to_real(rounded.view(), rounded.point);
    return value < 0 ? -result : result;
}

Result<Value> round(Arguments arguments, Arena&) noexcept {
    constexpr std::int64_t places_max = 30;
    std::int64_t places = arguments.size() == 2 ? relation::to_integer(arguments[1]) : 0;
    places = std::clamp<std::int64_t>(places, 0, places_max);
    return Value::real(round_to(relation::to_real(arguments[0]), static_cast<int>(places)));
}

Result<Value> sign(Arguments arguments, Arena&) noexcept {
    const Value number = relation::to_number_if_whole(arguments[0]);
    if (number.has_bytes()) return Value{};
    const double real = relation::to_real(number);
    return Value::integer(real > 0 ? 1 : real < 0 ? -1 : 0);
}

Result<Value> type_of(Arguments arguments, Arena&) noexcept {
    constexpr std::array<std::string_view, type_count> names = {
        "null", "boolean", "integer", "real", "text", "blob", "date", "timestamp"};
    return Value::text(names[static_cast<std::size_t>(arguments[0].type())]);
}

constexpr std::uint32_t many = argument_count_max;
constexpr ScalarKind plain = ScalarKind::call;

constexpr Function functions[] = {
    {"abs", 1, 1, plain, true, absolute},
    {"char", 0, many, plain, false, character},
    {"coalesce", 2, many, ScalarKind::coalesce, false, nullptr},
    {"hex", 1, 1, plain, false, hex},
    {"ifnull", 2, 2, ScalarKind::coalesce, false, nullptr},
    {"iif", 2, 3, ScalarKind::case_when, false, nullptr},
    {"instr", 2, 2, plain, true, find},
    {"length", 1, 1, plain, true, length},
    {"lower", 1, 1, plain, true, lower},
    {"ltrim", 1, 2, plain, true, trim_left},
    {"max", 2, many, plain, true, greatest},
    {"min", 2, many, plain, true, least},
    {"nullif", 2, 2, plain, false, null_if},
    {"quote", 1, 1, plain, false, quote},
    {"replace", 3, 3, plain, false, replace},
    {"round", 1, 2, plain, true, round},
    {"rtrim", 1, 2, plain, true, trim_right},
    {"sign", 1, 1, plain, true, sign},
    {"substr", 2, 3, plain, true, substring},
    {"substring", 2, 3, plain, true, substring},
    {"trim", 1, 2, plain, true, trim},
    {"typeof", 1, 1, plain, false, type_of},
    {"unicode", 1, 1, plain, true, unicode},
    {"upper", 1, 1, plain, true, upper},
};

char lower_case(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}

bool is_word(std::string_view typed, std::string_view lower) noexcept {
    if (typed.size() != lower.size()) return false;
    for (std::size_t i = 0; i < typed.size(); i++)
        if (lower_case(typed[i]) != lower[i]) return false;
    return true;
}

}  // namespace

std::span<const Function> all_functions() noexcept {
    return functions;
}

const Function* find_function(std::string_view name, std::size_t argument_count) noexcept {
    for (const Function& function : functions) {
        if (argument_count < function.count_min || argument_count > function.count_max) continue;
        if (is_word(name, function.name)) return &function;
    }
    return nullptr;
}

bool is_function_name(std::string_view name) noexcept {
    for (const Function& function : functions)
        if (is_word(name, function.name)) return true;
    return false;
}

std::string_view nearest_function_name(std::string_view name) noexcept {
    std::array<char, Nearest::word_size_max> typed;
    if (name.size() > typed.size()) return {};
    for (std::size_t i = 0; i < name.size(); i++) typed[i] = lower_case(name[i]);
    Nearest nearest{{typed.data(), name.size()}};
    for (const Function& function : functions) nearest.consider(function.name);
    for (const Function& function : functions)
        if (function.name == nearest.best()) return function.name;
    return {};
}

}  // namespace freshet::query

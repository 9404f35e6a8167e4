// SPDX-License-Identifier: MIT
#include "query/aggregate.hpp"

#include <algorithm>

#include "relation/convert.hpp"

namespace freshet::query {
namespace {

using State = AggregateState;

char lower_case(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}

bool is_word(std::string_view typed, std::string_view lower) noexcept {
    return std::equal(typed.begin(), typed.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return lower_case(a) == b; });
}

constexpr bool is_sum(AggregateKind kind) noexcept {
    return kind == AggregateKind::sum || kind == AggregateKind::total ||
           kind == AggregateKind::average;
}

// False: it is neither an INT nor a FLOAT.
[[gnu::always_inline]] inline bool add_number(State& state, const Value& value) noexcept {
    if (value.type() == Type::integer) [[likely]] {
        if (__builtin_add_overflow(state.whole, value.as_integer(), &state.whole))
            state.is_out_of_range = state.is_out_of_range || !state.is_real;
        state.real += static_cast<double>(value.as_integer());
        return true;
    }
    if (value.type() != Type::real) return false;
    state.is_real = true;
    state.real += value.as_real();
    return true;
}

void add_any(State& state, const Value& value) noexcept {
    const Value number = relation::to_number_if_whole(value);
    add_number(state, number.is_whole() ? Value::integer(number.whole())
                                        : Value::real(relation::to_real(number)));
}

// The bytes of the one before are written over where the new ones fit, and twice as much is taken
// where they do not, so that a column in rising order does not fill the memory.
Status set_value(State& state, const Value& value, Arena& memory) noexcept {
    if (!value.has_bytes() || value.bytes().empty()) {
        const Result<Value> kept = keep(value, memory);
        if (!kept) return kept.error();
        state.value = *kept;
        return Done{};
    }
    const std::string_view from = value.bytes();
    if (from.size() > state.block.size()) {
        const std::size_t size = std::max(from.size(), state.block.size() * 2);
        const Result<MutableBytes> block = memory.bytes(size, 1);
        if (!block) return block.error();
        state.block = *block;
    }
    std::memcpy(state.block.data(), from.data(), from.size());
    const MutableBytes copy = state.block.first(from.size());
    state.value = value.type() == Type::text ? Value::text(as_text(copy)) : Value::blob(copy);
    return Done{};
}

Status add_piece(State& state, const Value& value, Arena& memory) noexcept {
    const Result<Value> text = relation::to_text(value, memory);
    if (!text) return text.error();
    if (text->is_null() || text->as_text().empty()) return Done{};
    const bool is_copied = !value.has_bytes();
    const Result<Value> kept = is_copied ? text : keep(*text, memory);
    if (!kept) return kept.error();
    const Result<std::span<State::Piece>> piece = memory.array<State::Piece>(1);
    if (!piece) return piece.error();
    (*piece)[0] = {nullptr, kept->as_text()};
    (state.first == nullptr ? state.first : state.last->next) = piece->data();
    state.last = piece->data();
    state.whole += static_cast<std::int64_t>(kept->as_text().size());
    return Done{};
}

Result<Value> join(const State& state, Arena& memory) noexcept {
    if (state.count == 0) return Value{};
    if (state.whole == 0) return Value::text({});
    if (state.whole > 0xffffffff) return Code::too_large;
    const Result<MutableBytes> into = memory.bytes(static_cast<std::size_t>(state.whole), 1);
    if (!into) return into.error();
    std::size_t offset = 0;
    for (const State::Piece* piece = state.first; piece != nullptr; piece = piece->next) {
        std::memcpy(into->data() + offset, piece->text.data(), piece->text.size());
        offset += piece->text.size();
    }
    return Value::text(as_text(*into));
}

}  // namespace

Result<AggregateKind> find_aggregate(std::string_view name, std::size_t argument_count) noexcept {
    struct Named {
        std::string_view name;
        std::size_t argument_count;
        AggregateKind kind;
    };
    constexpr Named names[] = {
        {"count", 0, AggregateKind::count_rows},  {"count", 1, AggregateKind::count},
        {"sum", 1, AggregateKind::sum},           {"total", 1, AggregateKind::total},
        {"avg", 1, AggregateKind::average},       {"min", 1, AggregateKind::least},
        {"max", 1, AggregateKind::greatest},      {"group_concat", 1, AggregateKind::join},
        {"group_concat", 2, AggregateKind::join}, {"string_agg", 2, AggregateKind::join},
    };
    for (const Named& named : names)
        if (named.argument_count == argument_count && is_word(name, named.name)) return named.kind;
    return Code::invalid_argument;
}

Status add(AggregateKind kind, State& state, const Value& value, const Value& separator,
           Arena& memory) noexcept {
    if (kind == AggregateKind::first)
        return state.count++ == 0 ? set_value(state, value, memory) : Status{Done{}};
    if (kind != AggregateKind::count_rows && value.is_null()) return Done{};
    state.count++;
    switch (kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count:
        case AggregateKind::first: return Done{};
        case AggregateKind::sum:
        case AggregateKind::total:
        case AggregateKind::average:
            if (!add_number(state, value)) add_any(state, value);
            return Done{};
        case AggregateKind::least:
            if (state.count > 1 && relation::order(value, state.value) >= 0) return Done{};
            return set_value(state, value, memory);
        case AggregateKind::greatest:
            if (state.count > 1 && relation::order(value, state.value) <= 0) return Done{};
            return set_value(state, value, memory);
        case AggregateKind::join: break;
    }
    if (state.count > 1) {
        const Status separated = add_piece(state, separator, memory);
        if (!separated) return separated;
    }
    return add_piece(state, value, memory);
}

namespace {

bool is_quick(AggregateKind kind) noexcept {
    return kind == AggregateKind::count || is_sum(kind);
}

// From a turn on what is counted, or summed as long as it is a number or NULL: to which turn.
template <class StateOf>
std::size_t add_quickly(AggregateKind kind, StateOf state_of, const Vector& values,
                        Selection selection, std::size_t turn) noexcept {
    if (kind == AggregateKind::count) {
        for (; turn < selection.size(); turn++)
            state_of(turn).count += values[selection[turn]].is_null() ? 0 : 1;
        return turn;
    }
    for (; turn < selection.size(); turn++) {
        const Value& value = values[selection[turn]];
        State& state = state_of(turn);
        if (add_number(state, value)) [[likely]]
            state.count++;
        else if (!value.is_null())
            break;
    }
    return turn;
}

}  // namespace

Status add_all(AggregateKind kind, State& state, const Vector& values, const Vector& separators,
               Selection selection, Arena& memory) noexcept {
    for (std::size_t turn = 0; turn < selection.size(); turn++) {
        if (is_quick(kind)) {
            State inside = state;  // Of a loop without calls, in registers.
            turn = add_quickly(
                kind, [&](std::size_t) -> State& { return inside; }, values, selection, turn);
            state = inside;
            if (turn == selection.size()) break;
        }
        const Position position = selection[turn];
        const Status added = add(kind, state, values[position], separators[position], memory);
        if (!added) return added;
    }
    return Done{};
}

Status add_all(AggregateKind kind, State* const* groups, std::size_t index, const Vector& values,
               const Vector& separators, Selection selection, Arena& memory) noexcept {
    const auto state_of = [&](std::size_t turn) -> State& { return groups[turn][index]; };
    for (std::size_t turn = 0; turn < selection.size(); turn++) {
        if (is_quick(kind)) turn = add_quickly(kind, state_of, values, selection, turn);
        if (turn == selection.size()) break;
        const Position position = selection[turn];
        const Status added =
            add(kind, state_of(turn), values[position], separators[position], memory);
        if (!added) return added;
    }
    return Done{};
}

Result<Value> finish(AggregateKind kind, const State& state, Arena& memory) noexcept {
    switch (kind) {
        case AggregateKind::count_rows:
        case AggregateKind::count: return Value::integer(state.count);
        case AggregateKind::sum:
            if (state.count == 0) return Value{};
            if (state.is_out_of_range) return Code::too_large;
            return state.is_real ? Value::real(state.real) : Value::integer(state.whole);
        case AggregateKind::total: return Value::real(state.real);
        case AggregateKind::average:
            if (state.count == 0) return Value{};
            return Value::real(state.real / static_cast<double>(state.count));
        case AggregateKind::least:
        case AggregateKind::greatest:
        case AggregateKind::first: return state.value;
        case AggregateKind::join: break;
    }
    return join(state, memory);
}

}  // namespace freshet::query

// SPDX-License-Identifier: MIT
#include "sql/virtual_rows.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "query/keep.hpp"
#include "relation/bound.hpp"

namespace freshet::sql {

Result<bool> VirtualRows::next(query::Batch& batch) noexcept {
    const Status going = context_.check();
    if (!going) return going.error();
    const Status room = output_.prepare(width_, row_count_max, context_.memory);
    if (!room) return room.error();
    if (row_.empty()) {
        const Result<std::span<Value>> row = context_.memory.array<Value>(width_);
        if (!row) return row.error();
        row_ = *row;
    }
    for (;;) {
        Arena texts{block_};
        const Result<std::size_t> count = fill_batch(texts);
        if (count) {
            batch = {output_.columns(), query::first_rows(*count)};
            return *count > 0;
        }
        if (count.error().code != Code::out_of_memory) return count.error();
        const std::size_t size = block_.empty() ? first_size : block_.size() * 2;
        const Result<MutableBytes> larger = context_.memory.bytes(size, alignof(Value));
        if (!larger) return larger.error();
        block_ = *larger;
    }
}

// out_of_memory: there was no room for the first one.
Result<std::size_t> VirtualRows::fill_batch(Arena& texts) noexcept {
    std::size_t count = 0;
    for (; count < row_count_max; count++) {
        if (!is_waiting_) {
            const Result<bool> there = step();
            if (!there) return there.error();
            if (!*there) break;
            is_waiting_ = true;
        }
        const Status filled = fill(row_, texts);
        if (!filled && filled.error().code == Code::out_of_memory && count > 0) break;
        if (!filled) return filled.error();
        for (std::size_t i = 0; i < width_; i++) output_.column(i)[count] = row_[i];
        is_waiting_ = false;
    }
    return count;
}

namespace {

class VirtualSource final : public query::Source {
public:
    VirtualSource(std::string_view name, const VirtualQuestion& question,
                  OpenVirtual opener) noexcept
        : name_{name}, question_{question}, open_{opener} {}
    Result<query::Rows*> open(query::Context& context) const noexcept override {
        return open_(question_, context);
    }
    void describe(TextWriter& text) const noexcept override { text.text("SCAN ").text(name_); }

private:
    std::string_view name_;
    VirtualQuestion question_;
    OpenVirtual open_;
};

constexpr std::uint64_t number_max = 0x7fffffffffffffff;
constexpr query::NumberRange nothing{1, 0};

// Numbers below 0 there are none.
std::uint64_t at_least_zero(const Value& value) noexcept {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value.whole(), 0));
}

void narrow_from(query::NumberRange& range, const Value& at, bool is_behind) noexcept {
    if (at.is_null() || (is_behind && at.whole() == static_cast<std::int64_t>(number_max))) {
        range = nothing;
    } else if (at.whole() >= 0) {
        range.from = std::max(range.from, at_least_zero(at) + (is_behind ? 1 : 0));
    }
}

void narrow_to(query::NumberRange& range, const Value& at, bool is_with) noexcept {
    if (at.is_null()) return;
    if (at.whole() < 0 || (at.whole() == 0 && !is_with)) {
        range = nothing;
    } else {
        range.to = std::min(range.to, at_least_zero(at) - (is_with ? 0 : 1));
    }
}

// relation/bound.hpp says which values these are.
void narrow(query::NumberRange& range, relation::Comparison comparison,
            const relation::Bound& bound) noexcept {
    switch (comparison) {
        case relation::Comparison::equal:
            if (!bound.is_equal) {
                range = nothing;
            } else {
                narrow_from(range, bound.at, false);
                narrow_to(range, bound.at, true);
            }
            break;
        case relation::Comparison::greater: narrow_from(range, bound.at, bound.is_equal); break;
        case relation::Comparison::greater_equal: narrow_from(range, bound.at, false); break;
        case relation::Comparison::less: narrow_to(range, bound.at, false); break;
        case relation::Comparison::less_equal: narrow_to(range, bound.at, bound.is_equal); break;
        case relation::Comparison::unequal: break;
    }
}

// What SQL would turn into a number first is left to it.
bool is_comparable(const Value& value, Type type) noexcept {
    if (type != Type::timestamp) return value.type() == Type::integer || value.type() == Type::real;
    return value.type() == Type::timestamp || value.type() == Type::date ||
           value.type() == Type::text;
}

}  // namespace

Result<const query::Source*> make_virtual_source(const VirtualUse& use, OpenVirtual open) noexcept {
    const VirtualQuestion question{use.moment, use.arguments, use.bounds, use.store, use.session};
    const Result<VirtualSource*> source =
        query::make<VirtualSource>(use.memory, use.table.name, question, open);
    if (!source) return relation::refuse_for_memory(use.error);
    return static_cast<const query::Source*>(*source);
}

Result<query::NumberRange> range_of(const VirtualQuestion& question, std::uint32_t column,
                                    Type type, Arena& memory) noexcept {
    query::NumberRange range;
    for (const VirtualBound& bound : question.bounds) {
        if (bound.column != column) continue;
        const Result<Value> value = query::evaluate(*bound.value, memory);
        if (!value) return value.error();
        const auto column_type = static_cast<relation::ColumnType>(type);
        if (is_comparable(*value, type) && relation::has_bound(*value, column_type))
            narrow(range, bound.comparison, relation::find_bound(*value, column_type));
    }
    return range;
}

Result<Value> text_of(const VirtualQuestion& question, std::uint32_t column,
                      Arena& memory) noexcept {
    for (const VirtualBound& bound : question.bounds) {
        if (bound.column != column || bound.comparison != relation::Comparison::equal) continue;
        const Result<Value> value = query::evaluate(*bound.value, memory);
        if (!value || value->type() == Type::text) return value;
    }
    return Value{};
}

Result<Value> argument_of(const VirtualQuestion& question, std::size_t number,
                          Arena& memory) noexcept {
    if (number >= question.arguments.size()) return Value{};
    return query::evaluate(*question.arguments[number], memory);
}

Value text_or_blob(Bytes bytes) noexcept {
    return is_utf8(as_text(bytes)) ? Value::text(as_text(bytes)) : Value::blob(bytes);
}

Value time_value(std::uint64_t time_us) noexcept {
    constexpr auto last = static_cast<std::uint64_t>(timestamp_max);
    return Value::timestamp(static_cast<std::int64_t>(std::min(time_us, last)));
}

Result<Value> kept_text(std::string_view text, Arena& texts) noexcept {
    return query::keep(Value::text(text), texts);
}

}  // namespace freshet::sql

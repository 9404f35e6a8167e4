// SPDX-License-Identifier: MIT
// A key is the values of its columns, one behind the other. Those that are equal to something are
// the start of all keys that are wanted. Of the next column, NULLs are in no range. Where a column
// descends, keys come in the opposite order: its low bound is where they end.
#include "query/key_range.hpp"

#include <algorithm>
#include <array>

#include "query/keep.hpp"
#include "relation/bound.hpp"
#include "relation/table_row.hpp"

namespace freshet::query {
namespace {

using relation::Bound;
using relation::ColumnType;
using relation::KeyWriter;
using relation::Sort;

class Search {
public:
    Search(const Access& access, const relation::TableDefinition& table, const Value* next,
           Arena& memory) noexcept
        : access_{access}, table_{table}, next_{next}, memory_{memory} {}

    Result<KeySearch> make() noexcept {
        const Status begun = begin();
        if (!begun) return begun.error();
        if (result_.is_empty) return result_;
        const std::size_t known_count = access_.equal.size() + (next_ == nullptr ? 0 : 1);
        const bool is_whole = known_count == access_.columns.size();
        if (access_.index == nullptr && is_whole && !is_open_ && !is_cut_) {
            const Result<Bytes> key = kept(prefix_.written());
            if (!key) return key.error();
            result_.is_one_row = true;
            result_.range.from = *key;
            return result_;
        }
        const bool has_range = next_ == nullptr && !is_open_ && !is_cut_;
        const Status ranged = has_range ? range() : whole_prefix();
        if (!ranged) return ranged.error();
        return result_;
    }

private:
    // No key has more of the values.
    static constexpr std::size_t size_max =
        std::max(relation::primary_key_size_max, relation::index_values_size_max);
    [[nodiscard]] std::size_t room() const noexcept {
        return access_.index == nullptr ? relation::primary_key_size_max
                                        : relation::index_values_size_max;
    }

    struct Known {
        bool has_bound = false;
        Bound bound{};
    };

    [[nodiscard]] ColumnType type_at(std::size_t place) const noexcept {
        return type_of(table_, access_.columns[place].column);
    }
    [[nodiscard]] Sort sort_at(std::size_t place) const noexcept {
        return access_.columns[place].sort;
    }

    // NULL is in no comparison.
    Result<Known> known(const Scalar& scalar, ColumnType type) noexcept {
        const Result<Value> value = evaluate(scalar, memory_);
        if (!value) return value.error();
        if (value->is_null()) result_.is_empty = true;
        const bool has_bound = relation::has_bound(*value, type);
        if (!has_bound) result_.is_exact = false;
        return Known{has_bound, has_bound ? relation::find_bound(*value, type) : Bound{}};
    }

    // All equalities, up to one that cannot be compared with keys or does not fit into one.
    Status begin() noexcept {
        if (is_hash()) {
            const Result<std::span<Value>> hashed = memory_.array<Value>(access_.equal.size());
            if (!hashed) return hashed.error();
            hashed_ = *hashed;
        }
        for (std::size_t i = 0; i < access_.equal.size(); i++) {
            const Result<Known> value = known(*access_.equal[i], type_at(i));
            if (!value) return value.error();
            if (result_.is_empty) return Done{};
            is_open_ = is_open_ || !value->has_bound;
            if (is_open_ || is_cut_) continue;
            if (!value->bound.is_equal) {
                result_.is_empty = true;
                return Done{};
            }
            if (is_hash())
                hashed_[i] = value->bound.at;
            else
                prefix_.value(value->bound.at, sort_at(i));
            note_cut(prefix_);
        }
        if (is_hash() && !is_open_) return put_hash();
        if (next_ == nullptr || is_open_ || is_cut_) return Done{};
        prefix_.value(*next_, sort_at(access_.equal.size()));
        note_cut(prefix_);
        return Done{};
    }

    [[nodiscard]] bool is_hash() const noexcept {
        return access_.index != nullptr && access_.index->hash;
    }
    // A hash index has the hash of all its values in front of them.
    Status put_hash() noexcept {
        const relation::IndexPrefix prefix{*access_.index, hashed_};
        prefix_.raw(prefix.bytes().subspan(relation::index_id_size));
        is_cut_ = prefix.is_cut();
        result_.is_exact = result_.is_exact && !is_cut_;
        return Done{};
    }

    void note_cut(const KeyWriter& key) noexcept {
        if (!key.is_cut()) return;
        is_cut_ = true;
        result_.is_exact = false;
    }

    Result<Bytes> kept(Bytes key) noexcept {
        if (key.empty()) return Bytes{};
        const Result<MutableBytes> copy = memory_.bytes(key.size(), 1);
        if (!copy) return copy.error();
        std::copy(key.begin(), key.end(), copy->begin());
        return Bytes{*copy};
    }

    // The first key behind all that begin with this; empty: there is none.
    Result<Bytes> behind(Bytes key) noexcept {
        const Result<Bytes> copy = kept(key);
        if (!copy || copy->empty()) return copy;
        const MutableBytes bytes{const_cast<std::byte*>(copy->data()), copy->size()};
        return copy->first(relation::end_of_prefix(bytes));
    }

    Status whole_prefix() noexcept {
        const Result<Bytes> from = kept(prefix_.written());
        if (!from) return from.error();
        const Result<Bytes> end = behind(prefix_.written());
        if (!end) return end.error();
        result_.range = {*from, *end};
        return Done{};
    }

    // Where the keys of a value begin, or where they end, behind the equal ones.
    Result<Bytes> at(const Value& value, bool is_end) noexcept {
        std::array<std::byte, size_max> bytes;
        KeyWriter key{MutableBytes{bytes}.first(room())};
        key.raw(prefix_.written()).value(value, sort_at(access_.equal.size()));
        note_cut(key);
        return is_end ? behind(key.written()) : kept(key.written());
    }

    // Below a low bound is what is less, above a high one what is more.
    Status range() noexcept {
        const Status whole = whole_prefix();
        if (!whole) return whole;
        if (access_.low == nullptr && access_.high == nullptr && !access_.skips_nulls)
            return Done{};
        const std::size_t place = access_.equal.size();
        const bool ascends = sort_at(place) == Sort::ascending;
        const Result<Bytes> nulls = at(Value{}, ascends);
        if (!nulls) return nulls.error();
        (ascends ? result_.range.from : result_.range.end) = *nulls;
        if (access_.low != nullptr) {
            const Status low = bound_low(type_at(place), ascends);
            if (!low) return low;
        }
        return access_.high == nullptr ? Status{Done{}} : bound_high(type_at(place), ascends);
    }

    Status bound_low(ColumnType type, bool ascends) noexcept {
        const Result<Known> low = known(*access_.low, type);
        if (!low) return low.error();
        if (!low->has_bound) return Done{};
        if (low->bound.at.is_null()) {
            result_.is_empty = true;
            return Done{};
        }
        const bool leaves_out = low->bound.is_equal && !access_.low_is_in;
        // What is cut may be the start of others' keys too.
        const Result<Bytes> key = at_border(low->bound.at, leaves_out == ascends, !ascends);
        if (!key) return key.error();
        (ascends ? result_.range.from : result_.range.end) = *key;
        return Done{};
    }

    Status bound_high(ColumnType type, bool ascends) noexcept {
        const Result<Known> high = known(*access_.high, type);
        if (!high) return high.error();
        if (!high->has_bound || high->bound.at.is_null()) return Done{};
        const bool takes_in = high->bound.is_equal && access_.high_is_in;
        const Result<Bytes> key = at_border(high->bound.at, takes_in == ascends, ascends);
        if (!key) return key.error();
        (ascends ? result_.range.end : result_.range.from) = *key;
        return Done{};
    }

    // `of_cut`: which end it is if the key is cut, so that no row is lost.
    Result<Bytes> at_border(const Value& value, bool is_end, bool of_cut) noexcept {
        const bool was_cut = is_cut_;
        is_cut_ = false;
        Result<Bytes> key = at(value, is_end);
        if (key && is_cut_ && of_cut != is_end) key = at(value, of_cut);
        is_cut_ = is_cut_ || was_cut;
        return key;
    }

    const Access& access_;
    const relation::TableDefinition& table_;
    const Value* next_;
    Arena& memory_;
    KeySearch result_{};
    bool is_open_ = false;  // Keys say nothing of some value, and of none behind it.
    bool is_cut_ = false;
    std::span<Value> hashed_{};  // What a hash is made of.
    std::array<std::byte, size_max> bytes_;
    KeyWriter prefix_{MutableBytes{bytes_}.first(room())};
};

// A value of a list.
Result<Value> value_at(const Scalar& list, std::size_t index, Arena& memory) noexcept {
    if (list.kind == ScalarKind::in_list) return evaluate(*list.operands[index + 1], memory);
    return list.set->values()[static_cast<std::uint32_t>(index)][0];
}

}  // namespace

Result<KeySearch> make_search(const Access& access, const relation::TableDefinition& table,
                              const Value* next, Arena& memory) noexcept {
    if (access.check == nullptr && !access.skips_nulls) return KeySearch{};
    return Search{access, table, next, memory}.make();
}

Result<Points> find_points(const Access& access, const relation::TableDefinition& table,
                           Arena& memory) noexcept {
    const Scalar& list = *access.list;
    const ColumnType type = type_of(table, access.columns[access.equal.size()].column);
    const bool is_set = list.kind != ScalarKind::in_list;
    if (is_set && !list.set->is_whole()) return Points{};
    const std::size_t all_count = is_set ? list.set->values().count() : list.operands.size() - 1;
    if (all_count > point_count_max) return Points{};
    const Result<std::span<Value>> values = memory.array<Value>(all_count);
    if (!values) return values.error();
    std::size_t count = 0;
    for (std::size_t i = 0; i < all_count; i++) {
        const Result<Value> value = value_at(list, i, memory);
        if (!value) return value.error();
        if (value->is_null()) continue;
        if (!relation::has_bound(*value, type)) return Points{};
        const Bound bound = relation::find_bound(*value, type);
        if (bound.is_equal) (*values)[count++] = bound.at;
    }
    const auto begin = values->begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count);
    const auto is_before = [](const Value& a, const Value& b) { return relation::order(a, b) < 0; };
    std::make_heap(begin, end, is_before);
    std::sort_heap(begin, end, is_before);
    const auto last = std::unique(
        begin, end, [](const Value& a, const Value& b) { return relation::order(a, b) == 0; });
    return Points{true, values->first(static_cast<std::size_t>(last - begin))};
}

}  // namespace freshet::query

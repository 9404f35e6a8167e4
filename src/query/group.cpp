// SPDX-License-Identifier: MIT
// Groups are found by a hash table, in which rows stay in the order of their first ones; behind the
// key, a row has the states of the group's aggregates. DISTINCT is a table of each group's values,
// one for each such aggregate.
//
// Of a batch, first all groups are found, then one aggregate after the other takes its values.
#include <algorithm>

#include "query/operators.hpp"

namespace freshet::query {
namespace {

constexpr std::size_t state_width = sizeof(AggregateState) / sizeof(Value);
static_assert(state_width * sizeof(Value) == sizeof(AggregateState));
static_assert(alignof(AggregateState) == alignof(Value));

// The values that a DISTINCT aggregate has had, by group; none of the others.
struct Seen {
    RowTable* table = nullptr;
};

class Groups final : public Rows {
public:
    Groups(const Node& node, Rows& left, Context& context) noexcept
        : node_{node},
          left_{left},
          context_{context},
          width_{node.scalars.size()},
          table_{context.memory, width_, width_ + node.aggregates.size() * state_width} {}

    Status prepare() noexcept {
        Arena& memory = context_.memory;
        const Result<std::span<Value>> key = memory.array<Value>(width_);
        if (!key) return key.error();
        key_ = *key;
        const std::size_t count = node_.aggregates.size();
        if (count == 0) return Done{};
        const Result<std::span<Seen>> tables = memory.array<Seen>(count);
        if (!tables) return tables.error();
        seen_ = *tables;
        for (std::size_t i = 0; i < count; i++) {
            if (!node_.aggregates[i].distinct) continue;
            const Result<RowTable*> table =
                make<RowTable>(memory, memory, std::size_t{2}, std::size_t{2});
            if (!table) return table.error();
            seen_[i].table = *table;
        }
        return Done{};
    }

    Result<bool> next(Batch& batch) noexcept override {
        if (!is_read_) {
            const Status read = read_all();
            if (!read) return read.error();
            is_read_ = true;
        }
        const std::size_t count =
            std::min<std::size_t>(table_.rows().count() - given_, batch_row_count_max);
        if (count == 0) return false;
        const Status given = give(count);
        if (!given) return given.error();
        batch = {output_.columns(), first_rows(count)};
        return true;
    }

private:
    // One group of no rows, where there are no keys.
    Status read_all() noexcept {
        if (width_ == 0) {
            const Result<Value*> alone = add_group(std::span<const Value>{}, 0);
            if (!alone) return alone.error();
            alone_ = states_of(*alone);
        }
        for (;;) {
            Batch batch;
            const Result<bool> there = left_.next(batch);
            if (!there) return there.error();
            if (!*there) return Done{};
            Status done = width_ == 0 ? Status{Done{}} : find_groups(batch);
            for (std::size_t i = 0; done && i < node_.aggregates.size(); i++)
                done = aggregate(i, batch);
            if (!done) return done;
        }
    }

    Status find_groups(const Batch& batch) noexcept {
        const Status done = values_.evaluate(node_.scalars, batch, context_.memory);
        if (!done) return done;
        if (width_ > 1)
            return find_each(batch.selection, [this](Position position) {
                values_.take(position, key_);
                return std::span<const Value>{key_};
            });
        return find_each(batch.selection, [keys = values_[0]](Position position) -> const Value& {
            return keys[position];
        });
    }
    template <class KeyOf>
    Status find_each(Selection selection, KeyOf key_of) noexcept {
        for (std::size_t turn = 0; turn < selection.size(); turn++) {
            const auto& key = key_of(selection[turn]);
            const std::uint64_t hash = hash_of(key);
            Value* row = table_.find(key, hash);
            if (row == nullptr) {
                const Result<Value*> added = add_group(key, hash);
                if (!added) return added.error();
                row = *added;
            }
            groups_[turn] = states_of(row);
        }
        return Done{};
    }
    Result<Value*> add_group(const Value& key, std::uint64_t hash) noexcept {
        return add_group({&key, 1}, hash);
    }
    Result<Value*> add_group(std::span<const Value> key, std::uint64_t hash) noexcept {
        const Result<Value*> row = table_.add(key, hash);
        if (!row) return row;
        AggregateState* const states = states_of(*row);
        for (std::size_t i = 0; i < node_.aggregates.size(); i++) {
            ::new (static_cast<void*>(states + i)) AggregateState{};
            states[i].group = table_.rows().count();
        }
        return row;
    }
    [[nodiscard]] AggregateState* states_of(Value* row) const noexcept {
        return reinterpret_cast<AggregateState*>(row + width_);
    }

    Status aggregate(std::size_t index, const Batch& batch) noexcept {
        const Aggregate& aggregate = node_.aggregates[index];
        const Selection selection = batch.selection;
        if (aggregate.kind == AggregateKind::count_rows) {
            if (width_ == 0)
                alone_[index].count += static_cast<std::int64_t>(selection.size());
            else
                for (std::size_t i = 0; i < selection.size(); i++) groups_[i][index].count++;
            return Done{};
        }
        const std::array<const Scalar*, 2> scalars{aggregate.argument, aggregate.separator};
        const std::size_t count = aggregate.separator == nullptr ? 1 : 2;
        const Status done =
            values_.evaluate(std::span{scalars}.first(count), batch, context_.memory);
        if (!done) return done;
        const Vector& values = values_[0];
        Vector separators = Vector::constant(comma_);
        if (count == 2) separators = values_[1];
        if (seen_[index].table != nullptr)
            return add_distinct(index, values, separators, selection);
        return width_ == 0 ? add_all(aggregate.kind, alone_[index], values, separators, selection,
                                     context_.memory)
                           : add_all(aggregate.kind, groups_.data(), index, values, separators,
                                     selection, context_.memory);
    }

    Status add_distinct(std::size_t index, const Vector& values, const Vector& separators,
                        Selection selection) noexcept {
        std::size_t turn = 0;
        for (const Position position : selection) {
            AggregateState* const group = width_ == 0 ? alone_ : groups_[turn++];
            AggregateState& state = group[index];
            const Value& value = values[position];
            if (value.is_null()) continue;
            const std::array<Value, 2> key = {Value::integer(state.group), value};
            const Result<bool> put = seen_[index].table->put(key);
            if (!put) return put.error();
            if (!*put) continue;
            const Status added = add(node_.aggregates[index].kind, state, value,
                                     separators[position], context_.memory);
            if (!added) return added;
        }
        return Done{};
    }

    Status give(std::size_t count) noexcept {
        const std::size_t aggregate_count = node_.aggregates.size();
        const Status room = output_.prepare(width_ + aggregate_count, count, context_.memory);
        if (!room) return room;
        for (std::size_t row = 0; row < count; row++, given_++) {
            Value* const key = table_.rows()[given_];
            for (std::size_t i = 0; i < width_; i++) output_.column(i)[row] = key[i];
            for (std::size_t i = 0; i < aggregate_count; i++) {
                const Result<Value> value =
                    finish(node_.aggregates[i].kind, states_of(key)[i], context_.memory);
                if (!value) return value.error();
                output_.column(width_ + i)[row] = *value;
            }
        }
        return Done{};
    }

    const Node& node_;
    Rows& left_;
    Context& context_;
    std::size_t width_;
    RowTable table_;
    std::span<Value> key_{};
    std::span<Seen> seen_{};
    Value comma_ = Value::text(",");
    Evaluated values_;
    Output output_;
    std::uint32_t given_ = 0;
    bool is_read_ = false;
    AggregateState* alone_ = nullptr;  // Of the one group, where there are no keys;
    std::array<AggregateState*, batch_row_count_max> groups_;  // else of each row's, by its turn.
};

}  // namespace

Result<Rows*> open_aggregate(const Node& node, Rows& left, Context& context) noexcept {
    const Result<Groups*> made = make<Groups>(context.memory, node, left, context);
    if (!made) return made.error();
    const Status ready = (*made)->prepare();
    if (!ready) return ready.error();
    return static_cast<Rows*>(*made);
}

}  // namespace freshet::query

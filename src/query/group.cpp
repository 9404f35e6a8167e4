// SPDX-License-Identifier: MIT
// Groups are found by a hash table, in which rows stay in the order of their first ones; the states
// of a group's aggregates are in a row of a list beside it. DISTINCT is a table of each group's
// values, one for each such aggregate.
#include <algorithm>

#include "query/operators.hpp"

namespace freshet::query {
namespace {

// States by group and aggregate: segments that double, as in RowList.
class States {
public:
    States(Arena& memory, std::size_t width) noexcept : memory_{&memory}, width_{width} {}

    Status add() noexcept {
        const std::uint32_t segment = segment_of(count_);
        if (width_ > 0 && segments_[segment] == nullptr) {
            const Result<std::span<AggregateState>> states =
                memory_->array<AggregateState>((std::size_t{1} << segment) * width_);
            if (!states) return states.error();
            segments_[segment] = states->data();
        }
        if (width_ > 0) of(count_)->group = count_;
        count_++;
        return Done{};
    }
    // Null, if there are no aggregates.
    [[nodiscard]] AggregateState* of(std::uint32_t group) const noexcept {
        const std::uint32_t segment = segment_of(group);
        const std::size_t place = group + 1 - (std::uint32_t{1} << segment);
        AggregateState* const first = segments_[segment];
        return first + place * width_;
    }

private:
    static std::uint32_t segment_of(std::uint32_t group) noexcept {
        return (static_cast<std::uint32_t>(std::bit_width(group + 1)) - 1) & 31;
    }

    Arena* memory_;
    std::size_t width_;
    std::uint32_t count_ = 0;
    std::array<AggregateState*, 32> segments_{};
};

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
          table_{context.memory, width_, width_},
          states_{context.memory, node.aggregates.size()} {}

    Status prepare() noexcept {
        Arena& memory = context_.memory;
        const Result<std::span<Value>> key =
            width_ > 1 ? memory.array<Value>(width_) : Result<std::span<Value>>{{}};
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
            const Result<std::uint32_t> group = find_group({});
            if (!group) return group.error();
        }
        for (;;) {
            Batch batch;
            const Result<bool> there = left_.next(batch);
            if (!there) return there.error();
            if (!*there) return Done{};
            const Status done = read(batch);
            if (!done) return done;
        }
    }

    Status read(const Batch& batch) noexcept {
        const Status grouped = group(batch);
        if (!grouped) return grouped;
        for (std::size_t i = 0; i < node_.aggregates.size(); i++) {
            const Status added = aggregate(i, batch);
            if (!added) return added;
        }
        return Done{};
    }

    Status group(const Batch& batch) noexcept {
        if (width_ == 0) {
            std::fill_n(states_of_.begin(), batch.selection.back() + 1, states_.of(0));
            return Done{};
        }
        std::span<const Vector> keys;
        const Status done = scratch_.run(context_.memory, [&](Arena& arena) -> Status {
            const Result<std::span<const Vector>> found = evaluate(node_.scalars, batch, arena);
            if (!found) return found.error();
            keys = *found;
            return Done{};
        });
        if (!done) return done;
        for (const Position position : batch.selection) {
            const Value* key = &keys[0][position];
            if (width_ > 1) {
                for (std::size_t i = 0; i < width_; i++) key_[i] = keys[i][position];
                key = key_.data();
            }
            const Result<std::uint32_t> group = find_group({key, width_});
            if (!group) return group.error();
            states_of_[position] = states_.of(*group);
        }
        return Done{};
    }

    Result<std::uint32_t> find_group(std::span<const Value> key) noexcept {
        const Result<RowTable::Put> put = table_.put(key);
        if (!put) return put.error();
        if (put->is_new) {
            const Status added = states_.add();
            if (!added) return added.error();
        }
        return put->index;
    }

    Status aggregate(std::size_t index, const Batch& batch) noexcept {
        const Aggregate& aggregate = node_.aggregates[index];
        const bool is_alone = width_ == 0 && seen_[index].table == nullptr;
        if (aggregate.kind == AggregateKind::count_rows && is_alone) {
            states_.of(0)[index].count += static_cast<std::int64_t>(batch.selection.size());
            return Done{};
        }
        if (aggregate.kind == AggregateKind::count_rows) {
            for (const Position position : batch.selection) states_of_[position][index].count++;
            return Done{};
        }
        Vector values;
        Vector separators = Vector::constant(comma_);
        const Status done = scratch_.run(context_.memory, [&](Arena& arena) -> Status {
            const Result<Vector> value = evaluate(*aggregate.argument, batch, arena);
            if (!value) return value.error();
            values = *value;
            if (aggregate.separator == nullptr) return Done{};
            const Result<Vector> separator = evaluate(*aggregate.separator, batch, arena);
            if (!separator) return separator.error();
            separators = *separator;
            return Done{};
        });
        if (!done) return done;
        if (is_alone)
            return add(aggregate.kind, states_.of(0)[index], values, separators, batch.selection,
                       context_.memory);
        const bool is_plain_sum = is_sum(aggregate.kind) && seen_[index].table == nullptr;
        for (const Position position : batch.selection) {
            const Value& value = values[position];
            AggregateState* const states = states_of_[position];
            if (is_plain_sum && add_integer(states[index], value)) continue;
            const Result<bool> counts = is_counted(index, states->group, value);
            if (!counts) return counts.error();
            if (!*counts) continue;
            const Status added =
                add(aggregate.kind, states[index], value, separators[position], context_.memory);
            if (!added) return added;
        }
        return Done{};
    }

    Result<bool> is_counted(std::size_t index, std::uint32_t group, const Value& value) noexcept {
        if (seen_[index].table == nullptr || value.is_null()) return true;
        const std::array<Value, 2> key = {Value::integer(group), value};
        const Result<RowTable::Put> put = seen_[index].table->put(key);
        if (!put) return put.error();
        return put->is_new;
    }

    Status give(std::size_t count) noexcept {
        const std::size_t aggregate_count = node_.aggregates.size();
        const Status room = output_.prepare(width_ + aggregate_count, count, context_.memory);
        if (!room) return room;
        for (std::size_t row = 0; row < count; row++, given_++) {
            const Value* const key = table_.rows()[given_];
            for (std::size_t i = 0; i < width_; i++) output_.column(i)[row] = key[i];
            for (std::size_t i = 0; i < aggregate_count; i++) {
                const Result<Value> value =
                    finish(node_.aggregates[i].kind, states_.of(given_)[i], context_.memory);
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
    States states_;
    std::span<Value> key_{};
    std::span<Seen> seen_{};
    Value comma_ = Value::text(",");
    Scratch scratch_;
    Output output_;
    std::uint32_t given_ = 0;
    bool is_read_ = false;
    std::array<AggregateState*, batch_row_count_max> states_of_;  // Of each row's group.
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

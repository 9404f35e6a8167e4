// SPDX-License-Identifier: MIT
// A row that is sorted by its group:
//
//      the keys | when it came | of each aggregate its argument and its separator, or NULL
//
// The states of one group at a time are kept, in a part of the share that the next one uses again.
#include <algorithm>

#include "query/spilled.hpp"

namespace freshet::query {
namespace {

// Of a group's values each once, in the order in which they came.
class DistinctValues {
public:
    DistinctValues(Context& context, MutableBytes by_value, MutableBytes by_turn) noexcept
        : by_value_{context, by_value}, by_turn_{context, by_turn} {}

    Status open() noexcept {
        const Status opened = by_value_.open(3, 1);
        return opened ? by_turn_.open(3, 1) : opened;
    }
    Status add(const Value& value, const Value& separator) noexcept {
        const std::array<Value, 3> row{value, separator, Value::integer(turn_++)};
        return by_value_.add(row);
    }
    // Calls use(value, separator), and begins anew.
    template <class Use>
    Status take_all(Use use) noexcept {
        Status done = take_each(by_value_, [this](std::span<const Value> row) -> Status {
            const std::array<Value, 3> other{row[2], row[0], row[1]};
            return by_value_.is_new_key() ? by_turn_.add(other) : Status{Done{}};
        });
        if (done)
            done = take_each(by_turn_,
                             [&](std::span<const Value> row) { return use(row[1], row[2]); });
        by_value_.clear();
        by_turn_.clear();
        return done;
    }

private:
    template <class Use>
    static Status take_each(Sorter& sorter, Use use) noexcept {
        Status done = sorter.finish();
        while (done) {
            const Result<bool> there = sorter.next();
            if (!there) return there.error();
            if (!*there) return Done{};
            done = use(sorter.row());
        }
        return done;
    }

    Sorter by_value_;
    Sorter by_turn_;
    std::int64_t turn_ = 0;
};

struct Column {
    AggregateState state{};
    DistinctValues* distinct = nullptr;
};

class SpilledGroups final : public Spilled {
public:
    SpilledGroups(const Node& node, Rows& left, Context& context) noexcept
        : Spilled{node, left, context, 1}, width_{node.scalars.size()} {}

    Status open() noexcept {
        const std::size_t count = node_.aggregates.size();
        const auto columns = context_.memory.array<Column>(count + 1);
        if (!columns) return columns.error();
        columns_ = columns->first(count);
        const auto row = context_.memory.array<Value>(width_ + 1 + 2 * count);
        if (!row) return row.error();
        row_ = *row;
        const auto scalars = context_.memory.array<const Scalar*>(row_.size());
        if (!scalars) return scalars.error();
        scalars_ = *scalars;
        std::size_t distinct_count = 0;
        for (const Aggregate& aggregate : node_.aggregates)
            distinct_count += aggregate.distinct ? 1 : 0;
        Status opened = open_last(3 + 2 * distinct_count);
        if (!opened) return opened;
        states_ = share_.take();
        all_.emplace(context_, share_.take(2));
        opened = all_->open(row_.size(), width_);
        for (std::size_t i = 0; opened && i < count; i++) opened = open_distinct(i);
        return opened;
    }

private:
    Status open_distinct(std::size_t index) noexcept {
        if (!node_.aggregates[index].distinct) return Done{};
        const MutableBytes by_value = share_.take();
        const auto made = make<DistinctValues>(context_.memory, context_, by_value, share_.take());
        if (!made) return made.error();
        columns_[index].distinct = *made;
        return (*made)->open();
    }

    Status fill() noexcept override {
        std::copy(node_.scalars.begin(), node_.scalars.end(), scalars_.begin());
        Status done = read_all(left_, [this](const Batch& batch) { return read(batch); });
        if (done) done = all_->finish();
        if (done && width_ == 0) done = begin({});
        while (done) {
            const Result<bool> there = all_->next();
            if (!there) return there.error();
            if (!*there) break;
            done = take(all_->row());
        }
        return done && has_group_ ? end() : done;
    }

    Status read(const Batch& batch) noexcept {
        std::size_t count = width_;
        for (const Aggregate& aggregate : node_.aggregates) {
            if (aggregate.argument != nullptr) scalars_[count++] = aggregate.argument;
            if (aggregate.separator != nullptr) scalars_[count++] = aggregate.separator;
        }
        const Status evaluated = values_.evaluate(scalars_.first(count), batch, context_.memory);
        if (!evaluated) return evaluated;
        for (const Position position : batch.selection) {
            values_.take(position, row_.first(width_));
            row_[width_] = Value::integer(turn_++);
            std::size_t from = width_;
            std::size_t to = width_ + 1;
            for (const Aggregate& aggregate : node_.aggregates) {
                row_[to++] = aggregate.argument != nullptr ? values_[from++][position] : Value{};
                row_[to++] = aggregate.separator != nullptr ? values_[from++][position] : comma_;
            }
            const Status added = all_->add(row_);
            if (!added) return added;
        }
        return Done{};
    }

    Status take(std::span<const Value> row) noexcept {
        if (width_ > 0 && all_->is_new_key()) {
            const Status ended = has_group_ ? end() : Status{Done{}};
            if (!ended) return ended;
            const Status begun = begin(row);
            if (!begun) return begun;
        }
        for (std::size_t i = 0; i < columns_.size(); i++) {
            const Value& value = row[width_ + 1 + 2 * i];
            const Value& separator = row[width_ + 2 + 2 * i];
            DistinctValues* const distinct = columns_[i].distinct;
            Status added = Done{};
            if (distinct == nullptr)
                added = add(i, value, separator);
            else if (!value.is_null())
                added = distinct->add(value, separator);
            if (!added) return added;
        }
        return Done{};
    }
    Status add(std::size_t index, const Value& value, const Value& separator) noexcept {
        return query::add(node_.aggregates[index].kind, columns_[index].state, value, separator,
                          *memory_);
    }

    // With the first row of the group; of no rows, where there are no keys.
    Status begin(std::span<const Value> row) noexcept {
        has_group_ = true;
        memory_.emplace(states_);
        for (Column& column : columns_) column.state = AggregateState{};
        row_[0] = row.empty() ? Value::integer(0) : row[width_];
        for (std::size_t i = 0; i < width_; i++) {
            const Result<Value> kept = keep(row[i], *memory_);
            if (!kept) return kept.error();
            row_[1 + i] = *kept;
        }
        return Done{};
    }
    Status end() noexcept {
        for (std::size_t i = 0; i < columns_.size(); i++) {
            Status done = Done{};
            if (columns_[i].distinct != nullptr)
                done =
                    columns_[i].distinct->take_all([&](const Value& value, const Value& separator) {
                        return add(i, value, separator);
                    });
            if (!done) return done;
            const Result<Value> value =
                finish(node_.aggregates[i].kind, columns_[i].state, *memory_);
            if (!value) return value.error();
            row_[1 + width_ + i] = *value;
        }
        return last_->add(row_.first(1 + width_ + columns_.size()));
    }

    std::size_t width_;
    std::span<Column> columns_{};
    std::span<Value> row_{};
    std::span<const Scalar*> scalars_{};
    std::optional<Sorter> all_;
    MutableBytes states_{};
    std::optional<Arena> memory_;
    Value comma_ = Value::text(",");
    std::int64_t turn_ = 0;
    bool has_group_ = false;
};

}  // namespace

Result<Rows*> open_spilled_aggregate(const Node& node, Rows& left, Context& context) noexcept {
    return open_spilled<SpilledGroups>(context, node, left);
}

}  // namespace freshet::query

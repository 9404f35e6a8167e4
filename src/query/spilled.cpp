// SPDX-License-Identifier: MIT
#include "query/spilled.hpp"

#include <algorithm>

namespace freshet::query {

std::size_t count_keepers(const Node& node) noexcept {
    std::size_t count = 0;
    switch (node.kind) {
        case NodeKind::sort:
        case NodeKind::distinct:
        case NodeKind::aggregate:
        case NodeKind::join:
        case NodeKind::except:
        case NodeKind::intersect: count = 1; break;
        default: break;
    }
    if (node.left != nullptr) count += count_keepers(*node.left);
    if (node.right != nullptr) count += count_keepers(*node.right);
    return count;
}

Status Share::open(Context& context, std::size_t part_count) noexcept {
    part_size_ = context.spill->share / part_count / 16 * 16;
    if (part_size_ < Sorter::block_size_min) return Code::out_of_memory;
    const Result<MutableBytes> block =
        context.memory.bytes(part_size_ * part_count, alignof(Value));
    if (!block) return block.error();
    rest_ = *block;
    return Done{};
}

// At most half of the block is for values.
Status Gathered::open(std::size_t width, MutableBytes block, Context& context) noexcept {
    const std::size_t row_size = std::max<std::size_t>(width, 1) * sizeof(Value);
    capacity_ = std::min(block.size() / 2 / row_size, context.batch_size());
    if (capacity_ == 0) return Code::out_of_memory;
    const Result<std::span<Vector>> columns =
        width == 0 ? std::span<Vector>{} : context.memory.array<Vector>(width);
    if (!columns) return columns.error();
    columns_ = *columns;
    values_ = {reinterpret_cast<Value*>(block.data()), width * capacity_};
    for (std::size_t i = 0; i < width; i++)
        columns_[i] = Vector::of(values_.data() + i * capacity_);
    texts_ = block.subspan(values_.size_bytes());
    return Done{};
}

bool Gathered::add(std::span<const Value> row) noexcept {
    std::size_t size = 0;
    for (const Value& value : row) size += value.has_bytes() ? value.bytes().size() : 0;
    if (count_ == capacity_ || size > texts_.size() - size_) return false;
    Arena texts{texts_.subspan(size_, size)};
    for (std::size_t i = 0; i < row.size(); i++) {
        const Result<Value> kept = keep(row[i], texts);
        FRESHET_CHECK(kept);
        ::new (static_cast<void*>(values_.data() + i * capacity_ + count_)) Value{*kept};
    }
    size_ += size;
    count_++;
    return true;
}

namespace {

// ---- sort ----

class SpilledSort final : public Spilled {
public:
    SpilledSort(const Node& node, Rows& left, Context& context) noexcept
        : Spilled{node, left, context, node.terms.size()} {}

    Status open() noexcept {
        const std::size_t width = node_.terms.size() + node_.column_count;
        const Result<std::span<Value>> row = context_.memory.array<Value>(std::max(width, one));
        if (!row) return row.error();
        row_ = row->first(width);
        const auto keys = context_.memory.array<const Scalar*>(std::max(node_.terms.size(), one));
        if (!keys) return keys.error();
        keys_ = keys->first(node_.terms.size());
        for (std::size_t i = 0; i < keys_.size(); i++) keys_[i] = node_.terms[i].value;
        return open_last(0, node_.terms);
    }

private:
    static constexpr std::size_t one = 1;

    Status fill() noexcept override {
        return read_all(left_, [this](const Batch& batch) { return read(batch); });
    }
    Status read(const Batch& batch) noexcept {
        const Status evaluated = values_.evaluate(keys_, batch, context_.memory);
        if (!evaluated) return evaluated;
        for (const Position position : batch.selection) {
            values_.take(position, row_.first(keys_.size()));
            for (std::size_t i = 0; i < node_.column_count; i++)
                row_[keys_.size() + i] = batch.columns[i][position];
            const Status added = last_->add(row_);
            if (!added) return added;
        }
        return Done{};
    }

    std::span<Value> row_{};
    std::span<const Scalar*> keys_{};
};

// ---- distinct, except, intersect ----

class SpilledSet final : public Spilled {
public:
    SpilledSet(const Node& node, Rows& left, Rows* right, Context& context) noexcept
        : Spilled{node, left, context, 1}, right_{right} {}

    Status open() noexcept {
        const std::size_t width = node_.column_count + 1;
        const Result<std::span<Value>> row = context_.memory.array<Value>(width);
        if (!row) return row.error();
        row_ = *row;
        const Status opened = open_last(2);
        if (!opened) return opened;
        all_.emplace(context_, share_.take(2));
        return all_->open(width, node_.column_count);
    }

private:
    Status fill() noexcept override {
        Status done = right_ == nullptr ? Status{Done{}} : add_all(*right_, false);
        if (done) done = add_all(left_, true);
        if (done) done = all_->finish();
        return done ? choose() : done;
    }
    // Behind its columns, a row of left has the number of when it came, and one of right NULL.
    Status add_all(Rows& rows, bool is_left) noexcept {
        return read_all(rows, [&](const Batch& batch) -> Status {
            for (const Position position : batch.selection) {
                for (std::size_t i = 0; i < node_.column_count; i++)
                    row_[i] = batch.columns[i][position];
                if (is_left) row_[node_.column_count] = Value::integer(turn_++);
                const Status added = all_->add(row_);
                if (!added) return added;
            }
            return Done{};
        });
    }
    // Of equal rows the first of left, if there is one of right or none, as it is wanted.
    Status choose() noexcept {
        bool is_open = false;
        for (;;) {
            const Result<bool> there = all_->next();
            if (!there) return there.error();
            if (!*there) return Done{};
            const std::span<const Value> row = all_->row();
            const Value& turn = row[node_.column_count];
            const bool wants_right = node_.kind == NodeKind::intersect;
            if (all_->is_new_key()) is_open = turn.is_null() == wants_right;
            if (!is_open || turn.is_null()) continue;
            is_open = false;
            row_[0] = turn;
            std::copy(row.begin(), row.end() - 1, row_.begin() + 1);
            const Status added = last_->add(row_);
            if (!added) return added;
        }
    }

    Rows* right_;
    std::optional<Sorter> all_;
    std::span<Value> row_{};
    std::int64_t turn_ = 0;
};

}  // namespace

Result<Rows*> open_spilled_sort(const Node& node, Rows& left, Context& context) noexcept {
    return open_spilled<SpilledSort>(context, node, left);
}

Result<Rows*> open_spilled_set(const Node& node, Rows& left, Rows* right,
                               Context& context) noexcept {
    return open_spilled<SpilledSet>(context, node, left, right);
}

}  // namespace freshet::query

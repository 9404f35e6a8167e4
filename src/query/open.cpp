// SPDX-License-Identifier: MIT
// Opens trees of operators, and the simple ones among these: what they give lies in what they got,
// or in a block of theirs.
#include <algorithm>

#include "query/operators.hpp"
#include "query/spilled.hpp"
#include "relation/convert.hpp"

namespace freshet::query {

Status Output::prepare(std::size_t column_count, std::size_t row_count, Arena& memory) noexcept {
    if (row_count <= capacity_) return Done{};
    constexpr std::array<std::size_t, 3> counts{4, 64, batch_row_count_max};
    const std::size_t capacity = *std::lower_bound(counts.begin(), counts.end(), row_count);
    if (column_count > 0) {
        const Result<MutableBytes> values =
            memory.bytes(column_count * capacity * sizeof(Value), alignof(Value));
        if (!values) return values.error();
        const Result<std::span<Vector>> vectors = memory.array<Vector>(column_count);
        if (!vectors) return vectors.error();
        values_ = reinterpret_cast<Value*>(values->data());
        vectors_ = *vectors;
    }
    capacity_ = capacity;
    for (std::size_t i = 0; i < column_count; i++) vectors_[i] = Vector::of(column(i));
    return Done{};
}

Status Evaluated::evaluate(std::span<const Scalar* const> scalars, const Batch& batch,
                           Arena& memory) noexcept {
    columns_ = {};
    if (scalars.empty()) return Done{};
    return scratch_.run(memory, [&](Arena& arena) -> Status {
        const Result<std::span<Vector>> vectors = arena.array<Vector>(scalars.size());
        if (!vectors) return vectors.error();
        for (std::size_t i = 0; i < scalars.size(); i++) {
            const Result<Vector> vector = query::evaluate(*scalars[i], batch, arena);
            if (!vector) return vector.error();
            (*vectors)[i] = *vector;
        }
        columns_ = *vectors;
        return Done{};
    });
}

bool Evaluated::take(Position position, std::span<Value> into) const noexcept {
    bool has_null = false;
    for (std::size_t i = 0; i < into.size(); i++) {
        into[i] = columns_[i][position];
        has_null = has_null || into[i].is_null();
    }
    return !has_null;
}

Status Condition::choose(const Scalar& condition, Batch& batch, Arena& memory) noexcept {
    return scratch_.run(memory, [&](Arena& arena) -> Status {
        const Result<Selection> selection = select(condition, batch, arena);
        if (!selection) return selection.error();
        batch.selection = *selection;
        return Done{};
    });
}

namespace {

class Values final : public Rows {
public:
    Values(const Node& node, Context& context) noexcept : node_{node}, context_{context} {}

    Result<bool> next(Batch& batch) noexcept override {
        const Status going = context_.check();
        if (!going) return going.error();
        const std::size_t count = std::min(node_.row_count - first_, context_.batch_size());
        if (count == 0) return false;
        const Status done = scratch_.run(context_.memory, [&](Arena& arena) -> Status {
            output_ = {};
            const Status room = output_.prepare(node_.column_count, count, arena);
            return room ? fill(count, arena) : room;
        });
        if (!done) return done.error();
        first_ += count;
        batch = {output_.columns(), first_rows(count)};
        return true;
    }

private:
    Status fill(std::size_t count, Arena& arena) noexcept {
        const std::size_t width = node_.column_count;
        for (std::size_t row = 0; row < count; row++) {
            for (std::size_t i = 0; i < width; i++) {
                const Scalar& scalar = *node_.scalars[(first_ + row) * width + i];
                const Result<Value> value = evaluate(scalar, arena);
                if (!value) return value.error();
                output_.column(i)[row] = *value;
            }
        }
        return Done{};
    }

    const Node& node_;
    Context& context_;
    std::size_t first_ = 0;
    Scratch scratch_;
    Output output_;
};

class Filter final : public Rows {
public:
    Filter(const Node& node, Rows& left, Context& context) noexcept
        : condition_{*node.condition}, left_{left}, context_{context} {}

    Result<bool> next(Batch& batch) noexcept override {
        for (;;) {
            const Result<bool> there = left_.next(batch);
            if (!there || !*there) return there;
            const Status chosen = chosen_.choose(condition_, batch, context_.memory);
            if (!chosen) return chosen.error();
            if (!batch.selection.empty()) return true;
        }
    }

private:
    const Scalar& condition_;
    Rows& left_;
    Context& context_;
    Condition chosen_;
};

class Project final : public Rows {
public:
    Project(const Node& node, Rows& left, Context& context) noexcept
        : scalars_{node.scalars}, left_{left}, context_{context} {}

    Result<bool> next(Batch& batch) noexcept override {
        const Result<bool> there = left_.next(batch);
        if (!there || !*there) return there;
        const Status done = columns_.evaluate(scalars_, batch, context_.memory);
        if (!done) return done.error();
        batch.columns = columns_.columns();
        return true;
    }

private:
    std::span<const Scalar* const> scalars_;
    Rows& left_;
    Context& context_;
    Evaluated columns_;
};

class Limit final : public Rows {
public:
    Limit(Rows& left, std::uint64_t offset, std::uint64_t limit) noexcept
        : left_{left}, to_skip_{offset}, to_give_{limit} {}

    Result<bool> next(Batch& batch) noexcept override {
        while (to_give_ > 0) {
            const Result<bool> there = left_.next(batch);
            if (!there || !*there) return there;
            const std::uint64_t skipped = std::min<std::uint64_t>(to_skip_, batch.selection.size());
            to_skip_ -= skipped;
            const Selection rest = batch.selection.subspan(skipped);
            const std::uint64_t given = std::min<std::uint64_t>(to_give_, rest.size());
            to_give_ -= given;
            batch.selection = rest.first(given);
            if (given > 0) return true;
        }
        return false;
    }

private:
    Rows& left_;
    std::uint64_t to_skip_;
    std::uint64_t to_give_;
};

class UnionAll final : public Rows {
public:
    UnionAll(Rows& left, Rows& right) noexcept : left_{&left}, right_{right} {}

    Result<bool> next(Batch& batch) noexcept override {
        if (left_ != nullptr) {
            const Result<bool> there = left_->next(batch);
            if (!there || *there) return there;
            left_ = nullptr;
        }
        return right_.next(batch);
    }

private:
    Rows* left_;
    Rows& right_;
};

constexpr std::uint64_t no_limit = ~std::uint64_t{0};

Result<Rows*> open_sorted(const Node& node, Rows& left, std::uint64_t row_limit,
                          Context& context) noexcept {
    return context.spill == nullptr ? open_sort(node, left, row_limit, context)
                                    : open_spilled_sort(node, left, context);
}

Result<Rows*> open_chosen(const Node& node, Rows& left, Rows* right, Context& context) noexcept {
    return context.spill == nullptr ? open_set(node, left, right, context)
                                    : open_spilled_set(node, left, right, context);
}

Result<Rows*> open_groups(const Node& node, Rows& left, Context& context) noexcept {
    return context.spill == nullptr ? open_aggregate(node, left, context)
                                    : open_spilled_aggregate(node, left, context);
}

// Below 0, or not there: `otherwise`.
Result<std::uint64_t> evaluate_count(const Scalar* scalar, std::uint64_t otherwise,
                                     Context& context) noexcept {
    if (scalar == nullptr) return otherwise;
    const Result<Value> value = evaluate(*scalar, context.memory);
    if (!value) return value.error();
    const Result<Value> count =
        relation::assign(*value, relation::ColumnType::integer, context.memory);
    if (!count) return count.error();
    if (count->is_null()) return Code::type_mismatch;
    return count->as_integer() < 0 ? otherwise : static_cast<std::uint64_t>(count->as_integer());
}

Result<Rows*> open_limit(const Node& node, Context& context) noexcept {
    const Result<std::uint64_t> limit = evaluate_count(node.limit, no_limit, context);
    if (!limit) return limit.error();
    const Result<std::uint64_t> offset = evaluate_count(node.offset, 0, context);
    if (!offset) return offset.error();
    const Node& below = *node.left;
    const bool is_sorted = below.kind == NodeKind::sort;
    const Result<Rows*> rows = open(is_sorted ? *below.left : below, context);
    if (!rows) return rows;
    const std::uint64_t needed = *limit < no_limit - *offset ? *limit + *offset : no_limit;
    const Result<Rows*> left = is_sorted ? open_sorted(below, **rows, needed, context) : rows;
    if (!left) return left;
    const Result<Limit*> made = make<Limit>(context.memory, **left, *offset, *limit);
    if (!made) return made.error();
    return static_cast<Rows*>(*made);
}

template <class T, class... Arguments>
Result<Rows*> make_rows(Context& context, Arguments&&... arguments) noexcept {
    const Result<T*> made = make<T>(context.memory, std::forward<Arguments>(arguments)...);
    if (!made) return made.error();
    return static_cast<Rows*>(*made);
}

Result<Rows*> open_pair(const Node& node, Rows& left, Context& context) noexcept {
    const Result<Rows*> right = open(*node.right, context);
    if (!right) return right;
    if (node.kind == NodeKind::join)
        return context.spill == nullptr ? open_join(node, left, **right, context)
                                        : open_spilled_join(node, left, **right, context);
    if (node.kind == NodeKind::union_all) return make_rows<UnionAll>(context, left, **right);
    return open_chosen(node, left, *right, context);
}

}  // namespace

Result<Rows*> open(const Node& node, Context& context) noexcept {
    if (node.kind == NodeKind::values) return make_rows<Values>(context, node, context);
    if (node.kind == NodeKind::source) return node.source->open(context);
    if (node.kind == NodeKind::limit) return open_limit(node, context);
    const Result<Rows*> left = open(*node.left, context);
    if (!left) return left;
    switch (node.kind) {
        case NodeKind::filter: return make_rows<Filter>(context, node, **left, context);
        case NodeKind::project: return make_rows<Project>(context, node, **left, context);
        case NodeKind::sort: return open_sorted(node, **left, no_limit, context);
        case NodeKind::distinct: return open_chosen(node, **left, nullptr, context);
        case NodeKind::aggregate: return open_groups(node, **left, context);
        default: return open_pair(node, **left, context);
    }
}

}  // namespace freshet::query

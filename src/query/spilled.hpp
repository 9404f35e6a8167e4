// SPDX-License-Identifier: MIT
// Operators whose rows memory does not hold: what each gives, and in what order, is what the one in
// memory gives.
//
//      sort                    its rows, sorted
//      distinct, except,       all rows are sorted, those of right before those of left, so that
//      intersect               equal ones stand together; those that go through are sorted again,
//                              by when they came
//      aggregate               rows are sorted by their groups, and the groups by their first rows;
//                              of DISTINCT, the values of a group as distinct does
//      join                    spilled_join.cpp
//
// Each has an equal share of the memory (Spill::share), in parts of 4 KiB or more.
#pragma once

#include <optional>

#include "query/keep.hpp"
#include "query/sorter.hpp"

namespace freshet::query {

Result<Rows*> open_spilled_sort(const Node& node, Rows& left, Context& context) noexcept;
Result<Rows*> open_spilled_aggregate(const Node& node, Rows& left, Context& context) noexcept;
Result<Rows*> open_spilled_set(const Node& node, Rows& left, Rows* right,
                               Context& context) noexcept;

Result<Rows*> open_spilled_join(const Node& node, Rows& left, Rows& right,
                                Context& context) noexcept;

// How many operators of a plan keep rows.
std::size_t count_keepers(const Node& node) noexcept;

// An operator's share, in equal parts.
class Share {
public:
    // out_of_memory.
    Status open(Context& context, std::size_t part_count) noexcept;
    MutableBytes take(std::size_t part_count = 1) noexcept {
        const MutableBytes part = rest_.first(part_count * part_size_);
        rest_ = rest_.subspan(part.size());
        return part;
    }

private:
    MutableBytes rest_{};
    std::size_t part_size_ = 0;
};

// Rows that are put together to a batch, with their texts, in one block.
class Gathered {
public:
    // out_of_memory.
    Status open(std::size_t width, MutableBytes block, Context& context) noexcept;
    void clear() noexcept { count_ = size_ = 0; }
    // False: there is no room for another one.
    bool add(std::span<const Value> row) noexcept;
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] Batch batch() const noexcept { return {columns_, first_rows(count_)}; }

private:
    std::span<Value> values_{};
    std::span<Vector> columns_{};
    MutableBytes texts_{};
    std::size_t capacity_ = 0;
    std::size_t count_ = 0;
    std::size_t size_ = 0;  // Of texts.
};

// What all but join have in common: rows are given as they are sorted last, without the number or
// the keys before their columns.
class Spilled : public Rows {
public:
    Result<bool> next(Batch& batch) noexcept final {
        if (!is_read_) {
            Status read = fill();
            if (read) read = last_->finish();
            if (read) read = step();
            if (!read) return read.error();
            is_read_ = true;
        }
        const Status going = context_.check();
        if (!going) return going.error();
        gathered_.clear();
        while (has_row_ && gathered_.add(last_->row().subspan(skipped_))) {
            const Status stepped = step();
            if (!stepped) return stepped.error();
        }
        batch = gathered_.batch();
        if (gathered_.count() > 0) return true;
        return has_row_ ? Result<bool>{Code::out_of_memory} : Result<bool>{false};
    }

protected:
    Spilled(const Node& node, Rows& left, Context& context, std::size_t skipped) noexcept
        : node_{node}, left_{left}, context_{context}, skipped_{skipped} {}
    ~Spilled() = default;

    virtual Status fill() noexcept = 0;

    // Parts of the share: one for what is given, so many for others, and two for what is sorted
    // last.
    Status open_last(std::size_t part_count, std::span<const SortTerm> terms = {}) noexcept {
        Status opened = share_.open(context_, part_count + 3);
        if (opened) opened = gathered_.open(node_.column_count, share_.take(), context_);
        last_.emplace(context_, opened ? share_.take(2) : MutableBytes{});
        if (opened) opened = last_->open(skipped_ + node_.column_count, skipped_, terms);
        return opened;
    }
    const Node& node_;
    Rows& left_;
    Context& context_;
    Share share_;
    Evaluated values_;
    std::optional<Sorter> last_;

private:
    Status step() noexcept {
        const Result<bool> there = last_->next();
        has_row_ = there && *there;
        return there ? Status{Done{}} : Status{there.error()};
    }

    std::size_t skipped_;
    Gathered gathered_;
    bool is_read_ = false;
    bool has_row_ = false;
};

// Calls take(batch) for each batch.
template <class Take>
Status read_all(Rows& rows, Take take) noexcept {
    for (;;) {
        Batch batch;
        const Result<bool> there = rows.next(batch);
        if (!there) return there.error();
        if (!*there) return Done{};
        const Status taken = take(batch);
        if (!taken) return taken;
    }
}

template <class T, class... Arguments>
Result<Rows*> open_spilled(Context& context, Arguments&&... arguments) noexcept {
    const Result<T*> made = make<T>(context.memory, std::forward<Arguments>(arguments)..., context);
    if (!made) return made.error();
    const Status opened = (*made)->open();
    if (!opened) return opened.error();
    return static_cast<Rows*>(*made);
}

}  // namespace freshet::query

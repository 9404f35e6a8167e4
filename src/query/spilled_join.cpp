// SPDX-License-Identifier: MIT
// The rows of right are sorted by their keys, and stand on a shelf (shelf.hpp) where those of left
// find them, so that pairs come in the order of the join in memory. Without keys all are equal.
//
//      on the shelf    the keys | its number | its columns
//
// Where rows of right without a partner are wanted, all of them are kept once more as they came,
// and the numbers of those that found one are sorted.
#include <algorithm>

#include "query/key_range.hpp"
#include "query/shelf.hpp"
#include "query/spilled.hpp"

namespace freshet::query {
namespace {

class SpilledJoin final : public Rows {
public:
    SpilledJoin(const Node& node, Rows& left, Rows& right, Context& context) noexcept
        : node_{node},
          left_{left},
          right_{right},
          context_{context},
          left_width_{node.left->column_count},
          right_width_{node.right->column_count},
          key_width_{node.left_keys.size()},
          shelf_{context} {}

    Status open() noexcept {
        Arena& memory = context_.memory;
        const Result<std::span<Value>> values =
            memory.array<Value>(2 * key_width_ + 1 + left_width_ + 2 * right_width_);
        if (!values) return values.error();
        key_ = values->first(key_width_);
        shelved_ = values->subspan(key_width_, key_width_ + 1 + right_width_);
        row_ = values->subspan(2 * key_width_ + 1 + right_width_);
        if (node_.fills != nullptr) ::new (static_cast<void*>(node_.fills)) ValueSet{memory};
        Share share;
        Status opened = share.open(context_, node_.keeps_right ? 10 : 6);
        if (opened) opened = gathered_.open(row_.size(), share.take(), context_);
        if (!opened) return opened;
        const MutableBytes block = share.take(3);
        by_key_.emplace(context_, block);
        opened = by_key_->open(shelved_.size(), key_width_);
        const MutableBytes pending = share.take();
        if (opened) opened = shelf_.open(key_width_, pending, share.take(), block);
        if (!opened || !node_.keeps_right) return opened;
        all_.emplace(context_, share.take(2));
        opened = all_->open(right_width_, 0);
        paired_.emplace(context_, share.take(2));
        return opened ? paired_->open(1, 1) : opened;
    }

    Result<bool> next(Batch& batch) noexcept override {
        if (phase_ == Phase::read_right) {
            const Status built = build();
            if (!built) return built.error();
            phase_ = Phase::next_left;
        }
        for (;;) {
            const Status going = context_.check();
            if (!going) return going.error();
            gathered_.clear();
            is_asked_ = node_.condition != nullptr;
            const Status collected = collect();
            if (!collected) return collected.error();
            if (gathered_.count() == 0)
                return phase_ == Phase::done ? Result<bool>{false} : Code::out_of_memory;
            batch = gathered_.batch();
            const Status chosen = is_asked_ ? choose(batch) : Status{Done{}};
            if (!chosen) return chosen.error();
            if (!batch.selection.empty()) return true;
        }
    }

private:
    enum class Phase : std::uint8_t {
        read_right,
        next_left,
        next_row,
        match,
        lone_left,
        lone_right,
        done
    };

    // ---- right ----

    Status build() noexcept {
        Status done = read_all(right_, [this](const Batch& batch) { return read_right(batch); });
        if (done) done = by_key_->finish();
        while (done) {
            const Result<bool> there = by_key_->next();
            if (!there) return there.error();
            if (!*there) break;
            done = shelf_.add(by_key_->row());
        }
        return done ? shelf_.finish() : done;
    }
    Status read_right(const Batch& batch) noexcept {
        const Status evaluated = keys_.evaluate(node_.right_keys, batch, context_.memory);
        if (!evaluated) return evaluated;
        for (const Position position : batch.selection) {
            const Status kept = keep_right(batch, position);
            if (!kept) return kept;
        }
        return Done{};
    }
    Status keep_right(const Batch& batch, Position position) noexcept {
        const bool has_key = keys_.take(position, key_);
        std::copy(key_.begin(), key_.end(), shelved_.begin());
        shelved_[key_width_] = Value::integer(right_count_++);
        const std::span<Value> columns = shelved_.subspan(key_width_ + 1);
        for (std::size_t i = 0; i < right_width_; i++) columns[i] = batch.columns[i][position];
        Status done = node_.keeps_right ? all_->add(columns) : Status{Done{}};
        if (!done || !has_key) return done;
        if (node_.fills != nullptr) done = fill_list();
        return done ? by_key_->add(shelved_) : done;
    }
    // Of more than a few the left side reads all.
    Status fill_list() noexcept {
        if (node_.fills->values().count() > context_.batch_size()) node_.fills->give_up();
        return node_.fills->is_whole() ? node_.fills->add(key_[node_.filled_key]) : Status{Done{}};
    }

    // ---- pairs ----

    // As many rows as there is room for; with a condition either pairs, of one row of left if those
    // without a partner are wanted, or rows without one, of which nothing is asked.
    Status collect() noexcept {
        Status done = Done{};
        for (bool goes_on = true; done && goes_on;) {
            switch (phase_) {
                case Phase::next_left: done = read_left(); break;
                case Phase::next_row: done = begin_row(); break;
                case Phase::match: done = add_pair(goes_on); break;
                case Phase::lone_left: goes_on = add_lone_left(); break;
                case Phase::lone_right: done = add_lone_right(goes_on); break;
                default: return done;
            }
        }
        return done;
    }
    Status read_left() noexcept {
        const Result<bool> there = left_.next(batch_);
        if (!there) return there.error();
        turn_ = 0;
        phase_ = *there ? Phase::next_row : node_.keeps_right ? Phase::lone_right : Phase::done;
        return *there ? keys_.evaluate(node_.left_keys, batch_, context_.memory) : Status{Done{}};
    }
    Status begin_row() noexcept {
        if (turn_ == batch_.selection.size()) {
            phase_ = Phase::next_left;
            return Done{};
        }
        const Position position = batch_.selection[turn_++];
        for (std::size_t i = 0; i < left_width_; i++) row_[i] = batch_.columns[i][position];
        has_partner_ = false;
        const Result<bool> found = keys_.take(position, key_) ? shelf_.find(key_, place_) : false;
        if (!found) return found.error();
        phase_ = *found ? Phase::match : Phase::lone_left;
        return Done{};
    }
    Status add_pair(bool& goes_on) noexcept {
        decode_row(place_.row, shelved_);
        const std::span<const Value> columns = shelved_.subspan(key_width_ + 1);
        std::copy(columns.begin(), columns.end(), right_of_row().begin());
        goes_on = gathered_.add(row_);
        if (!goes_on) return Done{};
        numbers_[gathered_.count() - 1] = shelved_[key_width_];
        if (!is_asked_) {
            const Status marked = mark(shelved_[key_width_]);
            if (!marked) return marked;
        }
        const Result<bool> found = shelf_.next(key_, place_);
        if (!found) return found.error();
        if (!*found) phase_ = Phase::lone_left;
        return Done{};
    }
    // Of both rows.
    Status mark(const Value& number) noexcept {
        has_partner_ = true;
        return node_.keeps_right ? paired_->add({&number, 1}) : Status{Done{}};
    }
    // False: what was collected is given first.
    bool add_lone_left() noexcept {
        if (node_.keeps_left && is_asked_ && gathered_.count() > 0) return false;
        if (node_.keeps_left && !has_partner_) {
            std::fill(right_of_row().begin(), right_of_row().end(), Value{});
            if (!gathered_.add(row_)) return false;
            has_partner_ = true;
            if (node_.condition != nullptr) is_asked_ = false;
            if (node_.condition != nullptr) return false;
        }
        phase_ = Phase::next_row;
        return true;
    }
    [[nodiscard]] std::span<Value> right_of_row() const noexcept {
        return row_.subspan(left_width_);
    }

    Status choose(Batch& batch) noexcept {
        Status marked = chosen_.choose(*node_.condition, batch, context_.memory);
        for (const Position position : batch.selection)
            if (marked) marked = mark(numbers_[position]);
        return marked;
    }

    // ---- rows of right without a partner ----

    static Status step(Sorter& sorter, bool& there) noexcept {
        const Result<bool> stepped = sorter.next();
        there = stepped && *stepped;
        return stepped ? Status{Done{}} : Status{stepped.error()};
    }
    Status begin_lone_right() noexcept {
        is_ending_ = true;
        std::fill_n(row_.begin(), left_width_, Value{});
        Status done = all_->finish();
        if (done) done = paired_->finish();
        if (done) done = step(*all_, has_right_);
        return done ? step(*paired_, has_paired_) : done;
    }
    Status add_lone_right(bool& goes_on) noexcept {
        goes_on = !is_asked_ || gathered_.count() == 0;
        if (!goes_on) return Done{};
        is_asked_ = false;
        Status done = is_ending_ ? Status{Done{}} : begin_lone_right();
        if (done && !has_right_) phase_ = Phase::done;
        if (!done || !has_right_) return done;
        while (done && has_paired_ && paired_->row()[0].as_integer() < lone_)
            done = step(*paired_, has_paired_);
        if (!done) return done;
        if (!has_paired_ || paired_->row()[0].as_integer() > lone_) {
            std::copy(all_->row().begin(), all_->row().end(), right_of_row().begin());
            goes_on = gathered_.add(row_);
            if (!goes_on) return Done{};
        }
        lone_++;
        return step(*all_, has_right_);
    }

    const Node& node_;
    Rows& left_;
    Rows& right_;
    Context& context_;
    std::size_t left_width_;
    std::size_t right_width_;
    std::size_t key_width_;
    Shelf shelf_;
    std::optional<Sorter> by_key_;
    std::optional<Sorter> all_;     // Rows of right,
    std::optional<Sorter> paired_;  // and the numbers of those that have a partner.
    std::span<Value> key_{};
    std::span<Value> shelved_{};
    std::span<Value> row_{};
    Evaluated keys_;
    Condition chosen_;
    Gathered gathered_;
    std::array<Value, 64> numbers_{};  // Of the rows of right that are gathered.
    Phase phase_ = Phase::read_right;
    Batch batch_;               // Of left.
    std::size_t turn_ = 0;      // Which of its rows is next.
    Shelf::Place place_;        // Of the next partner of the one before.
    bool has_partner_ = false;  // That one.
    bool is_asked_ = false;     // The condition is asked of what is gathered.
    bool is_ending_ = false;
    bool has_right_ = false;
    bool has_paired_ = false;
    std::int64_t right_count_ = 0;
    std::int64_t lone_ = 0;
};

}  // namespace

Result<Rows*> open_spilled_join(const Node& node, Rows& left, Rows& right,
                                Context& context) noexcept {
    return open_spilled<SpilledJoin>(context, node, left, right);
}

}  // namespace freshet::query

// SPDX-License-Identifier: MIT
// The rows of right are kept, in chains of equal keys: a table of keys leads to the first and the
// last row of each. Without keys there is one chain of all rows, and the join is a nested loop.
//
// Pairs of a left row and a kept one are collected up to a batch, then copied column by column,
// then the condition is asked. A row of left without a partner is a pair with none, or becomes one
// when the condition takes none of its pairs: the last of these. Those of right follow at the end.
//
//      a kept row     its columns, the number of the next in its chain or NULL, and whether it has
//                     found a partner or NULL
//      a row of keys  the keys, and the numbers of the first and last of the chain
//
// Keys that are one INT and lie close together, as numbers of rows do, are found by their place in
// an array. Where no key has two rows and nothing else is asked, no pairs are collected: the
// columns of left are given as they are, with those of right beside them.
#include <algorithm>
#include <limits>

#include "query/key_range.hpp"
#include "query/operators.hpp"

namespace freshet::query {
namespace {

constexpr Position no_left = 0xffff;

class Join final : public Rows {
public:
    Join(const Node& node, Rows& left, Rows& right, Context& context) noexcept
        : node_{node},
          left_{left},
          right_{right},
          context_{context},
          left_width_{node.left->column_count},
          right_width_{node.right->column_count},
          key_width_{node.left_keys.size()},
          kept_{context.memory, right_width_ + 2},
          keys_{context.memory, key_width_, key_width_ + 2} {}

    Status prepare() noexcept {
        const Result<std::span<Value>> key = context_.memory.array<Value>(key_width_);
        if (!key) return key.error();
        key_ = *key;
        if (node_.fills != nullptr)
            ::new (static_cast<void*>(node_.fills)) ValueSet{context_.memory};
        return Done{};
    }

    Result<bool> next(Batch& batch) noexcept override {
        if (phase_ == Phase::read_right) {
            Status read = read_right();
            if (read) read = spread_keys();
            if (!read) return read.error();
            phase_ = Phase::next_left;
        }
        if (is_paired()) return next_paired(batch);
        for (;;) {
            const Status going = context_.check();
            if (!going) return going.error();
            const Status stepped = step();
            if (!stepped) return stepped.error();
            if (count_ == 0 && phase_ == Phase::done) return false;
            if (count_ == 0) continue;
            const Status given = give(batch);
            if (!given) return given.error();
            if (!batch.selection.empty()) return true;
        }
    }

private:
    enum class Phase : std::uint8_t { read_right, next_left, match, lone_right, done };

    // ---- right ----

    Status read_right() noexcept {
        for (;;) {
            Batch batch;
            const Result<bool> there = right_.next(batch);
            if (!there) return there.error();
            if (!*there) return Done{};
            const Status evaluated = evaluate_keys(node_.right_keys, batch);
            if (!evaluated) return evaluated;
            for (const Position position : batch.selection) {
                const Status kept = keep_row(batch, position);
                if (!kept) return kept;
            }
        }
    }

    Status keep_row(const Batch& batch, Position position) noexcept {
        const bool has_key = set_key(position);
        if (!has_key && !node_.keeps_right) return Done{};
        const Result<Value*> row = kept_.add();
        if (!row) return row.error();
        for (std::size_t i = 0; i < right_width_; i++) {
            const Result<Value> value = keep(batch.columns[i][position], context_.memory);
            if (!value) return value.error();
            (*row)[i] = *value;
        }
        if (!has_key) return Done{};
        if (node_.fills != nullptr && node_.fills->values().count() <= point_count_max) {
            const Status filled = node_.fills->add(key_[node_.filled_key]);
            if (!filled) return filled;
        }
        const Result<RowTable::Put> put = keys_.put(key_);
        if (!put) return put.error();
        Value* const ends = keys_.rows()[put->index] + key_width_;
        const Value number = Value::integer(kept_.count() - 1);
        if (put->is_new)
            ends[0] = number;
        else
            kept_[number_of(ends[1])][right_width_] = number;
        ends[1] = number;
        is_unique_ = is_unique_ && put->is_new;
        return Done{};
    }

    // ---- each with one partner or none ----

    [[nodiscard]] bool is_paired() const noexcept {
        return is_unique_ && key_width_ > 0 && node_.condition == nullptr && !node_.keeps_right;
    }

    Result<bool> next_paired(Batch& batch) noexcept {
        for (;;) {
            const Status going = context_.check();
            if (!going) return going.error();
            const Result<bool> there = left_.next(batch_);
            if (!there || !*there) return there;
            const Status evaluated = evaluate_keys(node_.left_keys, batch_);
            if (!evaluated) return evaluated.error();
            const Status room = prepare_pairs(std::size_t{batch_.selection.back()} + 1);
            if (!room) return room.error();
            count_ = 0;
            for (const Position position : batch_.selection) pair(position);
            batch = {columns_, Selection{lefts_}.first(count_)};
            if (count_ > 0) return true;
        }
    }

    Status prepare_pairs(std::size_t row_count) noexcept {
        if (columns_.empty()) {
            const Result<std::span<Vector>> columns =
                context_.memory.array<Vector>(left_width_ + right_width_);
            if (!columns) return columns.error();
            const Result<std::span<Value>> nulls = context_.memory.array<Value>(right_width_);
            if (!nulls) return nulls.error();
            columns_ = *columns;
            nulls_ = *nulls;
        }
        const Status room = output_.prepare(right_width_, row_count, context_.memory);
        if (!room) return room;
        for (std::size_t i = 0; i < columns_.size(); i++)
            columns_[i] = i < left_width_ ? batch_.columns[i] : output_.columns()[i - left_width_];
        return Done{};
    }

    // A row of keys has the number of the kept row, as all of these have a key of their own.
    void pair(Position position) noexcept {
        const std::uint32_t number = find_key(position);
        if (number == no_row && !node_.keeps_left) return;
        const Value* const row = number == no_row ? nulls_.data() : kept_[number];
        for (std::size_t i = 0; i < right_width_; i++) output_.column(i)[position] = row[i];
        lefts_[count_++] = position;
    }

    // ---- keys ----

    static std::uint32_t number_of(const Value& value) noexcept {
        return static_cast<std::uint32_t>(value.as_integer());
    }

    Status evaluate_keys(std::span<const Scalar* const> scalars, const Batch& batch) noexcept {
        return scratch_.run(context_.memory, [&](Arena& arena) -> Status {
            const Result<std::span<const Vector>> found = evaluate(scalars, batch, arena);
            if (!found) return found.error();
            key_columns_ = *found;
            return Done{};
        });
    }
    // False: it has a NULL, which equals nothing.
    bool set_key(Position position) noexcept {
        for (std::size_t i = 0; i < key_width_; i++) {
            key_[i] = key_columns_[i][position];
            if (key_[i].is_null()) return false;
        }
        return true;
    }

    // Where keys are one INT and lie close together.
    Status spread_keys() noexcept {
        const RowList& rows = keys_.rows();
        if (key_width_ != 1 || rows.count() == 0) return Done{};
        std::int64_t greatest = std::numeric_limits<std::int64_t>::min();
        least_ = std::numeric_limits<std::int64_t>::max();
        for (std::uint32_t i = 0; i < rows.count(); i++) {
            const Value& key = rows[i][0];
            if (key.type() != Type::integer) return Done{};
            greatest = std::max(greatest, key.as_integer());
            least_ = std::min(least_, key.as_integer());
        }
        const std::uint64_t last = place_of(greatest);
        if (last >= std::uint64_t{4} * rows.count()) return Done{};
        const Result<std::span<std::uint32_t>> places =
            context_.memory.array<std::uint32_t>(static_cast<std::size_t>(last) + 1);
        if (!places) return places.error();
        places_ = *places;
        std::fill(places_.begin(), places_.end(), no_row);
        for (std::uint32_t i = 0; i < rows.count(); i++)
            places_[place_of(rows[i][0].as_integer())] = i;
        return Done{};
    }
    [[nodiscard]] std::uint64_t place_of(std::int64_t key) const noexcept {
        return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(least_);
    }
    // The row of keys; no_row: there is none.
    std::uint32_t find_key(Position position) noexcept {
        if (!places_.empty() && key_columns_[0][position].type() == Type::integer) {
            const std::uint64_t place = place_of(key_columns_[0][position].as_integer());
            return place < places_.size() ? places_[place] : no_row;
        }
        return set_key(position) ? keys_.find(key_) : no_row;
    }

    // ---- pairs ----

    // Collects pairs; none, if there are none in what it looked at.
    Status step() noexcept {
        count_ = 0;
        is_lone_ = false;
        switch (phase_) {
            case Phase::read_right:
            case Phase::done: return Done{};
            case Phase::next_left: return read_left();
            case Phase::match: collect_matches(); return Done{};
            case Phase::lone_right: collect_lone_right(); return Done{};
        }
        return Done{};
    }

    Status read_left() noexcept {
        const Result<bool> there = left_.next(batch_);
        if (!there) return there.error();
        if (!*there) {
            phase_ = node_.keeps_right ? Phase::lone_right : Phase::done;
            return Done{};
        }
        phase_ = Phase::match;
        turn_ = 0;
        chain_ = no_row;
        has_partner_.fill(false);
        return evaluate_keys(node_.left_keys, batch_);
    }

    void collect_matches() noexcept {
        while (count_ < batch_row_count_max) {
            if (chain_ == no_row) {
                if (turn_ == batch_.selection.size()) break;
                const Position position = batch_.selection[turn_++];
                chain_ = first_match(position);
                if (chain_ == no_row && node_.keeps_left) add_pair(position, no_row);
                continue;
            }
            add_pair(batch_.selection[turn_ - 1], chain_);
            const Value& following = kept_[chain_][right_width_];
            chain_ = following.is_null() ? no_row : number_of(following);
        }
        if (count_ < batch_row_count_max) phase_ = Phase::next_left;
    }

    std::uint32_t first_match(Position position) noexcept {
        const std::uint32_t row = find_key(position);
        return row == no_row ? no_row : number_of(keys_.rows()[row][key_width_]);
    }

    void collect_lone_right() noexcept {
        is_lone_ = true;
        for (; lone_ < kept_.count() && count_ < batch_row_count_max; lone_++)
            if (kept_[lone_][right_width_ + 1].is_null()) add_pair(no_left, lone_);
        if (lone_ == kept_.count()) phase_ = Phase::done;
    }

    void add_pair(Position left, std::uint32_t right) noexcept {
        lefts_[count_] = left;
        rights_[count_] = right;
        count_++;
    }

    // ---- what is given ----

    Status give(Batch& batch) noexcept {
        const Status room = output_.prepare(left_width_ + right_width_, count_, context_.memory);
        if (!room) return room;
        for (std::size_t i = 0; i < left_width_; i++) {
            Value* const into = output_.column(i);
            for (std::size_t k = 0; k < count_; k++)
                into[k] = lefts_[k] == no_left ? Value{} : batch_.columns[i][lefts_[k]];
        }
        for (std::size_t i = 0; i < right_width_; i++) {
            Value* const into = output_.column(left_width_ + i);
            for (std::size_t k = 0; k < count_; k++)
                into[k] = rights_[k] == no_row ? Value{} : kept_[rights_[k]][i];
        }
        batch = {output_.columns(), first_rows(count_)};
        return is_lone_ ? Status{Done{}} : choose(batch);
    }

    // Pairs with no partner are not asked about.
    Status choose(Batch& batch) noexcept {
        if (node_.condition == nullptr) {
            if (node_.keeps_right) mark(batch.selection);
            return Done{};
        }
        if (node_.keeps_left) batch.selection = find_pairs();
        const Status done = chosen_.run(context_.memory, [&](Arena& arena) -> Status {
            if (batch.selection.empty()) return Done{};
            const Result<Selection> selection = select(*node_.condition, batch, arena);
            if (!selection) return selection.error();
            batch.selection = *selection;
            return Done{};
        });
        if (!done) return done;
        if (node_.keeps_right) mark(batch.selection);
        if (node_.keeps_left) batch.selection = add_lone(batch.selection);
        return Done{};
    }
    void mark(Selection selection) noexcept {
        for (const Position position : selection)
            if (rights_[position] != no_row)
                kept_[rights_[position]][right_width_ + 1] = Value::boolean(true);
    }
    Selection find_pairs() noexcept {
        std::size_t count = 0;
        for (std::size_t k = 0; k < count_; k++)
            if (rights_[k] != no_row) pairs_[count++] = static_cast<Position>(k);
        return Selection{pairs_}.first(count);
    }
    Selection add_lone(Selection chosen) noexcept {
        std::size_t count = 0;
        for (std::size_t k = 0; k < count_; k++) {
            const bool is_chosen = !chosen.empty() && chosen.front() == k;
            if (is_chosen) chosen = chosen.subspan(1);
            if (is_chosen) has_partner_[lefts_[k]] = true;
            const bool is_last = k + 1 < count_ ? lefts_[k + 1] != lefts_[k] : chain_ == no_row;
            const bool is_lone = is_last && !has_partner_[lefts_[k]];
            if (is_lone)
                for (std::size_t i = 0; i < right_width_; i++)
                    output_.column(left_width_ + i)[k] = Value{};
            given_[count] = static_cast<Position>(k);
            if (is_chosen || is_lone) count++;
        }
        return Selection{given_}.first(count);
    }

    const Node& node_;
    Rows& left_;
    Rows& right_;
    Context& context_;
    std::size_t left_width_;
    std::size_t right_width_;
    std::size_t key_width_;
    RowList kept_;
    RowTable keys_;
    std::span<Value> key_{};
    std::span<const Vector> key_columns_{};
    Scratch scratch_;  // Keys.
    Scratch chosen_;   // The condition.
    Output output_;
    Phase phase_ = Phase::read_right;
    bool is_lone_ = false;
    bool is_unique_ = true;              // No two kept rows have the same key.
    std::span<Vector> columns_{};        // Of left, and behind them those of right.
    std::span<Value> nulls_{};           // A row of right.
    std::span<std::uint32_t> places_{};  // Of INTs from least_ on, the rows of keys.
    std::int64_t least_ = 0;
    Batch batch_;                   // Of left.
    std::size_t turn_ = 0;          // Which of its rows is next.
    std::uint32_t chain_ = no_row;  // The next partner of the one before.
    std::uint32_t lone_ = 0;
    std::size_t count_ = 0;
    std::array<Position, batch_row_count_max> lefts_;
    std::array<std::uint32_t, batch_row_count_max> rights_;
    std::array<bool, batch_row_count_max> has_partner_;  // Where the condition is asked.
    std::array<Position, batch_row_count_max> pairs_;
    std::array<Position, batch_row_count_max> given_;
};

}  // namespace

Result<Rows*> open_join(const Node& node, Rows& left, Rows& right, Context& context) noexcept {
    const Result<Join*> made = make<Join>(context.memory, node, left, right, context);
    if (!made) return made.error();
    const Status ready = (*made)->prepare();
    if (!ready) return ready.error();
    return static_cast<Rows*>(*made);
}

}  // namespace freshet::query

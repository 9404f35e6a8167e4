// SPDX-License-Identifier: MIT
// The rows of right are kept, then linked in chains of equal keys, whose first rows a table of keys
// leads to. Without keys there is one chain of all rows, and the join is a nested loop.
//
// Pairs of a left row and a kept one are collected up to a batch, then copied column by column,
// then the condition is asked. A row of left without a partner is a pair with none, or becomes one
// when the condition takes none of its pairs: the last of these. Those of right follow at the end.
//
//      a kept row     its columns, and behind them the keys that are none of these
//
// Keys that are one INT and lie close together, as numbers of rows do, are found by their place in
// an array. Where no key has two rows and nothing else is asked, no pairs are collected: the
// columns of left are given as they are, with those of right beside them.
#include <algorithm>
#include <limits>
#include <utility>

#include "query/key_range.hpp"
#include "query/operators.hpp"
#include "relation/convert.hpp"

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
          kept_{context.memory, right_width_} {}

    Status prepare() noexcept {
        const auto key = context_.memory.array<Value>(key_width_);
        if (!key) return key.error();
        key_ = *key;
        const auto places = context_.memory.array<std::size_t>(key_width_);
        if (!places) return places.error();
        key_places_ = *places;
        std::size_t width = right_width_;
        for (std::size_t i = 0; i < key_width_; i++) {
            const Scalar& scalar = *node_.right_keys[i];
            key_places_[i] = scalar.kind == ScalarKind::column ? scalar.column : width++;
        }
        kept_ = RowList{context_.memory, width};
        if (node_.fills != nullptr)
            ::new (static_cast<void*>(node_.fills)) ValueSet{context_.memory};
        return Done{};
    }

    Result<bool> next(Batch& batch) noexcept override {
        if (phase_ == Phase::read_right) {
            Status read = read_right();
            if (read) read = link();
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
            const Status evaluated = keys_.evaluate(node_.right_keys, batch, context_.memory);
            if (!evaluated) return evaluated;
            for (const Position position : batch.selection) {
                const Status kept = keep_row(batch, position);
                if (!kept) return kept;
            }
        }
    }

    Status keep_row(const Batch& batch, Position position) noexcept {
        const bool has_key = keys_.take(position, key_);
        if (!has_key && !node_.keeps_right) return Done{};
        const Result<Value*> row = kept_.add();
        if (!row) return row.error();
        for (std::size_t i = 0; i < right_width_; i++) (*row)[i] = batch.columns[i][position];
        for (std::size_t i = 0; i < key_width_; i++) (*row)[key_places_[i]] = key_[i];
        const Status kept = keep({*row, kept_.width()}, context_.memory);
        if (!kept || !has_key || node_.fills == nullptr) return kept;
        const bool is_wanted = node_.fills->values().count() <= point_count_max;
        return is_wanted ? node_.fills->add(key_[node_.filled_key]) : kept;
    }

    // ---- chains ----

    // From the last row to the first, each before those that were first until then.
    Status link() noexcept {
        const std::uint32_t count = kept_.count();
        if (count == 0) return Done{};
        const auto next = context_.memory.array<std::uint32_t>(count);
        if (!next) return next.error();
        next_ = *next;
        const auto paired = context_.memory.array<bool>(node_.keeps_right ? count : 0);
        if (!paired) return paired.error();
        has_left_ = *paired;
        const Result<bool> spread = spread_keys();
        if (!spread) return spread.error();
        const Status room = *spread ? Status{Done{}} : slots_.make_room(count, context_.memory);
        if (!room) return room;
        for (std::uint32_t row = count; row-- > 0;) {
            if (!set_key(row)) continue;
            next_[row] = begin_chain(row);
            is_unique_ = is_unique_ && next_[row] == no_row;
        }
        return Done{};
    }
    // With the key of a kept row; what the chain of the key began with.
    std::uint32_t begin_chain(std::uint32_t row) noexcept {
        if (!places_.empty()) return std::exchange(places_[place_of(key_[0].as_integer())], row);
        const std::uint64_t hash = hash_of(key_);
        RowSlots::Slot* const slot = find_slot(hash);
        if (slot != nullptr) return std::exchange(slot->row, row);
        slots_.add(hash, row);
        return no_row;
    }
    // False: it has a NULL, which equals nothing.
    bool set_key(std::uint32_t row) noexcept {
        bool has_null = false;
        for (std::size_t i = 0; i < key_width_; i++) {
            key_[i] = kept_[row][key_places_[i]];
            has_null = has_null || key_[i].is_null();
        }
        return !has_null;
    }

    // An array, if keys are one INT and lie close together.
    Result<bool> spread_keys() noexcept {
        std::int64_t greatest = std::numeric_limits<std::int64_t>::min();
        least_ = std::numeric_limits<std::int64_t>::max();
        for (std::uint32_t row = 0; row < kept_.count(); row++) {
            if (!set_key(row)) continue;
            if (key_width_ != 1 || key_[0].type() != Type::integer) return false;
            greatest = std::max(greatest, key_[0].as_integer());
            least_ = std::min(least_, key_[0].as_integer());
        }
        const std::uint64_t last = place_of(greatest);
        if (greatest < least_ || last >= std::uint64_t{4} * kept_.count()) return false;
        const auto places =
            context_.memory.unfilled<std::uint32_t>(static_cast<std::size_t>(last) + 1);
        if (!places) return places.error();
        places_ = *places;
        std::fill(places_.begin(), places_.end(), no_row);
        return true;
    }
    [[nodiscard]] std::uint64_t place_of(std::int64_t key) const noexcept {
        return place_of(key, least_);
    }
    static std::uint64_t place_of(std::int64_t key, std::int64_t least) noexcept {
        return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(least);
    }

    // Of each row of the batch of left the first of its chain; no_row: there is none.
    Status find_firsts() noexcept {
        const Status evaluated = keys_.evaluate(node_.left_keys, batch_, context_.memory);
        if (!evaluated) return evaluated;
        const Selection selection = batch_.selection;
        if (!places_.empty())
            find_places(selection);
        else
            for (std::size_t turn = 0; turn < selection.size(); turn++)
                firsts_[turn] = find_key(selection[turn]);
        return Done{};
    }
    void find_places(Selection selection) noexcept {
        const Vector keys = keys_[0];
        const std::span<const std::uint32_t> places = places_;
        const std::int64_t least = least_;
        for (std::size_t turn = 0; turn < selection.size(); turn++) {
            const Value& key = keys[selection[turn]];
            const bool is_whole = key.type() == Type::integer;
            const std::uint64_t place =
                is_whole ? place_of(key.as_integer(), least) : find_whole(key);
            firsts_[turn] = place < places.size() ? places[place] : no_row;
        }
    }
    // A FLOAT may be a whole number, and a BOOL is one.
    [[nodiscard]] std::uint64_t find_whole(const Value& key) const noexcept {
        const std::int64_t whole = key.is_null() ? 0 : relation::to_integer(key);
        return is_equal(key, Value::integer(whole)) ? place_of(whole) : places_.size();
    }
    std::uint32_t find_key(Position position) noexcept {
        if (!keys_.take(position, key_)) return no_row;
        const RowSlots::Slot* const slot = find_slot(hash_of(key_));
        return slot == nullptr ? no_row : slot->row;
    }
    [[nodiscard]] RowSlots::Slot* find_slot(std::uint64_t hash) const noexcept {
        return slots_.find(hash, [&](std::uint32_t row) {
            for (std::size_t i = 0; i < key_width_; i++)
                if (!is_equal(key_[i], kept_[row][key_places_[i]])) return false;
            return true;
        });
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
            const Status found = find_firsts();
            if (!found) return found.error();
            const Status room = prepare_pairs(std::size_t{batch_.selection.back()} + 1);
            if (!room) return room.error();
            const Selection paired = pair(batch_.selection);
            batch = {columns_, paired};
            if (!paired.empty()) return true;
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

    Selection pair(Selection selection) noexcept {
        const bool keeps_left = node_.keeps_left;
        const std::size_t width = right_width_;
        const Output output = output_;
        std::size_t count = 0;
        for (std::size_t turn = 0; turn < selection.size(); turn++) {
            const std::uint32_t number = firsts_[turn];
            if (number == no_row && !keeps_left) continue;
            const Value* const row = number == no_row ? nulls_.data() : kept_[number];
            const Position position = selection[turn];
            for (std::size_t i = 0; i < width; i++) output.column(i)[position] = row[i];
            lefts_[count++] = position;
        }
        return Selection{lefts_}.first(count);
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
        return find_firsts();
    }

    void collect_matches() noexcept {
        while (count_ < batch_row_count_max) {
            if (chain_ == no_row) {
                if (turn_ == batch_.selection.size()) break;
                const Position position = batch_.selection[turn_];
                chain_ = firsts_[turn_++];
                if (chain_ == no_row && node_.keeps_left) add_pair(position, no_row);
                continue;
            }
            add_pair(batch_.selection[turn_ - 1], chain_);
            chain_ = next_[chain_];
        }
        if (count_ < batch_row_count_max) phase_ = Phase::next_left;
    }

    void collect_lone_right() noexcept {
        is_lone_ = true;
        for (; lone_ < kept_.count() && count_ < batch_row_count_max; lone_++)
            if (!has_left_[lone_]) add_pair(no_left, lone_);
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
        const Status done = batch.selection.empty()
                                ? Status{Done{}}
                                : chosen_.choose(*node_.condition, batch, context_.memory);
        if (!done) return done;
        if (node_.keeps_right) mark(batch.selection);
        if (node_.keeps_left) batch.selection = add_lone(batch.selection);
        return Done{};
    }
    void mark(Selection selection) noexcept {
        for (const Position position : selection)
            if (rights_[position] != no_row) has_left_[rights_[position]] = true;
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
    std::span<Value> key_{};
    std::span<std::size_t> key_places_{};  // In a kept row.
    Evaluated keys_;
    Condition chosen_;
    Output output_;
    Phase phase_ = Phase::read_right;
    bool is_lone_ = false;
    bool is_unique_ = true;              // No two kept rows have the same key.
    std::span<std::uint32_t> next_{};    // In the chain of each kept row; no_row: it is the last.
    std::span<bool> has_left_{};         // Of kept rows, if those that have none are wanted.
    RowSlots slots_;                     // Of the first rows of chains,
    std::span<Vector> columns_{};        // Of left, and behind them those of right.
    std::span<Value> nulls_{};           // A row of right.
    std::span<std::uint32_t> places_{};  // or these: by INTs from least_ on.
    std::int64_t least_ = 0;
    Batch batch_;                   // Of left.
    std::size_t turn_ = 0;          // Which of its rows is next.
    std::uint32_t chain_ = no_row;  // The next partner of the one before.
    std::uint32_t lone_ = 0;
    std::size_t count_ = 0;
    std::array<std::uint32_t, batch_row_count_max> firsts_;  // By the turn of a row of left.
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

// SPDX-License-Identifier: MIT
// Workload: up to some million rows, whose first key mostly tells them apart.
//
// Rows are kept with their keys behind their columns. What is sorted is, of each row, its number
// and a head of 64 bits of its first key, which is never in the wrong order: where heads differ, so
// do keys, and rows are only looked at where they are equal.
//
//      bits   0xC000...                         the others, of
//      0      NULL, if it is first
//      1      a number                          the nearest double in its order, less 2 bits
//      2      a date or timestamp               its microseconds
//      3      a text (0) or blob (1 in bit 61)  its first 7 bytes
//      all ones: NULL, if it is last. DESC turns the bits round, but those of NULL.
//
// Where few rows are asked for, only as many are kept, in a heap whose top is the last of them.
#include <algorithm>

#include "base/codec.hpp"
#include "query/operators.hpp"

namespace freshet::query {
namespace {

constexpr std::uint64_t heap_size_max = 4096;

struct Entry {
    std::uint64_t head = 0;
    std::uint32_t row = 0;
    std::uint32_t turn = 0;  // When it came; in a heap rows are used again.
};

std::uint64_t head_of_number(const Value& value) noexcept {
    const double real = value.is_whole() ? static_cast<double>(value.whole()) : value.as_real();
    const auto bits = std::bit_cast<std::uint64_t>(real);
    constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    const std::uint64_t ordered = (bits & sign) != 0 ? ~bits : bits | sign;
    return std::uint64_t{1} << 62 | ordered >> 2;
}

std::uint64_t head_of_bytes(const Value& value) noexcept {
    std::uint64_t head = value.type() == Type::text ? 6 : 7;
    const std::string_view bytes = value.bytes();
    for (std::size_t i = 0; i < 7; i++)
        head = head << 8 | (i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0);
    return head << 5;
}

std::uint64_t head_of(const Value& value) noexcept {
    switch (value.type()) {
        case Type::null: return 0;
        case Type::boolean:
        case Type::integer:
        case Type::real: return head_of_number(value);
        case Type::text:
        case Type::blob: return head_of_bytes(value);
        case Type::date:
        case Type::timestamp: break;
    }
    const std::int64_t us =
        value.type() == Type::date ? value.as_date() * day_us : value.as_timestamp();
    return std::uint64_t{2} << 62 | static_cast<std::uint64_t>(us - timestamp_min);
}

class Sort final : public Rows {
public:
    Sort(const Node& node, Rows& left, std::uint64_t row_limit, Context& context) noexcept
        : node_{node},
          left_{left},
          context_{context},
          row_limit_{row_limit},
          is_heap_{row_limit <= heap_size_max},
          rows_{context.memory, node.column_count + node.terms.size()} {}

    Result<bool> next(Batch& batch) noexcept override {
        if (!is_read_) {
            const Status read = read_all();
            if (!read) return read.error();
            is_read_ = true;
        }
        const Status going = context_.check();
        if (!going) return going.error();
        const std::size_t count = std::min(entries_.size() - given_, batch_row_count_max);
        if (count == 0) return false;
        const Status room = output_.prepare(node_.column_count, count, context_.memory);
        if (!room) return room.error();
        give(count);
        batch = {output_.columns(), first_rows(count)};
        return true;
    }

private:
    [[nodiscard]] std::uint64_t head(const Value* row) const noexcept {
        return node_.terms.empty() ? 0 : head_of_key(row[node_.column_count]);
    }
    // Of the first key.
    [[nodiscard]] std::uint64_t head_of_key(const Value& value) const noexcept {
        const SortTerm& term = node_.terms[0];
        if (value.is_null()) return term.nulls_last ? ~std::uint64_t{0} : 0;
        return term.descending ? ~head_of(value) : head_of(value);
    }

    // Rows that are equal stay in their order: those with lower turns came first.
    [[nodiscard]] bool is_before(const Entry& a, const Entry& b) const noexcept {
        if (a.head != b.head) return a.head < b.head;
        const int order = order_of(rows_[a.row], rows_[b.row]);
        return order != 0 ? order < 0 : a.turn < b.turn;
    }
    // Seldom asked, and where sorting asks for it are many places.
    [[nodiscard, gnu::noinline]] int order_of(const Value* a, const Value* b) const noexcept {
        for (std::size_t i = 0; i < node_.terms.size(); i++) {
            const Value& x = a[node_.column_count + i];
            const Value& y = b[node_.column_count + i];
            const int order = query::order(node_.terms[i], x, y);
            if (order != 0) return order;
        }
        return 0;
    }

    Status read_all() noexcept {
        if (row_limit_ == 0) return Done{};
        if (is_heap_) {
            const Result<std::span<Entry>> heap =
                context_.memory.array<Entry>(static_cast<std::size_t>(row_limit_));
            if (!heap) return heap.error();
            heap_ = *heap;
        }
        const Result<std::span<const Scalar*>> keys =
            node_.terms.empty() ? std::span<const Scalar*>{}
                                : context_.memory.array<const Scalar*>(node_.terms.size());
        if (!keys) return keys.error();
        for (std::size_t i = 0; i < node_.terms.size(); i++) (*keys)[i] = node_.terms[i].value;
        for (;;) {
            Batch batch;
            const Result<bool> there = left_.next(batch);
            if (!there) return there.error();
            if (!*there) return sort();
            const Status read_one = read(batch, *keys);
            if (!read_one) return read_one;
        }
    }

    Status read(const Batch& batch, std::span<const Scalar* const> scalars) noexcept {
        const Status done = keys_.evaluate(scalars, batch, context_.memory);
        if (!done) return done;
        const Selection selection = batch.selection;
        for (std::size_t turn = skip(selection, 0); turn < selection.size();) {
            const Status taken = take(batch, selection[turn]);
            if (!taken) return taken;
            turn = skip(selection, turn + 1);
        }
        return Done{};
    }

    // Past those that a full heap leaves out since their first key is an INT that comes behind that
    // of its last row: nearly all.
    [[nodiscard]] std::size_t skip(Selection selection, std::size_t turn) const noexcept {
        if (!is_full() || node_.terms.empty()) return turn;
        const Value& last = rows_[heap_[0].row][node_.column_count];
        if (last.type() != Type::integer) return turn;
        const std::int64_t turned = node_.terms[0].descending ? -1 : 0;
        const std::int64_t bound = last.as_integer() ^ turned;
        const Vector keys = keys_[0];
        for (; turn < selection.size(); turn++) {
            const Value& key = keys[selection[turn]];
            if (key.type() != Type::integer || (key.as_integer() ^ turned) <= bound) break;
        }
        return turn;
    }
    [[nodiscard]] bool is_full() const noexcept { return is_heap_ && heap_count_ == heap_.size(); }

    // Into a new row, or in a full heap into the one that stands aside.
    Status take(const Batch& batch, Position position) noexcept {
        const bool must_leave = is_full();
        const std::uint64_t head = node_.terms.empty() ? 0 : head_of_key(keys_[0][position]);
        if (must_leave && head > heap_[0].head) return Done{};
        if (!must_leave || spare_ == no_row) {
            const Result<Value*> added = rows_.add();
            if (!added) return added.error();
            spare_ = rows_.count() - 1;
        }
        Value* const row = rows_[spare_];
        for (std::size_t i = 0; i < batch.columns.size(); i++) row[i] = batch.columns[i][position];
        keys_.take(position, {row + node_.column_count, node_.terms.size()});
        const Entry entry{head, spare_, turn_++};
        if (must_leave && !is_kept(entry)) return Done{};
        const Status kept = keep({row, rows_.width()}, context_.memory);
        if (!kept) return kept;
        if (is_heap_) push(entry, must_leave);
        return Done{};
    }

    // A row that is equal to the last stays out: it came later.
    [[nodiscard]] bool is_kept(const Entry& entry) const noexcept {
        const Entry& top = heap_[0];
        if (entry.head != top.head) return entry.head < top.head;
        return order_of(rows_[entry.row], rows_[top.row]) < 0;
    }

    void push(const Entry& entry, bool must_leave) noexcept {
        const auto before = [this](const Entry& a, const Entry& b) { return is_before(a, b); };
        spare_ = no_row;
        if (must_leave) {
            std::pop_heap(heap_.begin(), heap_.end(), before);
            spare_ = heap_.back().row;
            heap_.back() = entry;
        } else {
            heap_[heap_count_++] = entry;
        }
        const auto end = heap_.begin() + static_cast<std::ptrdiff_t>(heap_count_);
        std::push_heap(heap_.begin(), end, before);
    }

    Status sort() noexcept {
        entries_ = heap_.first(is_heap_ ? heap_count_ : 0);
        if (!is_heap_ && rows_.count() > 0) {
            const Result<std::span<Entry>> entries = context_.memory.array<Entry>(rows_.count());
            if (!entries) return entries.error();
            entries_ = *entries;
            for (std::uint32_t i = 0; i < entries_.size(); i++)
                entries_[i] = {head(rows_[i]), i, i};
        }
        std::sort(entries_.begin(), entries_.end(),
                  [this](const Entry& a, const Entry& b) { return is_before(a, b); });
        return Done{};
    }

    void give(std::size_t count) noexcept {
        const std::span<const Entry> entries = entries_.subspan(given_, count);
        for (const Entry& entry : entries) __builtin_prefetch(rows_[entry.row]);
        for (std::size_t i = 0; i < count; i++) {
            const Value* const row = rows_[entries[i].row];
            for (std::size_t k = 0; k < node_.column_count; k++) output_.column(k)[i] = row[k];
        }
        given_ += count;
    }

    const Node& node_;
    Rows& left_;
    Context& context_;
    std::uint64_t row_limit_;
    bool is_heap_;
    RowList rows_;
    Evaluated keys_;
    Output output_;
    std::span<Entry> heap_{};
    std::size_t heap_count_ = 0;
    std::uint32_t spare_ = no_row;
    std::uint32_t turn_ = 0;
    std::span<Entry> entries_{};
    std::size_t given_ = 0;
    bool is_read_ = false;
};

}  // namespace

Result<Rows*> open_sort(const Node& node, Rows& left, std::uint64_t row_limit,
                        Context& context) noexcept {
    const Result<Sort*> made = make<Sort>(context.memory, node, left, row_limit, context);
    if (!made) return made.error();
    return static_cast<Rows*>(*made);
}

}  // namespace freshet::query

// SPDX-License-Identifier: MIT
#include "query/sorter.hpp"

#include <algorithm>

namespace freshet::query {
namespace {

constexpr std::size_t write_size_min = 512;
constexpr std::size_t write_size_max = std::size_t{64} << 10;
constexpr std::size_t block_size_max = std::size_t{1} << 30;

std::size_t rounded(std::size_t size) noexcept {
    return (size + 7) / 8 * 8;
}

}  // namespace

Status Sorter::open(std::size_t width, std::size_t key_width,
                    std::span<const SortTerm> terms) noexcept {
    block_ = block_.first(std::min(block_.size(), block_size_max) / 16 * 16);
    if (block_.size() < block_size_min) return Code::out_of_memory;
    const Result<std::span<Value>> row = context_.memory.array<Value>(width);
    if (!row) return row.error();
    row_ = *row;
    key_width_ = key_width;
    terms_ = terms;
    write_size_ = std::clamp(block_.size() / 16, write_size_min, write_size_max);
    clear();
    return Done{};
}

void Sorter::clear() noexcept {
    run_count_ = source_count_ = count_ = given_ = pending_ = 0;
    rows_end_ = write_size_;
    shown_ = previous_ = nullptr;
}

std::span<Sorter::Place> Sorter::places() const noexcept {
    std::byte* const first = block_.data() + block_.size() - count_ * sizeof(Place);
    return {reinterpret_cast<Place*>(first), count_};
}

int Sorter::compare(const std::byte* a, const std::byte* b) const noexcept {
    return compare_rows(a, b, key_width_, terms_);
}

bool Sorter::is_new_key() const noexcept {
    return previous_ == nullptr || compare(previous_, shown_) != 0;
}

// ---- rows are added ----

Status Sorter::add(std::span<const Value> row) noexcept {
    const std::size_t size = row_size(row);
    if (size > block_.size() / 8 - Spill::header_size) return Code::out_of_memory;
    longest_ = std::max(longest_, size);
    if (rows_end_ + size + (count_ + 1) * sizeof(Place) > block_.size()) {
        const Status written = write_run();
        if (!written) return written;
    }
    encode_row(row, size, block_.data() + rows_end_);
    count_++;
    places()[0] = static_cast<Place>(rows_end_);
    rows_end_ += size;
    return Done{};
}

void Sorter::sort() noexcept {
    const std::span<Place> all = places();
    std::sort(all.begin(), all.end(), [this](Place a, Place b) {
        const int difference = compare(block_.data() + a, block_.data() + b);
        return difference != 0 ? difference < 0 : a < b;
    });
}

Status Sorter::put(const std::byte* row) noexcept {
    const std::size_t size = row_size(row);
    if (pending_ + size > write_size_) {
        const Status flushed = flush();
        if (!flushed) return flushed;
    }
    if (size > write_size_) return context_.spill->write({row, size});
    std::memcpy(block_.data() + pending_, row, size);
    pending_ += size;
    return Done{};
}

Status Sorter::flush() noexcept {
    const Status going = context_.check();
    if (!going || pending_ == 0) return going;
    const Bytes rows = block_.first(pending_);
    pending_ = 0;
    return context_.spill->write(rows);
}

Status Sorter::write_run() noexcept {
    sort();
    Run run{context_.spill->end(), 0, 0};
    for (const Place place : places()) {
        const Status done = put(block_.data() + place);
        if (!done) return done;
    }
    const Status flushed = flush();
    if (!flushed) return flushed;
    run.end = context_.spill->end();
    runs_[run_count_++] = run;
    count_ = 0;
    rows_end_ = write_size_;
    return merge_equals();
}

// ---- runs are merged ----

// How many at once, where so much of the block is taken: 5 at least.
std::size_t Sorter::merge_count(std::size_t taken) const noexcept {
    const std::size_t buffer_size = Spill::header_size + std::max(write_size_, longest_);
    return std::min((block_.size() - taken) / buffer_size, merge_count_max);
}

Status Sorter::merge_equals() noexcept {
    for (;;) {
        const std::size_t count = merge_count(write_size_);
        const bool is_full = run_count_ == runs_.size();
        if (run_count_ < count) return Done{};
        if (!is_full && runs_[run_count_ - count].level != runs_[run_count_ - 1].level)
            return Done{};
        const Status merged = merge(count);
        if (!merged) return merged;
    }
}

// Of the last runs one.
Status Sorter::merge(std::size_t count) noexcept {
    run_count_ -= count;
    Run run{context_.spill->end(), 0, runs_[run_count_].level + 1};
    Status done = begin_merge(count, write_size_);
    while (done && source_count_ > 0) {
        done = put(sources_[0].row);
        if (done) done = take_source();
    }
    if (done) done = flush();
    run.end = context_.spill->end();
    runs_[run_count_++] = run;
    return done;
}

Status Sorter::begin_merge(std::size_t count, std::size_t taken) noexcept {
    const std::size_t buffer_size = Spill::header_size + std::max(write_size_, longest_);
    for (source_count_ = 0; source_count_ < count; source_count_++) {
        const Run& run = runs_[run_count_ + source_count_];
        Source& source = sources_[source_count_];
        source = {.next = run.begin,
                  .end = run.end,
                  .buffer = block_.subspan(taken + source_count_ * buffer_size, buffer_size)};
        const Status filled = fill(source);
        if (!filled) return filled;
    }
    std::sort(sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(count),
              [this](const Source& a, const Source& b) { return is_before(a, b); });
    return Done{};
}

Status Sorter::fill(Source& source) noexcept {
    const Status going = context_.check();
    if (!going) return going;
    const std::uint64_t size =
        std::min<std::uint64_t>(source.buffer.size(), source.end - source.next);
    const Result<Bytes> rows =
        context_.spill->read(source.next, source.buffer.first(static_cast<std::size_t>(size)));
    if (!rows) return rows.error();
    source.next += Spill::header_size + rows->size();
    source.row = rows->data();
    source.rows_end = rows->data() + rows->size();
    return Done{};
}

// Of two runs, the one that ends first has what was added first.
bool Sorter::is_before(const Source& a, const Source& b) const noexcept {
    const int difference = compare(a.row, b.row);
    return difference != 0 ? difference < 0 : a.end < b.end;
}

// To the next row of the first source.
Status Sorter::take_source() noexcept {
    Source& source = sources_[0];
    const auto first = sources_.begin();
    const auto last = first + static_cast<std::ptrdiff_t>(source_count_);
    source.row += row_size(source.row);
    if (source.row == source.rows_end && source.next == source.end) {
        std::move(first + 1, last, first);
        source_count_--;
        return Done{};
    }
    if (source.row == source.rows_end) {
        const Status filled = fill(source);
        if (!filled) return filled;
    }
    const auto place = std::partition_point(
        first + 1, last, [&](const Source& other) { return is_before(other, *first); });
    std::rotate(first, first + 1, place);
    return Done{};
}

// ---- rows are read ----

Status Sorter::finish() noexcept {
    if (run_count_ == 0) {
        sort();
        return Done{};
    }
    Status done = count_ > 0 ? write_run() : Status{Done{}};
    const std::size_t taken = 2 * rounded(longest_);
    const std::size_t count = merge_count(taken);
    while (done && run_count_ > count)
        done = merge(std::min(merge_count(write_size_), run_count_ - count + 1));
    if (!done) return done;
    return begin_merge(std::exchange(run_count_, 0), taken);
}

Result<bool> Sorter::next() noexcept {
    const std::byte* row = nullptr;
    if (given_ < count_) {
        row = block_.data() + places()[given_++];
    } else if (source_count_ > 0) {
        const std::byte* const from = sources_[0].row;
        std::byte* const to = block_.data() + (is_second_ ? rounded(longest_) : 0);
        is_second_ = !is_second_;
        std::memcpy(to, from, row_size(from));
        const Status taken = take_source();
        if (!taken) return taken.error();
        row = to;
    }
    if (row == nullptr) return false;
    previous_ = std::exchange(shown_, row);
    decode_row(row, row_);
    return true;
}

}  // namespace freshet::query

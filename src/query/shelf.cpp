// SPDX-License-Identifier: MIT
#include "query/shelf.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace freshet::query {

Status Shelf::open(std::size_t key_width, MutableBytes pending, MutableBytes list,
                   MutableBytes blocks) noexcept {
    const Result<std::span<Value>> entry = context_.memory.array<Value>(key_width + 1);
    if (!entry) return entry.error();
    entry_ = *entry;
    pending_ = pending;
    blocks_ = blocks;
    entries_ = {reinterpret_cast<std::uint32_t*>(list.data()), list.size() / 32};
    list_ = list.subspan(entries_.size_bytes());
    begin_ = context_.spill->end();
    return Done{};
}

// ---- rows are added ----

Status Shelf::add(std::span<const Value> row) noexcept {
    const std::size_t size = row_size(row);
    if (size > pending_.size()) return Code::out_of_memory;
    longest_ = std::max(longest_, size);
    if (pending_size_ + size > std::min(pending_.size(), block_size_max)) {
        const Status flushed = flush();
        if (!flushed) return flushed;
    }
    if (pending_size_ == 0) list_block(row.first(entry_.size() - 1));
    encode_row(row, size, pending_.data() + pending_size_);
    pending_size_ += size;
    return Done{};
}

Status Shelf::flush() noexcept {
    const Status going = context_.check();
    if (!going || pending_size_ == 0) return going;
    const Bytes rows = pending_.first(pending_size_);
    pending_size_ = 0;
    return context_.spill->write(rows);
}

// The one that begins where the file ends now. If its key is too long, there is the one before.
void Shelf::list_block(std::span<const Value> key) noexcept {
    if (block_count_ == 0) begin_ = context_.spill->end();
    if (block_count_++ % stride_ != 0) return;
    std::copy(key.begin(), key.end(), entry_.begin());
    entry_.back() = Value::integer(static_cast<std::int64_t>(context_.spill->end()));
    const std::size_t size = row_size(entry_);
    while (entry_count_ > 1 &&
           (entry_count_ == entries_.size() || size > list_.size() - list_size_))
        thin_list();
    if (size > list_.size() - list_size_) return;
    encode_row(entry_, size, list_.data() + list_size_);
    entries_[entry_count_++] = static_cast<std::uint32_t>(list_size_);
    list_size_ += size;
}

void Shelf::thin_list() noexcept {
    const std::size_t count = std::exchange(entry_count_, 0);
    list_size_ = 0;
    for (std::size_t i = 0; i < count; i += 2) {
        const std::byte* const from = list_.data() + entries_[i];
        const std::size_t size = row_size(from);
        std::memmove(list_.data() + list_size_, from, size);
        entries_[entry_count_++] = static_cast<std::uint32_t>(list_size_);
        list_size_ += size;
    }
    stride_ *= 2;
}

Status Shelf::finish() noexcept {
    const Status flushed = flush();
    end_ = context_.spill->end();
    const std::size_t size = Spill::header_size + std::max(block_size_max, longest_);
    slot_count_ = std::min(blocks_.size() / size, slot_count_max);
    return flushed;
}

// ---- rows are found ----

// The last one that is listed and begins with a lesser key.
std::uint64_t Shelf::find_block(std::span<const Value> key) noexcept {
    const auto first = entries_.begin();
    const auto last = first + static_cast<std::ptrdiff_t>(entry_count_);
    const auto at = std::partition_point(first, last, [&](std::uint32_t entry) {
        return compare_row(list_.data() + entry, key) < 0;
    });
    if (at == first) return begin_;
    decode_row(list_.data() + *(at - 1), entry_);
    return static_cast<std::uint64_t>(entry_.back().as_integer());
}

Result<bool> Shelf::find(std::span<const Value> key, Place& place) noexcept {
    place = {.block = find_block(key)};
    return settle(key, place);
}

Result<bool> Shelf::next(std::span<const Value> key, Place& place) noexcept {
    place.offset += row_size(place.row);
    return settle(key, place);
}

// To the first row from there on that is not less than the key. False: it is greater.
Result<bool> Shelf::settle(std::span<const Value> key, Place& place) noexcept {
    for (; place.block < end_; place.offset = 0) {
        const Result<Bytes> rows = read(place.block);
        if (!rows) return rows.error();
        for (; place.offset < rows->size(); place.offset += row_size(place.row)) {
            place.row = rows->data() + place.offset;
            const int difference = compare_row(place.row, key);
            if (difference >= 0) return difference == 0;
        }
        place.block += Spill::header_size + rows->size();
    }
    return false;
}

Result<Bytes> Shelf::read(std::uint64_t block) noexcept {
    const std::size_t number = mix(block) % slot_count_;
    Slot& slot = slots_[number];
    if (slot.block == block) return slot.rows;
    const Status going = context_.check();
    if (!going) return going.error();
    const std::size_t size = blocks_.size() / slot_count_;
    const std::uint64_t left = std::min<std::uint64_t>(end_ - block, size);
    slot = Slot{};
    const Result<Bytes> rows =
        context_.spill->read(block, blocks_.subspan(number * size, static_cast<std::size_t>(left)));
    if (rows) slot = {block, *rows};
    return rows;
}

}  // namespace freshet::query

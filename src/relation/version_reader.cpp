// SPDX-License-Identifier: MIT
#include "relation/version_reader.hpp"

#include "relation/row_tree.hpp"

namespace freshet::relation {

VersionReader::VersionReader(const RowsAsOf& rows, std::uint32_t table, KeyRange range) noexcept
    : rows_{rows}, merge_{rows, table, range, true} {}

// The next row that had versions by then.
Result<bool> VersionReader::enter_row() noexcept {
    for (;;) {
        const Result<bool> there = merge_.next();
        if (!there || !*there) return there;
        const Status decoded = merge_.stream(stream_);
        if (!decoded) return decoded.error();
        count_ = stream_.count;
        if (!rows_.is_newest()) {
            const auto before =
                store::find_before(rows_.view(), merge_.name(), stream_, rows_.end_);
            if (!before) return before.error();
            count_ = before->count;
        }
        next_ = 0;
        block_ = ~std::uint64_t{0};
        if (count_ == 0) continue;
        const Status read = this->read();
        if (!read) return read.error();
        return true;
    }
}

// In a transaction the tree may have changed since the row was entered.
Status VersionReader::find_again() noexcept {
    Kept kept;
    const Status found = find_kept(rows_.view(), merge_.name(), kept);
    if (!found) return found;
    if (!kept.exists) return Code::corrupt;
    stream_ = kept.stream;
    return Done{};
}

Status VersionReader::read() noexcept {
    const std::uint64_t block = next_ / store::block_event_count;
    if (block != block_) {
        if (next_ > 0 && rows_.is_in_transaction()) {
            const Status again = find_again();
            if (!again) return again;
        }
        const Status found =
            store::find_block(rows_.view(), merge_.name(), stream_, block, addresses_);
        if (!found) return found;
        block_ = block;
    }
    address_ = addresses_[next_ % store::block_event_count];
    return rows_.read(merge_.name(), next_++, address_, event_);
}

// In a transaction an event of its own has no type; that of an end has no payload either. What was
// read ahead may have been in a frame that was written meanwhile.
Result<bool> VersionReader::next(RowVersion& version) noexcept {
    for (;;) {
        if (!has_event_) {
            const Result<bool> entered = enter_row();
            if (!entered || !*entered) return entered;
        } else if (rows_.is_in_transaction()) {
            const Status again = rows_.read(merge_.name(), next_ - 1, address_, event_);
            if (!again) return again.error();
        }
        version = RowVersion{.row = event_, .from = address_};
        const bool is_version = !is_end(event_.type) && !event_.payload.empty();
        has_event_ = next_ < count_;
        if (has_event_) {
            const Status read = this->read();
            if (!read) return read.error();
            version.end_commit = event_.commit;
            version.end_time_us = event_.time_us;
            version.until = address_;
        }
        if (is_version) return true;
    }
}

}  // namespace freshet::relation

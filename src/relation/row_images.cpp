// SPDX-License-Identifier: MIT
#include "relation/row_images.hpp"

#include <algorithm>

#include "relation/row_tree.hpp"

namespace freshet::relation {

namespace {

// Of the first name that is not in the range.
RowName end_of(std::uint32_t table, const KeyRange& range) noexcept {
    return RowName{range.end.empty() ? table + 1 : table, range.end};
}

}  // namespace

bool RowImages::can_read(const RowsAsOf& rows, std::uint32_t table, KeyRange range) noexcept {
    if (rows.is_in_transaction()) return false;
    if (rows.is_newest()) return true;
    const store::RowWalk deleted{rows.view(), store::RowWalk::Which::deleted,
                                 RowName{table, range.from}.view()};
    if (deleted.damaged()) return false;
    return !deleted.valid() || deleted.name() >= end_of(table, range).view();
}

RowImages::RowImages(const RowsAsOf& rows, std::uint32_t table, KeyRange range) noexcept
    : rows_{rows},
      end_{end_of(table, range)},
      walk_{rows.view(), store::RowWalk::Which::present, RowName{table, range.from}.view()} {
    reader_.open(rows.state_->log, rows.log().end, {});
}

Result<std::span<const Bytes>> RowImages::next(std::size_t limit) noexcept {
    count_ = 0;
    while (count_ == 0 && walk_.valid()) {
        stretch_ = walk_.stretch(end_.view());
        if (stretch_.size() == 0) break;
        const auto count = std::min(stretch_.size(), static_cast<std::uint32_t>(limit));
        wanted_count_ = 0;
        stretch_.fetch_next();
        for (std::uint32_t number = 0; number < count; number++) {
            const Bytes value = stretch_.value(number);
            if (value.data() == nullptr) continue;
            const Bytes image = rows_.is_newest() ? store::image_of_row(value) : Bytes{};
            if (!image.empty()) {
                images_[count_++] = image;
                continue;
            }
            const Status added = add(number);
            if (!added) return added.error();
        }
        const Status read = read_wanted();
        if (!read) return read.error();
        leave_out_deleted();
        walk_.skip(count);
    }
    if (walk_.damaged()) return Code::corrupt;
    return std::span<const Bytes>{images_}.first(count_);
}

// A row that was not there yet is left out.
Status RowImages::add(std::uint32_t number) noexcept {
    store::Stream stream;
    const Status decoded = stretch_.stream(number, stream);
    if (!decoded) return decoded;
    store::RowStretch::NameRoom room;
    const std::string_view name = stretch_.name(number, room);
    const std::uint64_t end = rows_.is_newest() ? ~std::uint64_t{0} : rows_.log().end;
    const auto before = store::find_before(rows_.view(), name, stream, end);
    if (!before) return before.error();
    if (before->count == 0) return Done{};
    if (before->count == stream.count && !stream.image.empty()) {
        images_[count_++] = stream.image;
        return Done{};
    }
    addresses_[wanted_count_] = before->last;
    wanted_[wanted_count_++] = {before->count - 1, number, static_cast<std::uint32_t>(count_)};
    count_++;
    return Done{};
}

Status RowImages::read_wanted() noexcept {
    if (wanted_count_ == 0) return Done{};
    const Status entered = reader_.enter(addresses_[0]);
    if (!entered) return entered;
    reader_.fetch(std::span<const std::uint64_t>{addresses_}.first(wanted_count_));
    for (std::size_t i = 0; i < wanted_count_; i++) {
        store::RowStretch::NameRoom room;
        reader_.turn_to(stretch_.name(wanted_[i].number, room));
        Recorded version;
        const Status read = reader_.read(addresses_[i], wanted_[i].index, version);
        if (!read) return read;
        const bool was_deleted = !rows_.is_newest() && is_end(version.type);
        images_[wanted_[i].position] = was_deleted ? Bytes{} : version.payload;
    }
    return Done{};
}

// Rows that are there again, and were not as of then.
void RowImages::leave_out_deleted() noexcept {
    if (rows_.is_newest()) return;
    const auto is_none = [](Bytes image) noexcept { return image.data() == nullptr; };
    const auto begin = images_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count_);
    count_ = static_cast<std::size_t>(std::remove_if(begin, end, is_none) - begin);
}

}  // namespace freshet::relation

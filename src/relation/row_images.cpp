// SPDX-License-Identifier: MIT
#include "relation/row_images.hpp"

#include <algorithm>

#include "relation/row_tree.hpp"

namespace freshet::relation {

namespace {

// Rows of short stretches are put together, so that whoever reads them has some side by side; those
// of a page are enough, and the next one is fetched meanwhile.
constexpr std::size_t enough = 16;

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
    while (count_ < std::min(limit, enough) && walk_.valid()) {
        stretch_ = walk_.stretch(end_.view());
        const auto count = std::min(stretch_.size(), static_cast<std::uint32_t>(limit - count_));
        if (count == 0 || (count_ > 0 && count < stretch_.size())) break;
        stretch_.fetch_next();
        const Status added = add_all(count);
        if (!added) return added.error();
        walk_.skip(count);
    }
    if (walk_.damaged()) return Code::corrupt;
    return std::span<const Bytes>{images_}.first(count_);
}

Status RowImages::add_all(std::uint32_t count) noexcept {
    wanted_count_ = 0;
    for (std::uint32_t number = 0; number < count; number++) {
        number = take_images(number, count);
        if (number == count) break;
        if (stretch_.value(number).data() == nullptr) continue;
        const Status added = add(number);
        if (!added) return added;
    }
    if (wanted_count_ == 0) return Done{};
    const Status read = read_wanted();
    if (!read) return read;
    leave_out_deleted();
    return Done{};
}

// Up to the first row that has none, or to the end.
std::uint32_t RowImages::take_images(std::uint32_t number, std::uint32_t end) noexcept {
    const store::RowStretch stretch = stretch_;
    const bool is_newest = rows_.is_newest();
    const std::uint64_t log_end = rows_.log().end;
    std::size_t count = count_;
    for (; number < end; number++) {
        const Bytes value = stretch.value(number);
        const Bytes image =
            is_newest ? store::image_of_row(value) : store::image_of_row(value, log_end);
        if (image.empty()) break;
        images_[count++] = image;
    }
    count_ = count;
    return number;
}

// A row that was not there yet is left out.
Status RowImages::add(std::uint32_t number) noexcept {
    store::Stream stream;
    const Status decoded = stretch_.stream(number, stream);
    if (!decoded) return decoded;
    const std::uint64_t end = rows_.is_newest() ? ~std::uint64_t{0} : rows_.log().end;
    auto before = store::find_in_tail(stream, end);
    if (before && before->last == 0) {
        store::RowStretch::NameRoom room;
        before = store::find_before(rows_.view(), stretch_.name(number, room), stream, end);
    }
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

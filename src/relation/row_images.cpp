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

Result<std::span<const ImageRun>> RowImages::next(std::size_t limit) noexcept {
    count_ = 0;
    row_count_ = 0;
    while (row_count_ < std::min(limit, enough) && walk_.valid()) {
        stretch_ = walk_.stretch(end_.view());
        const bool is_one_run = rows_.is_newest() && stretch_.has_all_records();
        const std::size_t room =
            (is_one_run ? limit : std::min(limit, image_count_max)) - row_count_;
        const auto count = std::min(stretch_.size(), static_cast<std::uint32_t>(room));
        if (count == 0 || (row_count_ > 0 && count < stretch_.size())) break;
        stretch_.fetch_next();
        if (is_one_run) {
            put({stretch_.record(0), count});
        } else {
            const Status added = add_all(count);
            if (!added) return added.error();
        }
        walk_.skip(count);
    }
    if (walk_.damaged()) return Code::corrupt;
    return std::span<const ImageRun>{images_}.first(count_);
}

Status RowImages::add_all(std::uint32_t count) noexcept {
    wanted_count_ = 0;
    for (std::uint32_t number = 0; number < count; number++) {
        number = take_records(number, count);
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

// Up to the first row that has none, or is newer, or to the end.
std::uint32_t RowImages::take_records(std::uint32_t number, std::uint32_t end) noexcept {
    const std::uint32_t begin = number;
    for (; number < end; number++) {
        if (!stretch_.record(number).is_there()) break;
        if (!rows_.is_newest() && !store::is_before(stretch_.value(number), rows_.log().end)) break;
    }
    if (number > begin) put({stretch_.record(begin), number - begin});
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
    if (const Image image = image_of(stream); before->count == stream.count && !image.is_none()) {
        put({image, 1});
        return Done{};
    }
    addresses_[wanted_count_] = before->last;
    wanted_[wanted_count_++] = {before->count - 1, number, static_cast<std::uint32_t>(count_)};
    put({{}, 1});
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
        images_[wanted_[i].position].image = was_deleted ? Bytes{} : version.payload;
    }
    return Done{};
}

// Rows that are there again, and were not as of then.
void RowImages::leave_out_deleted() noexcept {
    if (rows_.is_newest()) return;
    const auto is_none = [](const ImageRun& run) noexcept { return run.image.is_none(); };
    const auto begin = images_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count_);
    const auto left = static_cast<std::size_t>(std::remove_if(begin, end, is_none) - begin);
    row_count_ -= count_ - left;
    count_ = left;
}

}  // namespace freshet::relation

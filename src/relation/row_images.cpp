// SPDX-License-Identifier: MIT
#include "relation/row_images.hpp"

#include <algorithm>

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
      walk_{rows.view(), store::RowWalk::Which::present, RowName{table, range.from}.view()},
      batch_{rows} {}

Result<std::span<const ImageRun>> RowImages::next(std::size_t limit) noexcept {
    batch_.clear();
    while (batch_.row_count() < std::min(limit, enough) && walk_.valid()) {
        stretch_ = walk_.stretch(end_.view());
        const bool is_one_run = rows_.is_newest() && stretch_.has_all_records();
        const std::size_t room =
            (is_one_run ? limit : std::min(limit, image_count_max)) - batch_.row_count();
        const auto count = std::min(stretch_.size(), static_cast<std::uint32_t>(room));
        if (count == 0 || (batch_.row_count() > 0 && count < stretch_.size())) break;
        stretch_.fetch_next();
        if (is_one_run) {
            batch_.put({stretch_.record(0), count});
        } else {
            Status added = batch_.add(stretch_, count);
            if (added) added = batch_.read();
            if (!added) return added.error();
        }
        walk_.skip(count);
    }
    if (walk_.damaged()) return Code::corrupt;
    return batch_.images();
}

}  // namespace freshet::relation

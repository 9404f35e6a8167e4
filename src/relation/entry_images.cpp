// SPDX-License-Identifier: MIT
#include "relation/entry_images.hpp"

namespace freshet::relation {

Result<std::span<const ImageRun>> EntryImages::next(TableReader& reader,
                                                    std::size_t limit) noexcept {
    batch_.clear();
    search_.clear();
    Status done = reader.entries().next(search_, limit);
    if (!done) return done.error();
    if (search_.size() == 0) return batch_.images();
    if (!search_.find(rows_.view())) return Code::corrupt;
    for (std::size_t i = 0; done && i < search_.size(); i++) done = add(reader, i);
    if (done) done = batch_.read();
    if (!done) return done.error();
    if (batch_.row_count() != search_.size()) return Code::corrupt;
    return batch_.images();
}

// One that is not there among those that are may have been deleted since.
Status EntryImages::add(TableReader& reader, std::size_t number) noexcept {
    if (search_.is_found(number)) {
        const store::RowStretch row = search_.row(number);
        const tree::Record record = row.record(0);
        if (!rows_.is_newest() || !record.is_there()) return batch_.add(row, 1);
        batch_.put({record, 1});
        return Done{};
    }
    ImageRun row;
    const Result<bool> there = reader.find(search_.key(number), row.image);
    if (!there) return there.error();
    if (*there) batch_.put(row);
    return Done{};
}

}  // namespace freshet::relation

// SPDX-License-Identifier: MIT
#include "relation/row_stream.hpp"

#include <cstring>

#include "base/codec.hpp"
#include "relation/row_tree.hpp"
#include "store/place.hpp"

namespace freshet::relation {

namespace {

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
    return prefix.empty() || (text.size() >= prefix.size() &&
                              std::memcmp(text.data(), prefix.data(), prefix.size()) == 0);
}

// What is far from the greatest is not asked for what exactly it would take.
bool fits(const log::Log& log, std::string_view name, const Event& event) noexcept {
    if (event.payload.size() < log.geometry().frame_size_max / 8) return true;
    Diagnostic diagnostic;
    return log.fits(name, event, diagnostic);
}

}  // namespace

RowName::RowName(std::uint32_t table, Bytes key) noexcept : size_{5 + key.size()} {
    FRESHET_CHECK(key.size() <= row_key_size_max);
    bytes_[0] = '\0';
    for (std::size_t i = 0; i < 4; i++) bytes_[1 + i] = static_cast<char>(table >> (24 - 8 * i));
    if (!key.empty()) std::memcpy(bytes_.data() + 5, key.data(), key.size());
}

RowWriter::RowWriter(Transaction& transaction) noexcept
    : transaction_{transaction}, state_{*transaction.store_->state_} {}

Result<bool> RowWriter::find(const RowName& name, Recorded& version) noexcept {
    RowsAsOf rows;
    const Status opened = rows.open(transaction_);
    FRESHET_CHECK(opened);
    return rows.find(name, version);
}

Result<std::uint64_t> RowWriter::write(const RowName& name, RowChange change,
                                       Bytes image) noexcept {
    return write(name, change, type_of(change), image);
}

Result<std::uint64_t> RowWriter::write(const RowName& name, RowChange change, std::string_view type,
                                       Bytes image) noexcept {
    Kept kept;
    const Status found = find_kept(state_.delta, name.view(), kept);
    if (!found) return found.error();
    return write(name, kept, change, type, image);
}

Result<std::uint64_t> RowWriter::write(const RowName& name, const Kept& kept, RowChange change,
                                       std::string_view type, Bytes image) noexcept {
    if (change == RowChange::insert && kept.is_there()) return Code::already_exists;
    if (change != RowChange::insert && !kept.is_there()) return Code::not_found;
    const Event event{.type = type, .payload = image};
    if (!fits(state_.log, name.view(), event)) return Code::too_large;
    const std::uint64_t index = kept.exists ? kept.stream.count : 0;
    const Result<std::uint64_t> address = state_.log.add(name.view(), index, event);
    if (!address) return address.error();
    address_ = *address;
    state_.row_change_count++;
    const bool deletes = change == RowChange::erase;
    const Status added = add_version(state_.delta, name.view(), kept, deletes, *address);
    if (!added) return added.error();
    if (table_of_row(name.view()) == catalog_table) state_.working.catalog_address = *address;
    transaction_.note(Appended{.outcome = Outcome::appended,
                               .commit = state_.log.commit(),
                               .time_us = state_.log.time_us(),
                               .first_ordinal = state_.log.next_ordinal() - 1,
                               .last_ordinal = state_.log.next_ordinal() - 1});
    return index;
}

Status RowsAsOf::open(const Snapshot& snapshot) noexcept {
    if (!snapshot.is_open()) return Code::invalid_argument;
    open(*snapshot.state_, *snapshot.published_);
    return Done{};
}

Status RowsAsOf::open(const Snapshot& snapshot, Until until,
                      std::span<KnownCommit> known) noexcept {
    const Status opened = open(snapshot);
    if (!opened) return opened;
    const bool is_kept = until.is_commit() && until.number() < commit_ && !known.empty();
    KnownCommit other;
    KnownCommit& place = is_kept ? known[until.number() % known.size()] : other;
    if (!is_kept || place.commit != until.number() || place.end == 0) {
        const Result<log::Position> found = store::find_place(*state_, *published_, until);
        if (!found) return found.error();
        place = {found->commit, found->address};
    }
    is_newest_ = place.end == end_;
    end_ = place.end;
    commit_ = place.commit;
    return Done{};
}

// What is durable is read as everybody reads it. The record that says up to where is not used again
// as long as the transaction has the writer's turn.
Status RowsAsOf::open(const Transaction& transaction) noexcept {
    if (transaction.store_ == nullptr) return Code::invalid_argument;
    state_ = transaction.store_->state_;
    published_ = &state_->published[state_->log.published()];
    end_ = published_->position.address;
    commit_ = state_->sealed.position.commit;
    is_newest_ = true;
    is_in_transaction_ = true;
    return Done{};
}

void RowsAsOf::open(store::State& state) noexcept {
    state_ = &state;
    published_ = &state.working;
    end_ = ~std::uint64_t{0};
    is_newest_ = true;
    is_in_transaction_ = true;
}

void RowsAsOf::open(store::State& state, const store::Published& at) noexcept {
    state_ = &state;
    published_ = &at;
    end_ = at.position.address;
    commit_ = at.position.commit;
    is_newest_ = true;
    is_in_transaction_ = false;
}

std::uint64_t RowsAsOf::catalog_address() const noexcept {
    return is_in_transaction_ ? state_->working.catalog_address : published_->catalog_address;
}

Status RowsAsOf::read_own(std::uint64_t address, Recorded& version) const noexcept {
    log::StoredEvent event;
    log::Frame frame;
    bool is_open = false;
    const Status read = state_->log.event_of_writer(address, event, frame, is_open);
    if (!read) return read;
    version.type = {};
    version.metadata = {};
    version.payload = event.payload;
    version.commit = is_open ? state_->log.commit() : frame.header.commit;
    version.time_us = is_open ? state_->log.time_us() : frame.header.time_us;
    return Done{};
}

Result<bool> RowsAsOf::read(std::string_view name, const store::Stream& stream,
                            Recorded& version) const noexcept {
    const std::uint64_t end = is_newest_ ? ~std::uint64_t{0} : end_;
    const auto before = store::find_before(view(), name, stream, end);
    if (!before) return before.error();
    if (before->count == 0) return false;
    const Status read = this->read(name, before->count - 1, before->last, version);
    if (!read) return read.error();
    return is_newest_ || !is_end(version.type);
}

Status RowsAsOf::read(std::string_view name, std::uint64_t index, std::uint64_t address,
                      Recorded& version) const noexcept {
    if (address >= end_ && is_in_transaction_) {
        version = Recorded{};
        version.stream = name;
        version.index = index;
        return read_own(address, version);
    }
    log::EventReader reader;
    reader.open(state_->log, end_, name);
    return reader.read(address, index, version);
}

Result<bool> RowsAsOf::find(const RowName& name, Recorded& version) const noexcept {
    Kept kept;
    const Status found = is_in_transaction_ ? find_kept(state_->delta, name.view(), kept)
                                            : find_kept(view(), name.view(), kept);
    if (!found) return found.error();
    if (!kept.exists || (kept.deleted && is_newest_)) return false;
    return read(name.view(), kept.stream, version);
}

Result<bool> RowsAsOf::find_image(const RowName& name, Image& image) const noexcept {
    Recorded version;
    if (!is_newest_ || is_in_transaction_) {
        const Result<bool> there = find(name, version);
        image = version.payload;
        return there;
    }
    store::Stream stream;
    const Result<bool> there = store::find_stream(view(), name.view(), stream);
    if (!there || !*there) return there;
    return read_image(name.view(), stream, image);
}

Result<bool> RowsAsOf::read_image(std::string_view name, const store::Stream& stream,
                                  Image& image) const noexcept {
    image = image_of(stream);
    if (is_newest_ && !is_in_transaction_ && !image.is_none()) return true;
    Recorded version;
    const Result<bool> there = read(name, stream, version);
    image = version.payload;
    return there;
}

Result<std::uint64_t> RowsAsOf::count_versions(std::uint32_t table) const noexcept {
    return relation::count_versions(view(), RowName{table, {}}.view());
}

std::uint64_t RowsAsOf::estimate(std::uint32_t table) const noexcept {
    if (state_ == nullptr) return 0;
    return store::estimate_rows(view(), RowName{table, {}}.view(), RowName{table + 1, {}}.view());
}

RowMerge::RowMerge(const RowsAsOf& rows, std::uint32_t table, KeyRange range, bool has_deleted,
                   Direction direction) noexcept
    : table_{table, {}},
      border_{direction == Direction::forwards ? range.end : range.from},
      is_forwards_{direction == Direction::forwards},
      is_in_transaction_{rows.is_in_transaction()},
      present_{rows.view(), store::RowWalk::Which::present, RowName{table, range.from}.view()} {
    if (has_deleted)
        deleted_.emplace(rows.view(), store::RowWalk::Which::deleted,
                         RowName{table, range.from}.view());
    if (is_forwards_) return;
    const RowName end{range.end.empty() ? table + 1 : table, range.end};
    present_.seek_before(end.view());
    if (has_deleted) deleted_->seek_before(end.view());
}

bool RowMerge::is_in_range(const store::RowWalk& walk) const noexcept {
    if (!walk.valid() || !begins_with(walk.name(), table_.view())) return false;
    return border_.empty() || (as_text(key_of_row(walk.name())) < as_text(border_)) == is_forwards_;
}

// In a transaction deleted rows are walked forwards only.
void RowMerge::step() noexcept {
    if (is_in_transaction_ && deleted_ && last_ != &present_) present_.stay_anew();
    if (is_in_transaction_ && deleted_ && last_ != &*deleted_) deleted_->stay_anew();
    if (last_ == nullptr) return;
    if (is_forwards_) return is_in_transaction_ ? last_->next_anew() : last_->next();
    return is_in_transaction_ ? last_->seek_before(last_->name()) : last_->previous();
}

Result<bool> RowMerge::next() noexcept {
    step();
    last_ = nullptr;
    if (present_.damaged() || (deleted_ && deleted_->damaged())) return Code::corrupt;
    const bool has_present = is_in_range(present_);
    const bool has_deleted = deleted_ && is_in_range(*deleted_);
    if (!has_present && !has_deleted) return false;
    const bool takes_present =
        has_present && (!has_deleted || (present_.name() < deleted_->name()) == is_forwards_);
    last_ = takes_present ? &present_ : &*deleted_;
    return true;
}

RowScan::RowScan(const RowsAsOf& rows, std::uint32_t table, KeyRange range,
                 Direction direction) noexcept
    : rows_{rows}, merge_{rows, table, range, !rows.is_newest(), direction} {}

template <class Read>
Result<bool> RowScan::next_with(Read read) noexcept {
    for (;;) {
        const Result<bool> there = merge_.next();
        if (!there || !*there) return there;
        store::Stream stream;
        const Status decoded = merge_.stream(stream);
        if (!decoded) return decoded.error();
        const Result<bool> was_there = read(merge_.name(), stream);
        if (!was_there || *was_there) return was_there;
    }
}

Result<bool> RowScan::next(Recorded& version) noexcept {
    return next_with([&](std::string_view name, const store::Stream& stream) noexcept {
        return rows_.read(name, stream, version);
    });
}

Result<bool> RowScan::next_image(Image& image) noexcept {
    return next_with([&](std::string_view name, const store::Stream& stream) noexcept {
        return rows_.read_image(name, stream, image);
    });
}

}  // namespace freshet::relation

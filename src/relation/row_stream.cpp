// SPDX-License-Identifier: MIT
#include "relation/row_stream.hpp"

#include <cstring>

#include "base/codec.hpp"
#include "store/place.hpp"

namespace freshet::relation {

namespace {

// A row as the tree has it.
struct Kept {
    store::Stream stream;
    bool exists = false;   // It has versions.
    bool deleted = false;  // The newest one is its end.
};

Status find_kept(const tree::View& view, std::string_view name, Kept& kept) noexcept {
    Result<bool> found = store::find_stream(view, name, kept.stream);
    if (found && !*found) {
        found = store::find_deleted_row(view, name, kept.stream);
        kept.deleted = found && *found;
    }
    if (!found) return found.error();
    kept.exists = *found;
    return Done{};
}

// Adds a version, and moves the row to where it belongs then.
Status add_version(tree::Delta& delta, std::string_view name, const Kept& kept, bool deletes,
                   std::uint64_t address) noexcept {
    store::StreamBuilder builder;
    const Status opened = kept.exists ? builder.open(kept.stream) : Done{};
    if (!opened) return opened;
    const Status pushed = builder.push(delta, name, address);
    if (!pushed) return pushed;
    const Status put = deletes ? builder.put_deleted(delta, name) : builder.put(delta, name);
    if (!put || !kept.exists || deletes == kept.deleted) return put;
    return deletes ? store::erase_row(delta, name) : store::erase_deleted_row(delta, name);
}

std::string_view type_of(RowChange change) noexcept {
    switch (change) {
        case RowChange::insert: return row_inserted_type;
        case RowChange::update: return row_updated_type;
        case RowChange::erase: break;
    }
    return row_deleted_type;
}

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() &&
           std::memcmp(text.data(), prefix.data(), prefix.size()) == 0;
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
    Kept kept;
    const Status found = find_kept(state_.view(), name.view(), kept);
    if (!found) return found.error();
    if (!kept.exists || kept.deleted) return false;
    const std::uint64_t index = kept.stream.count - 1;
    const Result<std::uint64_t> address =
        store::find_event(state_.view(), name.view(), kept.stream, index);
    if (!address) return address.error();
    log::StoredEvent event;
    log::Frame frame;
    bool is_open = false;
    const Status read = state_.log.event_of_writer(*address, event, frame, is_open);
    if (!read) return read.error();
    version = Recorded{};
    version.stream = name.view();
    version.index = index;
    version.payload = event.payload;
    version.commit = is_open ? state_.log.commit() : frame.header.commit;
    version.time_us = is_open ? state_.log.time_us() : frame.header.time_us;
    return true;
}

Result<std::uint64_t> RowWriter::write(const RowName& name, RowChange change,
                                       Bytes image) noexcept {
    Kept kept;
    const Status found = find_kept(state_.view(), name.view(), kept);
    if (!found) return found.error();
    const bool is_there = kept.exists && !kept.deleted;
    if (change == RowChange::insert && is_there) return Code::already_exists;
    if (change != RowChange::insert && !is_there) return Code::not_found;
    const Event event{.type = type_of(change), .payload = image};
    Diagnostic diagnostic;
    if (!state_.log.fits(name.view(), event, diagnostic)) return Code::too_large;
    const std::uint64_t index = kept.exists ? kept.stream.count : 0;
    const Result<std::uint64_t> address = state_.log.add(name.view(), index, event);
    if (!address) return address.error();
    const bool deletes = change == RowChange::erase;
    const Status added = add_version(state_.delta, name.view(), kept, deletes, *address);
    if (!added) return added.error();
    transaction_.note(Appended{.outcome = Outcome::appended,
                               .commit = state_.log.commit(),
                               .time_us = state_.log.time_us(),
                               .first_ordinal = state_.log.next_ordinal() - 1,
                               .last_ordinal = state_.log.next_ordinal() - 1});
    return index;
}

Status RowsAsOf::open(const Snapshot& snapshot) noexcept {
    if (!snapshot.is_open()) return Code::invalid_argument;
    state_ = snapshot.state_;
    published_ = snapshot.published_;
    end_ = published_->position.address;
    is_newest_ = true;
    return Done{};
}

Status RowsAsOf::open(const Snapshot& snapshot, std::uint64_t commit) noexcept {
    const Status opened = open(snapshot);
    if (!opened) return opened;
    const Result<log::Position> place =
        store::find_place(*state_, *published_, Until::commit(commit));
    if (!place) return place.error();
    is_newest_ = place->address == end_;
    end_ = place->address;
    return Done{};
}

Result<bool> RowsAsOf::read(std::string_view name, const store::Stream& stream,
                            Recorded& version) const noexcept {
    Result<std::uint64_t> count = stream.count;
    if (!is_newest_) count = store::count_before(view(), name, stream, end_);
    if (!count) return count.error();
    if (*count == 0) return false;
    const Result<std::uint64_t> address = store::find_event(view(), name, stream, *count - 1);
    if (!address) return address.error();
    log::EventReader reader;
    reader.open(state_->log, end_, name);
    const Status read = reader.read(*address, *count - 1, version);
    if (!read) return read.error();
    return version.type != row_deleted_type;
}

Result<bool> RowsAsOf::find(const RowName& name, Recorded& version) const noexcept {
    Kept kept;
    const Status found = find_kept(view(), name.view(), kept);
    if (!found) return found.error();
    if (!kept.exists || (kept.deleted && is_newest_)) return false;
    return read(name.view(), kept.stream, version);
}

RowScan::RowScan(const RowsAsOf& rows, std::uint32_t table, Bytes from) noexcept
    : rows_{rows},
      table_{table, {}},
      present_{rows.view(), store::RowWalk::Which::present, RowName{table, from}.view()},
      deleted_{rows.view(), store::RowWalk::Which::deleted, RowName{table, from}.view()} {}

bool RowScan::is_in_table(const store::RowWalk& walk) const noexcept {
    return walk.valid() && begins_with(walk.name(), table_.view());
}

Result<bool> RowScan::next(Recorded& version) noexcept {
    for (;;) {
        if (last_ != nullptr) last_->next();
        const bool has_present = is_in_table(present_);
        const bool has_deleted = !rows_.is_newest_ && is_in_table(deleted_);
        if (!has_present && !has_deleted) return false;
        const bool takes_present =
            has_present && (!has_deleted || present_.name() < deleted_.name());
        last_ = takes_present ? &present_ : &deleted_;
        store::Stream stream;
        const Status decoded = last_->stream(stream);
        if (!decoded) return decoded.error();
        const Result<bool> was_there = rows_.read(last_->name(), stream, version);
        if (!was_there || *was_there) return was_there;
    }
}

Status RowKeeper::replay(store::State& state, std::string_view name, std::uint64_t index,
                         std::string_view type, std::uint64_t address) noexcept {
    const bool deletes = type == row_deleted_type;
    if (!deletes && type != row_inserted_type && type != row_updated_type) return Code::corrupt;
    Kept kept;
    const Status found = find_kept(state.view(), name, kept);
    if (!found) return found;
    const bool is_there = kept.exists && !kept.deleted;
    if (index != (kept.exists ? kept.stream.count : 0)) return Code::corrupt;
    if (is_there == (type == row_inserted_type)) return Code::corrupt;
    return add_version(state.delta, name, kept, deletes, address);
}

Status RowKeeper::check(store::State& state, const store::Published& at,
                        const log::FrameEvents& event) noexcept {
    Kept kept;
    const tree::View view = state.view(at);
    const Status found = find_kept(view, event.stream(), kept);
    if (!found) return found;
    if (!kept.exists || event.index() >= kept.stream.count) return Code::corrupt;
    const Result<std::uint64_t> address =
        store::find_event(view, event.stream(), kept.stream, event.index());
    if (!address) return address.error();
    if (*address != event.address()) return Code::corrupt;
    const bool is_newest = event.index() + 1 == kept.stream.count;
    const bool is_end = event.type().name == row_deleted_type;
    return is_newest && kept.deleted != is_end ? Status{Code::corrupt} : Done{};
}

Result<std::uint64_t> RowKeeper::count(store::State& state, const store::Published& at) noexcept {
    std::uint64_t count = 0;
    for (const auto which : {store::RowWalk::Which::present, store::RowWalk::Which::deleted}) {
        for (store::RowWalk walk{state.view(at), which, {}}; walk.valid(); walk.next()) {
            store::Stream stream;
            const Status decoded = walk.stream(stream);
            if (!decoded) return decoded.error();
            count += stream.count;
        }
    }
    return count;
}

}  // namespace freshet::relation

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

// What an event of a row does to it; false: a row has none of this type.
bool find_change(std::string_view name, std::string_view type, RowChange& change) noexcept {
    struct Known {
        bool of_catalog;
        RowChange change;
        std::string_view type;
    };
    constexpr std::array<Known, 8> all{{{false, RowChange::insert, row_inserted_type},
                                        {false, RowChange::update, row_updated_type},
                                        {false, RowChange::erase, row_deleted_type},
                                        {true, RowChange::insert, table_created_type},
                                        {true, RowChange::update, table_altered_type},
                                        {true, RowChange::update, index_created_type},
                                        {true, RowChange::update, index_dropped_type},
                                        {true, RowChange::erase, table_dropped_type}}};
    if (name.size() < 5) return false;
    const bool of_catalog = table_of_row(name) == catalog_table;
    for (const Known& known : all) {
        if (known.of_catalog != of_catalog || known.type != type) continue;
        change = known.change;
        return true;
    }
    return false;
}

// Whether an event of this type is the end of its row.
bool is_end(std::string_view type) noexcept {
    return type == row_deleted_type || type == table_dropped_type;
}

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
    return prefix.empty() || (text.size() >= prefix.size() &&
                              std::memcmp(text.data(), prefix.data(), prefix.size()) == 0);
}

// Of all rows whose names begin so.
Result<std::uint64_t> count_versions(const tree::View& view, std::string_view prefix) noexcept {
    std::uint64_t count = 0;
    for (const auto which : {store::RowWalk::Which::present, store::RowWalk::Which::deleted}) {
        for (store::RowWalk walk{view, which, prefix}; walk.valid(); walk.next()) {
            if (!begins_with(walk.name(), prefix)) break;
            store::Stream stream;
            const Status decoded = walk.stream(stream);
            if (!decoded) return decoded.error();
            count += stream.count;
        }
    }
    return count;
}

}  // namespace

RowName::RowName(std::uint32_t table, Bytes key) noexcept : size_{5 + key.size()} {
    FRESHET_CHECK(key.size() <= row_key_size_max);
    bytes_[0] = '\0';
    for (std::size_t i = 0; i < 4; i++) bytes_[1 + i] = static_cast<char>(table >> (24 - 8 * i));
    if (!key.empty()) std::memcpy(bytes_.data() + 5, key.data(), key.size());
}

RowWriter::RowWriter(Transaction& transaction) noexcept
    : transaction_{transaction}, state_{*transaction.store_->state_} {
    const Status opened = rows_.open(transaction);
    FRESHET_CHECK(opened);
}

Result<bool> RowWriter::find(const RowName& name, Recorded& version) noexcept {
    return rows_.find(name, version);
}

Result<std::uint64_t> RowWriter::write(const RowName& name, RowChange change,
                                       Bytes image) noexcept {
    return write(name, change, type_of(change), image);
}

Result<std::uint64_t> RowWriter::write(const RowName& name, RowChange change, std::string_view type,
                                       Bytes image) noexcept {
    Kept kept;
    const Status found = find_kept(state_.view(), name.view(), kept);
    if (!found) return found.error();
    const bool is_there = kept.exists && !kept.deleted;
    if (change == RowChange::insert && is_there) return Code::already_exists;
    if (change != RowChange::insert && !is_there) return Code::not_found;
    const Event event{.type = type, .payload = image};
    Diagnostic diagnostic;
    if (!state_.log.fits(name.view(), event, diagnostic)) return Code::too_large;
    const std::uint64_t index = kept.exists ? kept.stream.count : 0;
    const Result<std::uint64_t> address = state_.log.add(name.view(), index, event);
    if (!address) return address.error();
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
    state_ = snapshot.state_;
    published_ = snapshot.published_;
    end_ = published_->position.address;
    is_newest_ = true;
    is_in_transaction_ = false;
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

// What is durable is read as everybody reads it. The record that says up to where is not used again
// as long as the transaction has the writer's turn.
Status RowsAsOf::open(const Transaction& transaction) noexcept {
    if (transaction.store_ == nullptr) return Code::invalid_argument;
    state_ = transaction.store_->state_;
    published_ = &state_->published[state_->log.published()];
    end_ = published_->position.address;
    is_newest_ = true;
    is_in_transaction_ = true;
    return Done{};
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
    Result<std::uint64_t> count = stream.count;
    if (!is_newest_) count = store::count_before(view(), name, stream, end_);
    if (!count) return count.error();
    if (*count == 0) return false;
    const Result<std::uint64_t> address = store::find_event(view(), name, stream, *count - 1);
    if (!address) return address.error();
    version = Recorded{};
    version.stream = name;
    version.index = *count - 1;
    log::EventReader reader;
    reader.open(state_->log, end_, name);
    const Status read = *address < end_      ? reader.read(*address, *count - 1, version)
                        : is_in_transaction_ ? read_own(*address, version)
                                             : Status{Code::corrupt};
    if (!read) return read.error();
    return is_newest_ || !is_end(version.type);
}

Result<bool> RowsAsOf::find(const RowName& name, Recorded& version) const noexcept {
    Kept kept;
    const Status found = find_kept(view(), name.view(), kept);
    if (!found) return found.error();
    if (!kept.exists || (kept.deleted && is_newest_)) return false;
    return read(name.view(), kept.stream, version);
}

Result<std::uint64_t> RowsAsOf::count_versions(std::uint32_t table) const noexcept {
    return relation::count_versions(view(), RowName{table, {}}.view());
}

RowScan::RowScan(const RowsAsOf& rows, std::uint32_t table, KeyRange range) noexcept
    : rows_{rows},
      table_{table, {}},
      end_{range.end},
      present_{rows.view(), store::RowWalk::Which::present, RowName{table, range.from}.view()},
      deleted_{rows.view(), store::RowWalk::Which::deleted, RowName{table, range.from}.view()} {}

bool RowScan::is_in_range(const store::RowWalk& walk) const noexcept {
    if (!walk.valid() || !begins_with(walk.name(), table_.view())) return false;
    return end_.empty() || as_text(key_of_row(walk.name())) < as_text(end_);
}

void RowScan::step() noexcept {
    if (last_ == nullptr) return;
    if (rows_.is_in_transaction())
        last_->next_anew();
    else
        last_->next();
}

Result<bool> RowScan::next(Recorded& version) noexcept {
    for (;;) {
        step();
        const bool has_present = is_in_range(present_);
        const bool has_deleted = !rows_.is_newest_ && is_in_range(deleted_);
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
    RowChange change{};
    if (!find_change(name, type, change)) return Code::corrupt;
    Kept kept;
    const Status found = find_kept(state.view(), name, kept);
    if (!found) return found;
    const bool is_there = kept.exists && !kept.deleted;
    if (index != (kept.exists ? kept.stream.count : 0)) return Code::corrupt;
    if (is_there == (change == RowChange::insert)) return Code::corrupt;
    if (table_of_row(name) == catalog_table) state.working.catalog_address = address;
    return add_version(state.delta, name, kept, change == RowChange::erase, address);
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
    const bool ends = is_end(event.type().name);
    return is_newest && kept.deleted != ends ? Status{Code::corrupt} : Done{};
}

Result<std::uint64_t> RowKeeper::count(store::State& state, const store::Published& at) noexcept {
    return count_versions(state.view(at), {});
}

}  // namespace freshet::relation

// SPDX-License-Identifier: MIT
#include "relation/entry_history.hpp"

#include <algorithm>

#include "relation/conflict.hpp"
#include "relation/definition_codec.hpp"

namespace freshet::relation {

Status EntryHistory::open(Arena& memory) noexcept {
    const Status opened = images_.open(table_, memory);
    if (!opened) return opened;
    const Result<std::span<Value>> values = memory.array<Value>(images_.layout().size());
    if (!values) return values.error();
    values_ = *values;
    const Result<bool> there = read();
    if (!there) return there.error();
    has_next_ = *there;
    return Done{};
}

Result<bool> EntryHistory::read() noexcept {
    RowVersion version;
    const Result<bool> there = versions_.next(version);
    if (!there || !*there) return there;
    const Status decoded = images_.read(version.row.payload, values_);
    if (!decoded) return decoded.error();
    Arena memory{next_key_};
    const KeyedRow row{values_, key_of_row(version.row.stream)};
    const Result<IndexEntry> entry = RowMaker{table_, images_.layout()}.entry(index_, row, memory);
    if (!entry) return entry.error();
    next_ = {*entry, version.from, version.until};
    return true;
}

Result<bool> EntryHistory::next(EntryRun& run) noexcept {
    if (!has_next_) return false;
    run = next_;
    std::memcpy(key_.data(), next_.entry.key.data(), next_.entry.key.size());
    run.entry.key = Bytes{key_}.first(next_.entry.key.size());
    for (;;) {
        const Result<bool> there = read();
        if (!there) return there;
        has_next_ = *there;
        const bool goes_on = has_next_ && next_.from == run.until &&
                             as_text(next_.entry.key) == as_text(run.entry.key);
        if (!goes_on) return true;
        run.until = next_.until;
    }
}

namespace {

bool has_index(const TableDefinition* table, std::uint32_t id) noexcept {
    if (table == nullptr) return false;
    return std::any_of(table->indexes.begin(), table->indexes.end(),
                       [id](const Index& index) noexcept { return index.id == id; });
}

Status build(const RowsAsOf& rows, EntryWriter& entries, const TableDefinition& table,
             const Index& index, Arena& memory, SqlError* error) noexcept {
    EntryHistory history{rows, table, index};
    const Status opened = history.open(memory);
    if (!opened) return opened;
    ConflictFinder conflicts{rows, table};
    if (error != nullptr && index.unique) {
        const Status ready = conflicts.open(memory);
        if (!ready) return ready;
    }
    for (EntryRun run;;) {
        const Result<bool> there = history.next(run);
        if (!there) return there.error();
        if (!*there) return Done{};
        Status done{Done{}};
        if (run.until != 0) {
            done = entries.put_closed(run.entry.key, run.from, run.until);
        } else {
            if (error != nullptr && index.unique)
                done = conflicts.refuse_entry(index, run.entry, *error);
            if (done) done = entries.open(run.entry.key, run.from);
        }
        if (!done) return done;
    }
}

Status check_index(const RowsAsOf& rows, const tree::View& view, const TableDefinition& table,
                   const Index& index, Arena& memory, std::uint64_t& count) noexcept {
    EntryHistory history{rows, table, index};
    const Status opened = history.open(memory);
    if (!opened) return opened;
    for (EntryRun run;; count++) {
        const Result<bool> there = history.next(run);
        if (!there) return there.error();
        if (!*there) return Done{};
        const bool is_live = run.until == 0;
        std::uint64_t found_at = 0;
        const Result<bool> found = is_live
                                       ? find_live_entry(view, run.entry.key, found_at)
                                       : find_closed_entry(view, run.entry.key, run.from, found_at);
        if (!found) return found.error();
        if (!*found || found_at != (is_live ? run.from : run.until)) return Code::corrupt;
    }
}

}  // namespace

Status change_indexes(const RowsAsOf& rows, EntryWriter& entries, const TableDefinition* before,
                      const TableDefinition* after, Arena& memory, SqlError* error) noexcept {
    const std::span<const Index> old =
        before == nullptr ? std::span<const Index>{} : before->indexes;
    for (const Index& index : old) {
        if (has_index(after, index.id)) continue;
        const Status erased = entries.erase_all(index.id);
        if (!erased) return erased;
    }
    const std::span<const Index> made =
        after == nullptr ? std::span<const Index>{} : after->indexes;
    for (const Index& index : made) {
        if (has_index(before, index.id)) continue;
        const Status built = build(rows, entries, *after, index, memory, error);
        if (!built) return built;
    }
    return Done{};
}

Status check_entries(const RowsAsOf& rows, const tree::View& view, MutableBytes memory) noexcept {
    std::uint64_t count = 0;
    Recorded version;
    for (RowScan scan{rows, catalog_table};;) {
        const Result<bool> there = scan.next(version);
        if (!there) return there.error();
        if (!*there) break;
        Arena definitions{memory};
        const Result<TableDefinition> table = decode_definition(version.payload, definitions);
        if (!table) return table.error();
        for (const Index& index : table->indexes) {
            const Status checked = check_index(rows, view, *table, index, definitions, count);
            if (!checked) return checked;
        }
    }
    return count == count_entries(view) ? Status{Done{}} : Code::corrupt;
}

}  // namespace freshet::relation

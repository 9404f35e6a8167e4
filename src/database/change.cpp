// SPDX-License-Identifier: MIT
// Runs INSERT, UPDATE and DELETE. Rows that come from tables are kept before the first one is
// changed, so that a statement never meets its own work: in memory, or in the temporary file. Each
// row is then worked on in one block of memory that the next one uses again.
#include <algorithm>

#include "base/sql_error.hpp"
#include "database/row_check.hpp"
#include "database/run.hpp"
#include "query/key_range.hpp"
#include "query/spilled.hpp"
#include "relation/convert.hpp"
#include "relation/table_writer.hpp"

namespace freshet::database {
namespace {

using relation::Conflict;

enum class Fate : std::uint8_t { done, passed_over };

class Change {
public:
    Change(Prepared& prepared, WriteScope& scope, SqlError& error) noexcept
        : p_{prepared},
          scope_{scope},
          plan_{*prepared.change},
          error_{error},
          memory_{*prepared.arena},
          maker_{*plan_.table, plan_.layout},
          rule_{prepared},
          row_{plan_.row} {}

    Status run() noexcept {
        Status status = open();
        if (!status) return fail(status.error());
        switch (p_.statement->kind) {
            case sql::StatementKind::insert: status = insert_all(); break;
            case sql::StatementKind::update: status = change_all(&Change::update_row); break;
            default: status = change_all(&Change::erase_row); break;
        }
        if (status) status = writer_.finish(error_);
        if (!status) return fail(status.error());
        p_.kept = kept_;
        p_.session.report.change_count = count_;
        return Done{};
    }

private:
    Error fail(Error error) noexcept {
        if (error_.error.code == Code::none && error == Code::out_of_memory)
            relation::refuse_for_memory(error_);
        if (error_.size == 0) {
            const sql::Place place = table_place();
            error_.offset = place.offset;
            error_.size = place.size;
        }
        return explain(p_.session, error, error_);
    }
    [[nodiscard]] sql::Place table_place() const noexcept {
        switch (p_.statement->kind) {
            case sql::StatementKind::insert: return p_.statement->insert->table.place;
            case sql::StatementKind::update: return p_.statement->update->table.place;
            default: return p_.statement->delete_rows->table.place;
        }
    }

    Status open() noexcept {
        Status opened =
            writer_.open(p_.session.transaction, p_.session.tables, *plan_.table, memory_, &rule_);
        const bool only_inserts = p_.statement->kind == sql::StatementKind::insert &&
                                  plan_.upserts.empty() && plan_.conflict != sql::Conflict::replace;
        if (opened && !only_inserts) opened = images_.open(*plan_.table, memory_);
        // Of ON CONFLICT DO UPDATE: the row in the way, and the one that was to be inserted.
        if (opened && !plan_.upserts.empty()) opened = both_.open(2 * width(), memory_);
        if (opened && !plan_.returning.scalars.empty()) {
            const Result<query::RowList*> kept =
                query::make<query::RowList>(memory_, memory_, plan_.returning.scalars.size());
            if (!kept) return kept.error();
            kept_ = *kept;
        }
        return opened;
    }
    [[nodiscard]] std::size_t width() const noexcept { return plan_.layout.size(); }

    // Half of what is left for each row, the other half for what is returned.
    Status open_block() noexcept {
        const std::size_t used = p_.planned_size + memory_.used() + alignof(Value);
        if (used >= p_.block.size()) return Code::out_of_memory;
        const Result<MutableBytes> block =
            memory_.bytes((p_.block.size() - used) / 2 + 1, alignof(Value));
        if (!block) return block.error();
        block_ = *block;
        return Done{};
    }

    // Before the first change: where it is the only one, and leaves nothing if it fails, the tree
    // need not be saved.
    [[gnu::noinline]] void begin_changes(std::size_t row_count) noexcept {
        if (row_count != 1 || !plan_.is_row_by_row || !writer_.make_room()) scope_.save_tree();
    }

    // ---- insert ----

    Status insert_all() noexcept {
        if (plan_.source == nullptr) {
            begin_changes(1);
            const Status block = open_block();
            return block ? insert_one({}) : block;
        }
        if (plan_.is_of_values) return insert_values();
        const Result<query::Rows*> rows = query::open(*plan_.source, *p_.context);
        if (!rows) return rows.error();
        return change_kept(**rows, plan_.targets.size(), &Change::insert_row);
    }
    // Row by row, as they stand in the statement.
    Status insert_values() noexcept {
        const query::Node& source = *plan_.source;
        const std::size_t width = plan_.targets.size();
        begin_changes(source.row_count);
        const auto given = memory_.array<Value>(width);
        if (!given) return given.error();
        Status status = Done{};
        for (std::size_t row = 0; status && row < source.row_count; row++) {
            status = p_.context->check();
            if (status)
                status = scratch_.run(memory_, [&](Arena& scratch) -> Status {
                    for (std::size_t i = 0; i < width; i++) {
                        const query::Scalar& scalar = *source.scalars[row * width + i];
                        if (scalar.kind == query::ScalarKind::slot) {
                            (*given)[i] = *scalar.slot;
                            continue;
                        }
                        const Result<Value> value = query::evaluate(scalar, scratch);
                        if (!value) return value.error();
                        (*given)[i] = *value;
                    }
                    return Done{};
                });
            if (status && block_.empty()) status = open_block();
            if (status) status = insert_one(*given);
        }
        return status;
    }
    Status insert_row(std::span<const Value> given, Arena& /*scratch*/) noexcept {
        return insert_one(given);
    }

    // ---- rows that are kept ----

    using ChangeRow = Status (Change::*)(std::span<const Value>, Arena&) noexcept;

    Status change_kept(query::Rows& rows, std::size_t width, ChangeRow change) noexcept {
        query::RowList list{memory_, width};
        std::optional<query::Sorter> file;
        Status status = keep_all(rows, list, file);
        if (status) status = open_block();
        begin_changes(list.count());
        for (std::uint32_t i = 0; status; i++) {
            const Result<std::span<const Value>> kept = next_kept(list, file, i);
            if (!kept) return kept.error();
            if (kept->empty()) break;
            Arena scratch{block_};
            status = (this->*change)(*kept, scratch);
        }
        return status;
    }
    // In memory, or in the temporary file: sorted by nothing, they come as they were added.
    Status keep_all(query::Rows& rows, query::RowList& list,
                    std::optional<query::Sorter>& file) noexcept {
        const Result<std::span<Value>> room = memory_.array<Value>(list.width());
        if (!room) return room.error();
        if (p_.context->spill != nullptr) {
            const auto block = memory_.bytes(p_.spill.share / 16 * 16, alignof(Value));
            if (!block) return block.error();
            const Status opened = file.emplace(*p_.context, *block).open(list.width(), 0);
            if (!opened) return opened;
        }
        const Status read = query::read_all(rows, [&](const query::Batch& batch) -> Status {
            for (const query::Position at : batch.selection) {
                const Result<Value*> kept = file ? room->data() : list.add();
                if (!kept) return kept.error();
                const std::span<Value> row{*kept, list.width()};
                for (std::size_t i = 0; i < row.size(); i++) row[i] = batch.columns[i][at];
                const Status added = file ? file->add(row) : query::keep(row, memory_);
                if (!added) return added;
            }
            return Done{};
        });
        return read && file ? file->finish() : read;
    }
    // Empty: there are no more.
    static Result<std::span<const Value>> next_kept(const query::RowList& list,
                                                    std::optional<query::Sorter>& file,
                                                    std::uint32_t index) noexcept {
        std::span<const Value> row{};
        if (!file && index < list.count()) row = {list[index], list.width()};
        const Result<bool> there = file ? file->next() : Result<bool>{false};
        if (!there) return there.error();
        return *there ? file->row() : row;
    }

    Status insert_one(std::span<const Value> given) noexcept {
        Arena scratch{block_};
        const std::span<Value> row = row_.values();
        if (given.size() < row.size()) maker_.put_defaults(row);
        for (std::size_t i = 0; i < plan_.defaults.size(); i++) {
            if (plan_.defaults[i] == nullptr) continue;
            const Status put = put_default(row, i, scratch);
            if (!put) return put;
        }
        for (std::size_t i = 0; i < given.size(); i++) row[plan_.targets[i]] = given[i];
        const Status numbered = give_id(row);
        if (!numbered) return numbered;
        const Result<Fate> good = check(row_, {}, scratch);
        if (!good) return good.error();
        if (*good == Fate::passed_over) return Done{};
        const Result<Fate> free = make_way(row, {}, scratch);
        if (!free) return free.error();
        if (*free == Fate::passed_over) return Done{};
        const Status inserted = writer_.insert(row, error_);
        if (!inserted) return roll_back_if_told(inserted.error());
        note_id(row);
        return keep_returned(row_, scratch);
    }

    // The next number where none was given.
    Status give_id(std::span<Value> row) noexcept {
        if (plan_.id_position == relation::no_column || !row[plan_.id_position].is_null())
            return Done{};
        const Result<std::int64_t> id = writer_.next_id();
        if (!id) return id.error();
        row[plan_.id_position] = Value::integer(*id);
        return Done{};
    }
    void note_id(std::span<const Value> row) noexcept {
        if (plan_.id_position == relation::no_column) return;
        p_.session.last_insert_id = row[plan_.id_position].as_integer();
        p_.session.report.last_insert_id = p_.session.last_insert_id;
    }

    // ---- what a row has to be ----

    Status put_default(std::span<Value> row, std::size_t at, Arena& scratch) noexcept {
        row[at] = plan_.table->columns[plan_.layout.columns[at]].default_value;
        if (at >= plan_.defaults.size() || plan_.defaults[at] == nullptr) return Done{};
        const Result<Value> value = query::evaluate(*plan_.defaults[at], scratch);
        if (!value) return value.error();
        row[at] = *value;
        return Done{};
    }
    // OR REPLACE: NOT NULL makes a NULL the default of its column.
    Status replace_nulls(std::span<Value> row, Arena& scratch) noexcept {
        if (plan_.conflict != sql::Conflict::replace) return Done{};
        for (std::size_t i = 0; i < row.size(); i++) {
            if (!row[i].is_null()) continue;
            if (!plan_.table->columns[plan_.layout.columns[i]].not_null) continue;
            const Status put = put_default(row, i, scratch);
            if (!put) return put;
        }
        return Done{};
    }
    // Its types, NOT NULL, CHECK. OR IGNORE passes over what a constraint refuses. Of a row that
    // was there, only what is assigned to may be of another type, or NULL; empty: all of it.
    Result<Fate> check(const OneRow& row, std::span<const std::uint16_t> targets,
                       Arena& scratch) noexcept {
        const Status replaced = replace_nulls(row.values(), scratch);
        if (!replaced) return replaced.error();
        const Status assigned = targets.empty()
                                    ? maker_.assign_all(row.values(), scratch, error_)
                                    : maker_.assign(row.values(), targets, scratch, error_);
        if (!assigned) return ignored(assigned.error());
        if (plan_.checks.empty()) return Fate::done;
        const Status held =
            check_row(*plan_.table, plan_.layout, plan_.checks, row, scratch, error_);
        return held ? Result<Fate>{Fate::done} : ignored(held.error());
    }
    Result<Fate> ignored(Error error) noexcept {
        if (plan_.conflict != sql::Conflict::ignore || !(error == Code::constraint_failed))
            return roll_back_if_told(error);
        error_ = SqlError{};
        return Fate::passed_over;
    }
    // OR ROLLBACK.
    Error roll_back_if_told(Error error) noexcept {
        p_.rolls_back =
            plan_.conflict == sql::Conflict::rollback && error == Code::constraint_failed;
        return error;
    }

    // ---- rows in the way ----

    // Rows are passed over, replaced or updated instead, as the statement says. What it says
    // nothing of, the writer refuses.
    Result<Fate> make_way(std::span<const Value> row, Bytes own_key, Arena& scratch) noexcept {
        const Result<Fate> upserted = upsert(row, own_key, scratch);
        if (!upserted || *upserted == Fate::passed_over) return upserted;
        const bool ignores = plan_.conflict == sql::Conflict::ignore;
        if (!ignores && plan_.conflict != sql::Conflict::replace) return Fate::done;
        for (;;) {
            Conflict conflict;
            const Result<bool> found = writer_.find_conflict(row, own_key, conflict, error_);
            if (!found) return found.error();
            if (!*found) return Fate::done;
            if (ignores) return Fate::passed_over;
            const Status done = replace(conflict, scratch);
            if (!done) return done.error();
        }
    }
    // Each ON CONFLICT looks for what it names, before any other constraint is asked.
    Result<Fate> upsert(std::span<const Value> row, Bytes own_key, Arena& scratch) noexcept {
        for (const PlannedUpsert& upsert : plan_.upserts) {
            Conflict conflict;
            const Result<bool> found =
                upsert.is_any ? writer_.find_conflict(row, own_key, conflict, error_)
                              : writer_.find_conflict(upsert.index, row, own_key, conflict, error_);
            if (!found) return found.error();
            if (!*found) continue;
            if (!upsert.is_update) return Fate::passed_over;
            const Status done = update_instead(upsert, conflict, row, scratch);
            if (!done) return done.error();
            return Fate::passed_over;
        }
        return Fate::done;
    }
    Result<Bytes> kept_key(const Conflict& conflict, Arena& scratch) noexcept {
        const Result<Value> key =
            query::keep(Value::blob(relation::key_of_row(conflict.row.stream)), scratch);
        if (!key) return key.error();
        return key->as_blob();
    }
    Status replace(const Conflict& conflict, Arena& scratch) noexcept {
        const Result<Bytes> key = kept_key(conflict, scratch);
        if (!key) return key.error();
        const Result<std::span<Value>> before = read(conflict, scratch);
        if (!before) return before.error();
        return writer_.erase(*key, *before, error_);
    }
    // The row in the way, with bytes of its own: it is about to be changed.
    Result<std::span<Value>> read(const Conflict& conflict, Arena& scratch) noexcept {
        const Result<std::span<Value>> row = scratch.array<Value>(width());
        if (!row) return row;
        const Status there = images_.read(conflict.row.payload, *row);
        if (!there) return there.error();
        for (Value& value : *row) {
            const Result<Value> kept = query::keep(value, scratch);
            if (!kept) return kept.error();
            value = *kept;
        }
        return row;
    }
    Status update_instead(const PlannedUpsert& upsert, const Conflict& conflict,
                          std::span<const Value> row, Arena& scratch) noexcept {
        const Result<Bytes> key = kept_key(conflict, scratch);
        if (!key) return key.error();
        const Result<std::span<Value>> before = read(conflict, scratch);
        if (!before) return before.error();
        std::copy(before->begin(), before->end(), both_.values().begin());
        std::copy(row.begin(), row.end(),
                  both_.values().begin() + static_cast<std::ptrdiff_t>(width()));
        if (upsert.condition != nullptr) {
            const Result<Value> holds = both_.evaluate(*upsert.condition, scratch);
            if (!holds) return holds.error();
            if (relation::truth_of(*holds) != relation::Truth::yes) return Done{};
        }
        const Status opened = open_changed();
        if (!opened) return opened;
        const std::span<Value> after = changed_.values();
        std::copy(before->begin(), before->end(), after.begin());
        for (std::size_t i = 0; i < upsert.targets.size(); i++) {
            const Result<Value> value = both_.evaluate(*upsert.values[i], scratch);
            if (!value) return value.error();
            after[upsert.targets[i]] = *value;
        }
        const Result<Fate> good = check(changed_, upsert.targets, scratch);
        if (!good) return good.error();
        if (*good == Fate::passed_over) return Done{};
        const Status updated = writer_.update(*key, *before, after, error_);
        if (!updated) return updated;
        return keep_returned(changed_, scratch);
    }
    Status open_changed() noexcept {
        return changed_.values().empty() ? changed_.open(width(), memory_) : Status{Done{}};
    }

    // ---- update and delete ----

    Status change_all(ChangeRow change) noexcept {
        if (plan_.expected_version != nullptr) {
            const Result<std::int64_t> version = expected_version();
            if (!version) return version.error();
            version_ = *version;
        }
        if (plan_.by_key != nullptr) {
            const Result<bool> done = change_by_key(change);
            if (!done) return done.error();
            if (*done) return Done{};
        }
        const Result<query::Rows*> rows = query::open(*plan_.source, *p_.context);
        if (!rows) return rows.error();
        return change_kept(**rows, plan_.source->column_count, change);
    }
    // One row by its key: what is asked most often. Its values view its bytes, which stay where
    // they are until it is written. False: the key does not lead to just the rows that are meant.
    Result<bool> change_by_key(ChangeRow change) noexcept {
        const Status going = p_.context->check();
        if (!going) return going.error();
        const auto search =
            query::make_search(plan_.by_key->access, *plan_.table, nullptr, memory_);
        if (!search) return search.error();
        if (!search->is_one_row || !search->is_exact) return false;
        relation::Image stored;
        const Result<bool> there = writer_.find(search->range.from, stored);
        if (!there) return there.error();
        if (!*there) return true;
        const OneRow& kept = plan_.found;
        Status status = open_block();
        if (status) status = images_.read(stored, kept.values().subspan(1, width()));
        if (!status) return status.error();
        kept.values()[0] = Value::blob(search->range.from);
        Arena scratch{block_};
        for (std::size_t i = 1 + width(); i < kept.values().size(); i++) {
            const Result<Value> value = kept.evaluate(*plan_.source->scalars[i], scratch);
            if (!value) return value.error();
            kept.values()[i] = *value;
        }
        begin_changes(1);
        status = (this->*change)(kept.values(), scratch);
        if (!status) return status.error();
        return true;
    }

    Result<std::int64_t> expected_version() noexcept {
        const Result<Value> value = query::evaluate(*plan_.expected_version, memory_);
        if (!value) return value.error();
        if (value->type() == Type::integer && value->as_integer() >= 0) return value->as_integer();
        return relation::refuse(error_, Code::type_mismatch,
                                {"EXPECT VERSION takes the version of the row"},
                                {"give a number from 0 on"});
    }
    // What the row has to be still: as somebody read it.
    Status check_version(Bytes key) noexcept {
        const std::uint64_t read_at = p_.session.read_at;
        if (version_ < 0 && read_at == Session::no_commit) return Done{};
        Recorded version;
        const relation::RowName name{plan_.table->id, key};
        const Result<bool> found = relation::RowWriter{p_.session.transaction}.find(name, version);
        if (!found) return found.error();
        const bool is_own = version.commit > p_.present.rows.commit();
        const bool is_later = !is_own && version.commit > read_at;
        const bool is_other =
            version_ >= 0 && version.index != static_cast<std::uint64_t>(version_);
        if (!*found || (!is_later && !is_other)) return Done{};
        std::array<char, 80> room;
        TextWriter text{room};
        text.text("version ").number(version.index).text(", written at commit ");
        text.number(version.commit);
        return relation::refuse(
            error_, Code::wrong_version,
            {"a row of ", plan_.table->name, " is another one by now: ", text.written()},
            {"read it again, and try again"});
    }

    Status update_row(std::span<const Value> kept, Arena& scratch) noexcept {
        const Status same = check_version(kept[0].as_blob());
        if (!same) return same;
        const std::span<const Value> before = kept.subspan(1, width());
        const std::span<Value> after = row_.values();
        std::copy(before.begin(), before.end(), after.begin());
        for (std::size_t i = 0; i < plan_.targets.size(); i++)
            after[plan_.targets[i]] = kept[1 + width() + i];
        const Result<Fate> good = check(row_, plan_.targets, scratch);
        if (!good) return good.error();
        if (*good == Fate::passed_over) return Done{};
        const Result<Fate> free = make_way(after, kept[0].as_blob(), scratch);
        if (!free) return free.error();
        if (*free == Fate::passed_over) return Done{};
        const Status updated = writer_.update(kept[0].as_blob(), before, after, error_);
        if (!updated) return roll_back_if_told(updated.error());
        return keep_returned(row_, scratch);
    }

    Status erase_row(std::span<const Value> kept, Arena& scratch) noexcept {
        const Status same = check_version(kept[0].as_blob());
        if (!same) return same;
        const std::span<const Value> before = kept.subspan(1, width());
        std::copy(before.begin(), before.end(), row_.values().begin());
        const Status erased = writer_.erase(kept[0].as_blob(), before, error_);
        if (!erased) return erased;
        return keep_returned(row_, scratch);
    }

    Status keep_returned(const OneRow& row, Arena& scratch) noexcept {
        count_++;
        if (kept_ == nullptr) return Done{};
        const Result<Value*> to = kept_->add();
        if (!to) return to.error();
        for (std::size_t i = 0; i < kept_->width(); i++) {
            const Result<Value> value = row.evaluate(*plan_.returning.scalars[i], scratch);
            if (!value) return value.error();
            const Result<Value> kept = query::keep(*value, memory_);
            if (!kept) return kept.error();
            (*to)[i] = *kept;
        }
        return Done{};
    }

    Prepared& p_;
    WriteScope& scope_;
    const ChangePlan& plan_;
    SqlError& error_;
    Arena& memory_;
    relation::RowMaker maker_;
    ChildChecks rule_;
    relation::TableWriter writer_;
    relation::ImageReader images_;
    const OneRow& row_;
    OneRow both_;
    OneRow changed_;  // Of ON CONFLICT DO UPDATE.
    MutableBytes block_{};
    query::Scratch scratch_;
    query::RowList* kept_ = nullptr;
    std::uint64_t count_ = 0;
    std::int64_t version_ = -1;  // That rows have to be of.
};

}  // namespace

Status run_change(Prepared& p, WriteScope& scope, SqlError& error) noexcept {
    return Change{p, scope, error}.run();
}

}  // namespace freshet::database

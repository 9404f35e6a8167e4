// SPDX-License-Identifier: MIT
#include "database/session.hpp"

#include "base/sql_error.hpp"
#include "relation/catalog.hpp"

namespace freshet::database {

Status refresh_tables(Session& session, const relation::RowsAsOf& rows, SqlError& error) noexcept {
    const std::uint64_t address = rows.catalog_address();
    if (session.is_catalog_known && address == session.catalog_address) return Done{};
    session.is_catalog_known = false;
    session.generation++;
    Arena memory{session.catalog_memory};
    const Result<relation::Tables> tables = relation::load_tables(rows, memory);
    if (!tables && tables.error() == Code::out_of_memory)
        return relation::refuse(error, Code::out_of_memory,
                                {"the definitions of all tables do not fit into the memory lent"},
                                {"raise ConnectionOptions::catalog_size"});
    if (!tables) return explain(session, tables.error(), error);
    session.tables = *tables;
    session.catalog_address = address;
    session.is_catalog_known = true;
    return Done{};
}

namespace {

// What a statement fails with while it runs, and nobody had words for where it was.
bool explain_run(Error code, SqlError& error) noexcept {
    switch (code.code) {
        case Code::too_large:
            relation::refuse(error, code.code, {"a number is out of range, or a text too long"},
                             {"look at the numbers in it; a FLOAT has no such limit"});
            return true;
        case Code::type_mismatch:
            relation::refuse(error, code.code, {"a value is not of the type that it is cast to"},
                             {"look at the values, or leave out those that do not fit"});
            return true;
        case Code::out_of_memory: relation::refuse_for_memory(error); return true;
        case Code::cancelled:
            relation::refuse(error, code.code,
                             {"the statement was interrupted, or came to its time limit"},
                             {"give it more time"});
            return true;
        default: return false;
    }
}

}  // namespace

Error explain(Session& session, Error code, SqlError& error) noexcept {
    if (error.error.code != Code::none) return error.error;
    const bool is_of_store = session.diagnostic.error == code.code;
    if (!is_of_store && explain_run(code, error)) return code;
    Diagnostic& diagnostic = session.diagnostic;
    if (!(diagnostic.error == code.code)) {
        diagnostic = Diagnostic{};
        diagnostic.error = code;
    }
    std::array<char, SqlError::text_size_max> words{};
    error.error = code;
    set_message(error, {describe(diagnostic, words)});
    set_hint(error, {hint(diagnostic, words)});
    return code;
}

Status go_to(Session& session, Until until) noexcept {
    Snapshot snapshot;
    const Status taken = session.store->snapshot(snapshot);
    if (!taken) return taken;
    relation::RowsAsOf rows;
    const Status there = rows.open(snapshot, until);
    if (there) session.as_of = rows.commit();
    note_values(session);
    return there;
}

void note_values(Session& session) noexcept {
    const bool is_now = session.as_of == Session::no_commit;
    const bool is_durable = session.options.durability == Durability::durable;
    const auto put = [&](sql::SessionValue which, const Value& value) {
        session.values[static_cast<std::size_t>(which)] = value;
    };
    put(sql::SessionValue::query_only, Value::integer(session.is_query_only ? 1 : 0));
    put(sql::SessionValue::synchronous, Value::integer(is_durable ? 2 : 0));
    put(sql::SessionValue::system_time,
        is_now ? Value{} : Value::integer(static_cast<std::int64_t>(session.as_of)));
}

void note_commit(Session& session, const Appended& committed) noexcept {
    const bool is_new = committed.outcome == Outcome::appended;
    session.report.commit = is_new ? committed.commit : 0;
    session.is_unsynced = session.is_unsynced || (is_new && !committed.durable);
}

// Whoever reads sees at least what was written here before.
Status make_visible(Session& session) noexcept {
    if (!session.is_unsynced) return Done{};
    const bool is_in_transaction = session.mode == Mode::write || session.is_writing;
    const Status synced = is_in_transaction ? session.transaction.sync(session.diagnostic)
                                            : session.store->sync(session.diagnostic);
    session.is_unsynced = !synced;
    return synced;
}

Status WriteScope::open(SqlError& error, Undo undo) noexcept {
    if (session_.as_of != Session::no_commit)
        return relation::refuse(error, Code::read_only,
                                {"nothing can be written while the past is read"},
                                {"SET SYSTEM_TIME = DEFAULT goes back to the present"});
    if (session_.is_query_only)
        return relation::refuse(error, Code::read_only, {"PRAGMA query_only is on"},
                                {"PRAGMA query_only = OFF"});
    if (session_.mode == Mode::read_only)
        return relation::refuse(error, Code::read_only, {"this transaction is READ ONLY"},
                                {"ROLLBACK, and BEGIN without READ ONLY"});
    if (session_.mode == Mode::write) {
        Transaction& transaction = session_.transaction;
        const Result<std::uint32_t> saved =
            undo == Undo::one_row ? relation::RowSavepoint::save(transaction, session_.diagnostic)
                                  : transaction.save(session_.diagnostic);
        if (!saved) return explain(session_, saved.error(), error);
        savepoint_ = *saved;
    } else {
        const Status begun = session_.transaction.begin(*session_.store, session_.diagnostic);
        if (!begun) return explain(session_, begun.error(), error);
        is_own_ = true;
        session_.is_writing = true;
    }
    is_open_ = true;
    return Done{};
}

Status WriteScope::keep(SqlError& error) noexcept {
    if (!is_own_) {
        is_open_ = false;
        const Status released = session_.transaction.release(savepoint_, session_.diagnostic);
        return released ? released : Status{explain(session_, released.error(), error)};
    }
    const Result<Appended> committed =
        session_.transaction.commit(session_.options.durability, session_.diagnostic);
    is_open_ = !committed;
    session_.is_writing = false;
    if (!committed) return explain(session_, committed.error(), error);
    note_commit(session_, *committed);
    return Done{};
}

void WriteScope::give_up() noexcept {
    if (!is_open_) return;
    is_open_ = false;
    // An address of the catalog that is taken back may come again, with other tables behind it.
    session_.is_catalog_known = false;
    if (is_own_) {
        session_.transaction.rollback();
        session_.is_writing = false;
        return;
    }
    Diagnostic diagnostic;
    session_.lost = session_.transaction.rollback_to(savepoint_, diagnostic).error();
    static_cast<void>(session_.transaction.release(savepoint_, diagnostic));
}

}  // namespace freshet::database

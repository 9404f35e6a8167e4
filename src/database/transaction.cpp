// SPDX-License-Identifier: MIT
// BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE.
//
//      BEGIN                        writes from here on: others wait until COMMIT or ROLLBACK
//      BEGIN READ ONLY              one snapshot for all statements
//      BEGIN ... WITH (name = value, ...)
//        read_at     a commit       a row written by a later one is not changed: wrong_version
//        actor       text           who does it, and
//        message     text           why: kept with the commit
#include <algorithm>

#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "database/run.hpp"
#include "query/json_text.hpp"

namespace freshet::database {
namespace {

Status need_transaction(const Prepared& p, std::string_view what, SqlError& error) noexcept {
    if (p.session.mode != Mode::none) return Done{};
    return refuse_at(error, p.statement->place, Code::invalid_argument,
                     {"there is no transaction to ", what}, {"BEGIN begins one"});
}

void end_transaction(Session& session) noexcept {
    session.mode = Mode::none;
    session.lost = Error{};
    session.snapshot.close();
    session.savepoint_count = 0;
    session.read_at = Session::no_commit;
}

}  // namespace

void roll_back(Session& session) noexcept {
    session.is_catalog_known = false;
    session.transaction.rollback();
    end_transaction(session);
}

namespace {

// Who and why, as a commit keeps it: {"$actor":"ada","$message":"..."}.
class Annotation {
public:
    Status set(std::size_t place, const Value& value) noexcept {
        values_[place] = value;
        is_empty_ = false;
        return Done{};
    }
    // too_large: it is longer than a KiB.
    Status write(Transaction& transaction, Diagnostic& diagnostic) const noexcept {
        if (is_empty_) return Done{};
        std::array<char, 1024> room;
        TextWriter json{room};
        std::string_view separator = "{";
        for (std::size_t i = 0; i < values_.size(); i++) {
            if (values_[i].is_null()) continue;
            json.text(separator).text(i == 0 ? "\"$actor\":" : "\"$message\":");
            query::put_json(json, values_[i]);
            separator = ",";
        }
        json.text(separator == "," ? "}" : "{}");
        if (json.is_full()) return Code::too_large;
        return transaction.annotate(as_bytes(json.written()), diagnostic);
    }

private:
    std::array<Value, 2> values_{};
    bool is_empty_ = true;
};

Status set_option(Prepared& p, const sql::Option& option, Annotation& annotation,
                  SqlError& error) noexcept {
    const Result<Value> value = constant(p, *option.value, error);
    if (!value) return value.error();
    if (relation::is_same_name(option.name.text, "read_at")) {
        if (value->type() == Type::integer && value->as_integer() >= 0) {
            p.session.read_at = static_cast<std::uint64_t>(value->as_integer());
            return Done{};
        }
        return refuse_at(error, option.value->place, Code::type_mismatch,
                         {"read_at is the number of a commit"},
                         {"give the commit as of which was read"});
    }
    if (relation::is_same_name(option.name.text, "actor")) return annotation.set(0, *value);
    if (relation::is_same_name(option.name.text, "message")) return annotation.set(1, *value);
    return refuse_at(error, option.name.place, Code::unknown_name,
                     {"BEGIN has no option ", option.name.text},
                     {"there are read_at, actor and message"});
}

Status begin(Prepared& p, SqlError& error) noexcept {
    Session& session = p.session;
    const sql::Begin& begin = *p.statement->begin;
    if (session.mode != Mode::none)
        return refuse_at(error, p.statement->place, Code::invalid_argument,
                         {"a transaction is open already"},
                         {"COMMIT or ROLLBACK it, or use SAVEPOINT within it"});
    const bool is_read_only =
        begin.mode == sql::Begin::Mode::read_only || session.as_of != Session::no_commit;
    Status begun = is_read_only ? make_visible(session) : Status{Done{}};
    if (begun)
        begun = is_read_only ? session.store->snapshot(session.snapshot)
                             : session.transaction.begin(*session.store, session.diagnostic);
    if (!begun) return explain(session, begun.error(), error);
    session.mode = is_read_only ? Mode::read_only : Mode::write;
    Annotation annotation;
    for (const sql::Option& option : begin.options) {
        begun = set_option(p, option, annotation, error);
        if (begun) continue;
        roll_back(session);
        return begun;
    }
    if (is_read_only) return Done{};
    begun = annotation.write(session.transaction, session.diagnostic);
    if (begun) return begun;
    roll_back(session);
    return explain(session, begun.error(), error);
}

Status commit(Prepared& p, SqlError& error) noexcept {
    Session& session = p.session;
    const Status open = need_transaction(p, "commit", error);
    if (!open) return open;
    const Mode mode = session.mode;
    end_transaction(session);
    if (mode == Mode::read_only) return Done{};
    const Result<Appended> committed =
        session.transaction.commit(session.options.durability, session.diagnostic);
    if (!committed) {
        roll_back(session);
        return explain(session, committed.error(), error);
    }
    note_commit(session, *committed);
    return Done{};
}

// The newest of this name.
Result<std::uint32_t> find_savepoint(Prepared& p, SqlError& error) noexcept {
    const Session& session = p.session;
    const sql::Name& name = p.statement->name;
    for (std::uint32_t i = session.savepoint_count; i-- > 0;)
        if (relation::is_same_name(session.savepoints[i].view(), name.text)) return i;
    return refuse_at(error, name.place, Code::unknown_name, {"there is no savepoint ", name.text},
                     {"SAVEPOINT ", name.text, " makes one"});
}

Status rollback(Prepared& p, SqlError& error) noexcept {
    Session& session = p.session;
    const Status open = need_transaction(p, "roll back", error);
    if (!open) return open;
    if (p.statement->name.empty()) {
        roll_back(session);
        return Done{};
    }
    session.is_catalog_known = false;
    const Result<std::uint32_t> found = find_savepoint(p, error);
    if (!found) return found.error();
    session.savepoint_count = *found + 1;
    const Status back =
        session.transaction.rollback_to(session.savepoints[*found].number, session.diagnostic);
    session.lost = back.error();
    return back ? back : Status{explain(session, back.error(), error)};
}

Status savepoint(Prepared& p, SqlError& error) noexcept {
    Session& session = p.session;
    const sql::Name& name = p.statement->name;
    Status open = need_transaction(p, "save", error);
    if (!open) return open;
    if (session.mode == Mode::read_only) return Done{};
    if (session.savepoint_count == session.savepoints.size())
        return refuse_at(error, name.place, Code::too_large, {"there are 15 savepoints already"},
                         {"RELEASE those that are not needed"});
    SavepointName& made = session.savepoints[session.savepoint_count];
    made.size = std::min(name.text.size(), made.bytes.size());
    std::copy_n(name.text.begin(), made.size, made.bytes.begin());
    const Result<std::uint32_t> saved = session.transaction.save(session.diagnostic);
    if (!saved) return explain(session, saved.error(), error);
    made.number = *saved;
    session.savepoint_count++;
    return Done{};
}

Status release(Prepared& p, SqlError& error) noexcept {
    Session& session = p.session;
    const Status open = need_transaction(p, "release in", error);
    if (!open) return open;
    if (session.mode == Mode::read_only) return Done{};
    const Result<std::uint32_t> found = find_savepoint(p, error);
    if (!found) return found.error();
    session.savepoint_count = *found;
    const Status released =
        session.transaction.release(session.savepoints[*found].number, session.diagnostic);
    return released ? released : Status{explain(session, released.error(), error)};
}

}  // namespace

Status run_transaction(Prepared& p, SqlError& error) noexcept {
    switch (p.statement->kind) {
        case sql::StatementKind::begin: return begin(p, error);
        case sql::StatementKind::commit: return commit(p, error);
        case sql::StatementKind::rollback: return rollback(p, error);
        case sql::StatementKind::savepoint: return savepoint(p, error);
        default: return release(p, error);
    }
}

}  // namespace freshet::database

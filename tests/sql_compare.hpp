// SPDX-License-Identifier: MIT
// Goal: SQL gives what SQLite gives, and what SQL must give by its own rules. Method: lives of a
// few tables, made at random by seed: tables, indexes, changes, transactions, queries. Each
// statement is run by three peers:
//
//      freshet                with everything
//      freshet, bare          without the indexes that hold no constraint
//      SQLite                 where its library is installed
//
// and it must fail with all of them or with none, and give the same rows: in their order where
// that is total, and as a bag elsewhere. After each change all tables are read and compared too.
// Beside that freshet alone is asked:
//
//      TLP         a query's rows are those WHERE p, and WHERE NOT p, and WHERE p IS NULL
//      NoREC       as many rows are found WHERE p as there are rows for which p is true
//      AS OF       the newest commit gives what there is now, and each commit what it gave then
//
// Where the two differ on purpose, this and no more (the statements are made so that none of it
// matters, or it is left out of the comparison, as said):
//
//   1. Columns are strictly typed. All tables are STRICT, whose rules are the same but for an INT
//      that a FLOAT has to round: no such number is written into a table. INT PRIMARY KEY is no
//      rowid, and INTEGER PRIMARY KEY is made with AUTOINCREMENT only.
//   2. Words and codes of errors: compared is whether there is one.
//   3. A FLOAT is compared in 12 digits: sums are made in another order. Those that are summed, and
//      all in tables, are eighths: what a sum is rounded to would show in its text, too.
//   4. The sum of INTs leaves their range or not, as their order goes: large ones are not summed.
//   5. BLOBs are no texts: none is given to LIKE, || or CAST AS TEXT.
//   6. SQLite 3.40 loses or finds rows of RIGHT and FULL JOIN whose ON does not depend on both
//      sides, that stand behind another join, or in a UNION: such joins are asked of freshet alone.
//   7. SQLite gives and compares columns in the wrong type in RETURNING: compared is what a bare
//      column gives, INT and FLOAT alike. It makes an INT of the FLOAT of a group that stands left
//      of IN (SELECT ...), or the other way, for all that comes behind it: something is added to
//      numbers that stand there. An INSERT or UPDATE that meets a value that its column does not
//      take may leave the rows before it in the table: there is none but in INSERTs of one row.
//   8. AUTOINCREMENT of SQLite counts rows that were passed over, but not those whose number an
//      UPDATE made: neither is done to such tables.
//   9. out_of_memory is no difference: each statement of freshet has 8 MiB here.
//  10. A change of SQLite whose subqueries read the table that it changes may meet its own work:
//      none reads it.
//  11. NOT IN of SQLite 3.40 overlooks a NULL in an index that is DESC: its indexes go up.
//  12. round(x, n) of SQLite rounds what it would print: asked is round(x).
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "database_fixture.hpp"
#include "sql_change_generator.hpp"

#if __has_include(<sqlite3.h>)
#include <sqlite3.h>
#endif

namespace freshet::test {

struct Answer {
    bool is_good = true;
    std::string error{};
    std::vector<std::string> rows{};
};

inline std::string real_text(double value) {
    char room[40];
    std::snprintf(room, sizeof room, "%.12g", value == 0 ? 0.0 : value);
    const std::string text = room;
    return text.find_first_of(".eni") == std::string::npos ? text + ".0" : text;
}
inline std::string bytes_text(char mark, std::string_view bytes) {
    std::string text{mark};
    for (const char c : bytes) {
        const auto code = static_cast<unsigned char>(c);
        char room[5];
        std::snprintf(room, sizeof room, "\\x%02x", code);
        text += code >= ' ' && code < 0x7f ? std::string{c} : room;
    }
    return text + "'";
}

class FreshetPeer {
public:
    Answer run(const std::string& text) {
        Answer answer;
        Statement statement;
        if (!statement.prepare(*db_.connection, text, db_.error)) return failed();
        for (;;) {
            const Result<bool> there = statement.step(db_.error);
            if (!there) return failed();
            if (!*there) return answer;
            std::string line;
            for (const Value& value : statement.row()) line += shown(value) + "|";
            answer.rows.push_back(line);
        }
    }
    bool has_transaction() { return db_.connection->transaction() != nullptr; }
    std::uint64_t newest_commit() {
        Snapshot snapshot;
        return db_.database->store().snapshot(snapshot) ? snapshot.commit() : 0;
    }
    void open_again() { db_.open_again(); }

private:
    static constexpr std::size_t memory_size = std::size_t{64} << 20;

    Answer failed() {
        return {false, std::string{code_name(db_.error.error.code)} + ": " +
                           std::string{db_.error.message()}};
    }
    static std::string shown(const Value& value) {
        switch (value.type()) {
            case Type::null: return "NULL";
            case Type::integer: return std::to_string(value.as_integer());
            case Type::real: return real_text(value.as_real());
            case Type::text: return bytes_text('\'', value.as_text());
            case Type::blob: return bytes_text('x', value.bytes());
            default: return "of another type: " + text_of(value);
        }
    }

    OpenDatabase db_{database_options(), memory_size};
};

#if __has_include(<sqlite3.h>)
class SqlitePeer {
public:
    SqlitePeer() { EXPECT_EQ(sqlite3_open(":memory:", &database_), SQLITE_OK); }
    ~SqlitePeer() { sqlite3_close(database_); }
    SqlitePeer(const SqlitePeer&) = delete;
    SqlitePeer& operator=(const SqlitePeer&) = delete;

    static constexpr bool is_there = true;
    Answer run(const std::string& text) {
        Answer answer;
        sqlite3_stmt* statement = nullptr;
        int code = sqlite3_prepare_v2(database_, text.c_str(), -1, &statement, nullptr);
        while (code == SQLITE_OK || code == SQLITE_ROW) {
            code = sqlite3_step(statement);
            if (code != SQLITE_ROW) break;
            std::string line;
            for (int i = 0; i < sqlite3_column_count(statement); i++)
                line += shown(statement, i) + "|";
            answer.rows.push_back(line);
        }
        if (code != SQLITE_DONE) answer = {false, sqlite3_errmsg(database_)};
        sqlite3_finalize(statement);
        return answer;
    }
    bool has_transaction() { return sqlite3_get_autocommit(database_) == 0; }

private:
    static std::string shown(sqlite3_stmt* statement, int column) {
        const auto bytes = [&](const void* data) {
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
            return std::string_view{static_cast<const char*>(data), size};
        };
        switch (sqlite3_column_type(statement, column)) {
            case SQLITE_NULL: return "NULL";
            case SQLITE_INTEGER: return std::to_string(sqlite3_column_int64(statement, column));
            case SQLITE_FLOAT: return real_text(sqlite3_column_double(statement, column));
            case SQLITE_TEXT:
                return bytes_text('\'', bytes(sqlite3_column_text(statement, column)));
            default: return bytes_text('x', bytes(sqlite3_column_blob(statement, column)));
        }
    }
    sqlite3* database_ = nullptr;
};
#else
class SqlitePeer {
public:
    static constexpr bool is_there = false;
    Answer run(const std::string&) { return {}; }
    bool has_transaction() { return false; }
};
#endif

struct CompareReport {
    std::uint64_t query_count = 0;   // Statements that were compared.
    std::uint64_t failed_count = 0;  // Those that failed everywhere.
    std::uint64_t memory_count = 0;  // Those that freshet had too little memory for.
    std::uint64_t difference_count = 0;
};

// One life. What differs is printed with all that led to it, which sqlite3 and freshet take.
class CompareLife {
public:
    CompareLife(std::uint64_t seed, CompareReport& report)
        : seed_{seed}, chance_{seed}, report_{report} {}

    void live(int step_count) {
        for (int i = 0; i < 3; i++) do_change(changes().create_table());
        for (int i = 0; i < step_count && !is_over_; i++) {
            const int which = chance_.below(100);
            if (which < 30) {
                const Table table = chance_.of(schema_.tables);
                do_change(
                    changes().change(table, bare_.run("SELECT 1 FROM " + table.name).rows.size()));
            } else if (which < 33) {
                do_change(changes().change_schema());
            } else if (which < 40) {
                do_change(changes().transaction(bare_.has_transaction()));
            } else if (which < 41 && !full_.has_transaction()) {
                full_.open_again();
            } else if (which < 75) {
                ask();
            } else {
                ask_freshet_alone(which);
            }
        }
    }

private:
    ChangeGenerator changes() { return ChangeGenerator{chance_, schema_}; }

    // ---- changes ----

    void do_change(const MadeChange& made) {
        const bool had_transaction = bare_.has_transaction();
        const std::string ours = Mark::without(Mark::replace(
            Mark::replace(made.text, Mark::hash, " USING HASH"), Mark::down, " DESC"));
        const std::string theirs = Mark::without(made.text);
        told_ += ours + ";\n";
        report_.query_count++;
        const Answer full = full_.run(ours);
        const Answer sqlite = sqlite_.run(theirs);
        const bool is_bare = made.step == Step::index;
        const Answer bare = is_bare ? full : bare_.run(ours);
        if (has_no_memory(full) || has_no_memory(bare)) {
            is_over_ = true;  // SQLite may have done it.
            return;
        }
        if (!full.is_good) report_.failed_count++;
        if (!same(full, bare, false)) return differ("bare", ours, full, bare);
        if (SqlitePeer::is_there && !same(as_reals(full), as_reals(sqlite), false))
            return differ("sqlite", ours, full, sqlite);
        note(made, full.is_good, had_transaction);
        if (bare_.has_transaction() != full_.has_transaction() ||
            (SqlitePeer::is_there && sqlite_.has_transaction() != full_.has_transaction()))
            return differ("transaction", ours, full, sqlite);
        for (const Table& table : schema_.tables) {
            const std::string text = "SELECT * FROM " + table.name;
            const Answer rows = full_.run(text);
            const Answer bare_rows = bare_.run(text);
            const Answer sqlite_rows = sqlite_.run(text);
            if (!same(rows, bare_rows, false)) return differ("bare after", ours, rows, bare_rows);
            if (SqlitePeer::is_there && !same(rows, sqlite_rows, false))
                return differ("sqlite after", ours, rows, sqlite_rows);
        }
    }
    // Which tables there are from here on.
    void note(const MadeChange& made, bool is_done, bool had_transaction) {
        if (had_transaction && !full_.has_transaction() && made.step != Step::commit) {
            schema_ = at_begin_;
            return savepoints_.clear();
        }
        if (!is_done) return;
        if (made.after) schema_ = *made.after;
        const std::string name = made.text.substr(made.text.rfind(' ') + 1);
        const auto found = std::find_if(savepoints_.rbegin(), savepoints_.rend(),
                                        [&](const auto& point) { return point.first == name; });
        const auto at = savepoints_.rend() - found;
        switch (made.step) {
            case Step::begin: at_begin_ = schema_; break;
            case Step::commit: savepoints_.clear(); break;
            case Step::savepoint: savepoints_.emplace_back(name, schema_); break;
            case Step::rollback_to:
                schema_ = found->second;
                savepoints_.resize(static_cast<std::size_t>(at));
                break;
            case Step::release: savepoints_.resize(static_cast<std::size_t>(at - 1)); break;
            default: break;
        }
    }

    // ---- queries ----

    struct Past {
        std::string text;
        bool is_ordered;
        std::uint64_t commit;
        Answer answer;
    };
    static std::string at_commit(const std::string& text, std::uint64_t commit) {
        return Mark::replace(text, Mark::moment,
                             " FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(commit));
    }

    void ask() {
        QueryGenerator generator{chance_, schema_.tables};
        const MadeQuery made =
            generator.query(generator.any_kinds(), 1 + chance_.below(4), nullptr, false);
        const std::string text = Mark::without(made.text);
        report_.query_count++;
        const Answer full = full_.run(text);
        const Answer bare = bare_.run(text);
        if (has_no_memory(full) || has_no_memory(bare)) return;
        if (!full.is_good) report_.failed_count++;
        if (!same(full, bare, made.is_ordered)) return differ("bare", text, full, bare);
        if (SqlitePeer::is_there) {
            const Answer sqlite = sqlite_.run(text);
            if (!same(full, sqlite, made.is_ordered)) return differ("sqlite", text, full, sqlite);
        }
        if (full_.has_transaction()) return;
        if (chance_.one_in(4)) {
            const std::uint64_t commit = full_.newest_commit();
            const Answer past = full_.run(at_commit(made.text, commit));
            if (has_no_memory(past)) return;
            if (!same(full, past, made.is_ordered))
                return differ("AS OF now", at_commit(made.text, commit), full, past);
            if (past_.size() < 20) past_.push_back({made.text, made.is_ordered, commit, full});
        }
        if (!past_.empty() && chance_.one_in(4)) {
            const Past& then = chance_.of(past_);
            const std::string asked = at_commit(then.text, then.commit);
            report_.query_count++;
            const Answer past = full_.run(asked);
            if (!has_no_memory(past) && !same(then.answer, past, then.is_ordered))
                differ("then", asked, then.answer, past);
        }
    }
    void ask_freshet_alone(int which) {
        QueryGenerator generator{chance_, schema_.tables};
        generator.set_free();
        Scope scope;
        const std::string sources = " FROM " + Mark::without(generator.from(2, scope));
        const std::string wanted = Mark::without(generator.predicate(3, scope));
        std::string columns;
        for (const Scope::Item& item : scope.items)
            columns += (columns.empty() ? "" : ", ") + item.text;
        report_.query_count++;
        if (which % 2 == 0) {
            const std::string found = "SELECT count(*)" + sources + " WHERE " + wanted;
            const std::string counted =
                "SELECT coalesce(sum((" + wanted + ") IS TRUE), 0)" + sources;
            const Answer one = full_.run(found);
            const Answer other = full_.run(counted);
            if (has_no_memory(one) || has_no_memory(other)) return;
            if (!same(one, other, false)) differ("NoREC", found + ";\n" + counted, one, other);
            return;
        }
        const std::string all = "SELECT " + columns + sources;
        const Answer whole = full_.run(all);
        if (has_no_memory(whole)) return;
        Answer parts;
        static const char* const forms[] = {"", "NOT ", ""};
        for (int i = 0; i < 3; i++) {
            const Answer part =
                full_.run(all + " WHERE (" + forms[i] + wanted + (i == 2 ? " IS NULL)" : ")"));
            if (has_no_memory(part)) return;
            if (!part.is_good) parts.is_good = false;
            parts.error += part.error;
            parts.rows.insert(parts.rows.end(), part.rows.begin(), part.rows.end());
        }
        if (!same(whole, parts, false)) differ("TLP", all + " WHERE " + wanted, whole, parts);
    }

    // ---- answers ----

    static Answer as_reals(Answer answer) {
        for (std::string& row : answer.rows) {
            std::string changed;
            for (std::size_t from = 0; from < row.size();) {
                const std::size_t end = row.find('|', from);
                const std::string cell = row.substr(from, end - from);
                const bool is_whole = cell.find_first_not_of("-0123456789") == std::string::npos;
                changed += cell + (is_whole ? ".0|" : "|");
                from = end + 1;
            }
            row = changed;
        }
        return answer;
    }

    bool has_no_memory(const Answer& answer) {
        const bool has_none = answer.error.starts_with("out-of-memory");
        if (has_none) report_.memory_count++;
        return has_none;
    }
    static bool same(Answer a, Answer b, bool is_ordered) {
        if (a.is_good != b.is_good) return false;
        if (!is_ordered) {
            std::sort(a.rows.begin(), a.rows.end());
            std::sort(b.rows.begin(), b.rows.end());
        }
        return a.rows == b.rows;
    }
    void differ(const char* peer, const std::string& text, const Answer& ours,
                const Answer& theirs) {
        report_.difference_count++;
        is_over_ = true;
        std::printf("---- seed %llu, %s\n%s-- here:\n%s;\n", static_cast<unsigned long long>(seed_),
                    peer, told_.c_str(), text.c_str());
        print("freshet", ours);
        print("other", theirs);
    }
    static void print(const char* whose, const Answer& answer) {
        std::printf("-- %s: %zu rows%s %s\n", whose, answer.rows.size(),
                    answer.is_good ? "" : ", failed:", answer.error.c_str());
        std::vector<std::string> rows = answer.rows;
        for (std::size_t i = 0; i < rows.size() && i < 8; i++)
            std::printf("--     %s\n", rows[i].c_str());
    }

    std::uint64_t seed_;
    Chance chance_;
    CompareReport& report_;
    Schema schema_;
    Schema at_begin_;
    std::vector<std::pair<std::string, Schema>> savepoints_;
    std::vector<Past> past_;
    std::string told_;
    bool is_over_ = false;
    FreshetPeer full_;
    FreshetPeer bare_;
    SqlitePeer sqlite_;
};

}  // namespace freshet::test

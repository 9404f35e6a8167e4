// SPDX-License-Identifier: MIT
// A connection in the memory it is lent:
//
//      Session | definitions | words of insert() and find() | statements, each with an equal part
#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "database/run.hpp"

namespace freshet {

using database::Mode;
using database::Prepared;
using database::Session;

namespace {

constexpr std::size_t words_size = std::size_t{8} << 10;
constexpr std::size_t statement_size_min = std::size_t{4} << 10;

Status make_statements(Session& session, MutableBytes memory) noexcept {
    constexpr std::size_t align = alignof(Prepared);
    const std::uint32_t count = session.options.statement_count_max;
    const std::size_t size = memory.size() / count / align * align;
    if (size < sizeof(Prepared) + statement_size_min) return Code::out_of_memory;
    const std::size_t block_size = size - sizeof(Prepared);
    const MutableBytes blocks = memory.subspan(count * sizeof(Prepared));
    for (std::uint32_t i = 0; i < count; i++) {
        void* const place = memory.data() + i * sizeof(Prepared);
        session.statements[i] =
            ::new (place) Prepared{session, blocks.subspan(i * block_size, block_size)};
    }
    return Done{};
}

// Rows without SQL are SQL, put together from names.
class Words {
public:
    explicit Words(std::span<char> into) noexcept : writer_{into} {}
    Words& text(std::string_view text) noexcept {
        writer_.text(text);
        return *this;
    }
    Words& name(std::string_view name) noexcept {
        writer_.character('"');
        for (const char letter : name) {
            if (letter == '"') writer_.character('"');
            writer_.character(letter);
        }
        writer_.character('"');
        return *this;
    }
    // too_large.
    Result<std::string_view> finish(SqlError& error) const noexcept {
        if (!writer_.is_full()) return writer_.written();
        return relation::refuse(error, Code::too_large, {"so many columns are too many"},
                                {"name fewer, or use SQL"});
    }

private:
    TextWriter writer_;
};

}  // namespace

Status Connection::open(Database& database, MutableBytes memory,
                        const ConnectionOptions& options) noexcept {
    close();
    if (options.statement_count_max == 0 ||
        options.statement_count_max > database::statement_count_max || database.clock_ == nullptr)
        return Code::invalid_argument;
    Arena arena{memory};
    const Result<MutableBytes> place = arena.bytes(sizeof(Session), alignof(Session));
    if (!place) return place.error();
    const Result<MutableBytes> catalog = arena.bytes(options.catalog_size, alignof(Value));
    if (!catalog) return catalog.error();
    const Result<MutableBytes> words = arena.bytes(words_size, alignof(Prepared));
    if (!words) return words.error();
    auto* const session = ::new (static_cast<void*>(place->data())) Session{};
    session->store = &database.store_;
    session->clock = database.clock_;
    session->spill_disk = database.spill_disk_;
    session->spills_in_use = &database.spills_in_use_;
    session->options = options;
    session->catalog_memory = *catalog;
    session->words = {reinterpret_cast<char*>(words->data()), words->size()};
    const Status made = make_statements(*session, memory.subspan(arena.used()));
    if (!made) return made;
    session_ = session;
    database::note_values(*session);
    const Status moved =
        options.at.is_newest() ? Status{Done{}} : database::go_to(*session_, options.at);
    if (!moved) close();
    return moved;
}

void Connection::close() noexcept {
    if (session_ == nullptr) return;
    for (std::uint32_t i = 0; i < session_->options.statement_count_max; i++)
        session_->statements[i]->~Prepared();
    session_->~Session();
    session_ = nullptr;
}

Status Connection::execute(std::string_view sql, SqlError& error) noexcept {
    for (std::size_t from = 0;;) {
        Statement statement;
        const Status prepared = statement.prepare(*this, sql, error, from);
        if (!prepared) return prepared;
        if (!statement.is_open()) return Done{};
        from = statement.end();
        const Status done = statement.run(error);
        if (!done) return done;
    }
}

Status Connection::insert(std::string_view table, std::span<const Cell> row,
                          SqlError& error) noexcept {
    if (session_ == nullptr) return Code::invalid_argument;
    Words words{session_->words};
    words.text("INSERT INTO ").name(table);
    for (std::size_t i = 0; i < row.size(); i++)
        words.text(i == 0 ? "(" : ", ").name(row[i].column);
    for (std::size_t i = 0; i < row.size(); i++) words.text(i == 0 ? ") VALUES (?" : ", ?");
    words.text(row.empty() ? " DEFAULT VALUES" : ")");
    const Result<std::string_view> sql = words.finish(error);
    if (!sql) return sql.error();
    Statement statement;
    const Status prepared = statement.prepare(*this, *sql, error);
    if (!prepared) return prepared;
    for (std::uint32_t i = 0; i < row.size(); i++) {
        const Status bound = statement.bind(i + 1, row[i].value);
        if (!bound) return bound;
    }
    return statement.run(error);
}

Status Connection::find(std::string_view table, std::span<const Cell> key, Statement& rows,
                        SqlError& error) noexcept {
    if (session_ == nullptr) return Code::invalid_argument;
    Words words{session_->words};
    words.text("SELECT * FROM ").name(table);
    for (std::size_t i = 0; i < key.size(); i++)
        words.text(i == 0 ? " WHERE " : " AND ").name(key[i].column).text(" = ?");
    const Result<std::string_view> sql = words.finish(error);
    if (!sql) return sql.error();
    const Status prepared = rows.prepare(*this, *sql, error);
    if (!prepared) return prepared;
    for (std::uint32_t i = 0; i < key.size(); i++) {
        const Status bound = rows.bind(i + 1, key[i].value);
        if (!bound) return bound;
    }
    return Done{};
}

Transaction* Connection::transaction() noexcept {
    const bool is_open = session_ != nullptr && session_->mode == Mode::write;
    return is_open ? &session_->transaction : nullptr;
}

const StatementReport& Connection::report() const noexcept {
    static constexpr StatementReport none{};
    return session_ == nullptr ? none : session_->report;
}

const Diagnostic& Connection::diagnostic() const noexcept {
    static constexpr Diagnostic none{};
    return session_ == nullptr ? none : session_->diagnostic;
}

void Connection::interrupt() noexcept {
    if (session_ != nullptr) session_->interrupt.is_raised.store(true, std::memory_order_relaxed);
}

void Connection::set_time_limit_us(std::uint64_t limit_us) noexcept {
    if (session_ != nullptr) session_->time_limit_us = limit_us;
}

}  // namespace freshet

// SPDX-License-Identifier: MIT
// The relations events, streams, commits and commit_names, and
//
//      pragma_retention([stream])  what streams' settings say is kept, as freshet/settings.hpp has
//                                  it; 0 is no bound
#include <algorithm>

#include "freshet/category.hpp"
#include "freshet/metadata.hpp"
#include "query/json_text.hpp"
#include "query/keep.hpp"
#include "relation/commit_name.hpp"
#include "sql/virtual_rows.hpp"
#include "sql/virtual_sources.hpp"

namespace freshet::sql {
namespace {

using query::NumberRange;

// ---- events ----

Status fill_event(const Recorded& event, std::span<Value> row, Arena& texts) noexcept {
    const Result<Value> name = kept_text(event.stream, texts);
    if (!name) return name.error();
    row[EventColumn::ordinal] = number_value(event.ordinal);
    row[EventColumn::commit] = number_value(event.commit);
    row[EventColumn::stream] = *name;
    row[EventColumn::idx] = number_value(event.index);
    row[EventColumn::type] = Value::text(event.type);
    row[EventColumn::data] = text_or_blob(event.payload);
    row[EventColumn::meta] = event.metadata.empty() ? Value{} : text_or_blob(event.metadata);
    row[EventColumn::time] = time_value(event.time_us);
    row[EventColumn::version] = number_value(event.schema_version);
    row[EventColumn::id] = {};
    if (!event.id.is_set()) return Done{};
    const Result<Value> kept = query::keep(Value::blob(event.id.bytes), texts);
    if (!kept) return kept.error();
    row[EventColumn::id] = *kept;
    return Done{};
}

bool is_users(std::string_view name) noexcept {
    return !store::is_row(name) && !store::is_reserved(name);
}

class Events final : public VirtualRows {
public:
    explicit Events(query::Context& context) noexcept
        : VirtualRows{context, std::size(event_columns)} {}

    Status open(const VirtualQuestion& question, const query::LogRange& range) noexcept {
        return walk_.open(question.moment->rows.log(), range);
    }

protected:
    Result<bool> step() noexcept override {
        for (;;) {
            const Result<bool> there = walk_.next(event_);
            if (!there || !*there || is_users(event_.stream)) return there;
        }
    }
    Status fill(std::span<Value> row, Arena& texts) noexcept override {
        return fill_event(event_, row, texts);
    }

private:
    query::LogWalk walk_{};
    Recorded event_{};
};

// Indexes, ordinals and times of a stream grow together: what comes behind a range ends it.
class EventsOfStream final : public VirtualRows {
public:
    EventsOfStream(query::Context& context, std::string_view name, const query::LogRange& range,
                   const NumberRange& indexes) noexcept
        : VirtualRows{context, std::size(event_columns)},
          name_{name},
          range_{range},
          next_{indexes.from},
          last_{indexes.to} {}

    Status open(const VirtualQuestion& question) noexcept {
        if (!is_users(name_)) return Done{};
        const Result<bool> found = events_.open(question.moment->rows.log(), name_);
        if (!found) return found.error();
        if (*found) count_ = events_.count();
        return Done{};
    }

protected:
    Result<bool> step() noexcept override {
        while (next_ < count_ && next_ <= last_) {
            const Status read = events_.read(next_++, event_);
            if (!read) return read.error();
            if (event_.ordinal > range_.ordinal.to || event_.commit > range_.commit.to ||
                event_.time_us > range_.time_us.to)
                break;
            if (event_.ordinal >= range_.ordinal.from && event_.commit >= range_.commit.from &&
                event_.time_us >= range_.time_us.from)
                return true;
        }
        return false;
    }
    Status fill(std::span<Value> row, Arena& texts) noexcept override {
        return fill_event(event_, row, texts);
    }

private:
    std::string_view name_;
    query::LogRange range_;
    std::uint64_t next_;
    std::uint64_t last_;
    std::uint64_t count_ = 0;
    query::StreamEvents events_{};
    Recorded event_{};
};

Result<query::Rows*> opened(const Status& status, query::Rows* rows) noexcept {
    if (!status) return status.error();
    return rows;
}

Result<query::Rows*> open_events(const VirtualQuestion& question,
                                 query::Context& context) noexcept {
    const auto ordinals = range_of(question, EventColumn::ordinal, Type::integer, context.memory);
    if (!ordinals) return ordinals.error();
    const auto commits = range_of(question, EventColumn::commit, Type::integer, context.memory);
    if (!commits) return commits.error();
    const auto times = range_of(question, EventColumn::time, Type::timestamp, context.memory);
    if (!times) return times.error();
    const auto indexes = range_of(question, EventColumn::idx, Type::integer, context.memory);
    if (!indexes) return indexes.error();
    const Result<Value> name = text_of(question, EventColumn::stream, context.memory);
    if (!name) return name.error();
    const query::LogRange range{*ordinals, *commits, *times};
    if (name->is_null()) {
        const Result<Events*> rows = query::make<Events>(context.memory, context);
        if (!rows) return rows.error();
        return opened((*rows)->open(question, range), *rows);
    }
    const Result<EventsOfStream*> rows =
        query::make<EventsOfStream>(context.memory, context, name->as_text(), range, *indexes);
    if (!rows) return rows.error();
    return opened((*rows)->open(question), *rows);
}

// ---- streams ----

std::string_view state_of(const StreamSettings& settings) noexcept {
    if (settings.tombstoned) return "tombstoned";
    if (settings.deleted) return "deleted";
    return settings.closed ? "closed" : "open";
}

// One stream alone, or all.
class Streams final : public VirtualRows {
public:
    enum class Shown : std::uint8_t { state, retention };
    Streams(query::Context& context, const relation::LogMoment& moment, std::string_view only,
            Shown shown) noexcept
        : VirtualRows{context, shown == Shown::state ? std::size(stream_columns)
                                                     : std::size(retention_columns)},
          shown_{shown},
          moment_{moment},
          view_{moment.state.view(moment.published)},
          only_{only},
          walk_{view_, only} {}

protected:
    Result<bool> step() noexcept override {
        for (;;) {
            if (has_moved_ && walk_.valid()) walk_.next();
            if (walk_.damaged()) return Code::corrupt;
            if (!walk_.valid() || (has_moved_ && !only_.empty())) return false;
            has_moved_ = true;
            if (!only_.empty() && walk_.name() != only_) return false;
            if (store::is_reserved(walk_.name())) continue;
            const Result<bool> was_there = read();
            if (!was_there || *was_there) return was_there;
        }
    }
    Status fill(std::span<Value> row, Arena& texts) noexcept override {
        const Result<Value> name = kept_text(walk_.name(), texts);
        if (!name) return name.error();
        row[0] = *name;
        if (shown_ == Shown::retention) {
            row[1] = number_value(settings_.truncate_before);
            row[2] = number_value(settings_.max_count);
            row[3] = number_value(settings_.max_age_us);
            return Done{};
        }
        const std::uint64_t first = std::min(settings_.truncate_before, count_);
        const bool is_full = settings_.max_count > 0 && settings_.max_count < count_ - first;
        row[1] = Value::text(category_of(name->as_text()));
        row[2] = Value::integer(static_cast<std::int64_t>(count_) - 1);
        row[3] = number_value(is_full ? count_ - settings_.max_count : first);
        row[4] = Value::text(state_of(settings_));
        return Done{};
    }

private:
    // False: it was not there yet. A stream that was created empty and has events now counts from
    // its first event.
    Result<bool> read() noexcept {
        store::Stream stream;
        const Status decoded = walk_.stream(stream);
        if (!decoded) return decoded.error();
        const auto before = store::find_before(view_, walk_.name(), stream, moment_.end);
        if (!before) return before.error();
        count_ = before->count;
        settings_ = stream.settings();
        if (count_ == 0) {
            const auto created = store::newest_address(view_, walk_.name(), stream);
            if (!created) return created.error();
            if (stream.count > 0 || *created >= moment_.end) return false;
        }
        if (!stream.settings_bytes.empty()) {
            const Status read = read_settings();
            if (!read) return read.error();
        }
        return true;
    }
    // The newest of the moment, by the events that set them.
    Status read_settings() noexcept {
        settings_ = store::settings_of({}, count_);
        const store::OwnName name{store::settings_prefix, walk_.name()};
        query::StreamEvents events;
        const Result<bool> found = events.open(moment_, name.view());
        if (!found) return found.error();
        if (!*found || events.count() == 0) return Done{};
        Recorded event;
        const Status read = events.read(events.count() - 1, event);
        if (!read) return read;
        if (!store::is_settings(event.payload)) return Code::corrupt;
        settings_ = store::settings_of(event.payload, count_);
        return Done{};
    }

    Shown shown_;
    relation::LogMoment moment_;
    tree::View view_;
    std::string_view only_;
    store::StreamWalk walk_;
    bool has_moved_ = false;
    std::uint64_t count_ = 0;
    StreamSettings settings_{};
};

// All streams, if the name is no text.
Result<query::Rows*> give_streams(const VirtualQuestion& question, const Result<Value>& name,
                                  Streams::Shown shown, query::Context& context) noexcept {
    if (!name) return name.error();
    const bool is_of_one = name->type() == Type::text;
    const std::string_view only = is_of_one ? name->as_text() : std::string_view{};
    constexpr std::string_view no_name = "\x7f";  // Nor is one that is too long.
    const Result<Streams*> rows =
        query::make<Streams>(context.memory, context, question.moment->rows.log(),
                             only.size() <= stream_name_size_max ? only : no_name, shown);
    if (!rows) return rows.error();
    return static_cast<query::Rows*>(*rows);
}

Result<query::Rows*> open_streams(const VirtualQuestion& question,
                                  query::Context& context) noexcept {
    return give_streams(question, text_of(question, 0, context.memory), Streams::Shown::state,
                        context);
}

Result<query::Rows*> open_retention(const VirtualQuestion& question,
                                    query::Context& context) noexcept {
    return give_streams(question, argument_of(question, 0, context.memory),
                        Streams::Shown::retention, context);
}

// ---- commits ----

class Commits final : public VirtualRows {
public:
    Commits(query::Context& context, const relation::LogMoment& moment) noexcept
        : VirtualRows{context, std::size(commit_columns)}, moment_{moment} {}

    Status open(const query::LogRange& range) noexcept {
        const Result<bool> found = notes_.open(moment_, store::commit_stream);
        if (!found) return found.error();
        note_count_ = *found ? notes_.count() : 0;
        return walk_.open(moment_, range);
    }

protected:
    // All frames of a commit.
    Result<bool> step() noexcept override {
        event_count_ = 0;
        for (bool is_first = true;; is_first = false) {
            const Result<bool> there = walk_.next_frame();
            if (!there || !*there) return there;
            const log::Frame& frame = walk_.frame();
            if (is_first) before_ = frame.header.chain_before;
            event_count_ += frame.header.event_count;
            if (is_first && !is_placed_) {
                const Status placed = place_notes(frame.address);
                if (!placed) return placed.error();
            }
            if (frame.header.last) break;
        }
        return find_note();
    }
    Status fill(std::span<Value> row, Arena& texts) noexcept override {
        const log::Frame& frame = walk_.frame();
        const log::Geometry& geometry = moment_.state.log.geometry();
        row[0] = number_value(frame.header.commit);
        row[1] = time_value(frame.header.time_us);
        row[4] = has_note_ ? text_or_blob(note_.payload) : Value{};
        row[5] = number_value(event_count_);
        const Bytes said = has_note_ ? note_.payload : Bytes{};
        const auto put = [&](std::size_t column, const Result<Value>& value) noexcept {
            if (value) row[column] = *value;
            return static_cast<bool>(value);
        };
        const auto member = [&](std::string_view name) noexcept {
            return query::unquote_json(metadata_member(said, name), texts);
        };
        const bool is_done =
            put(2, member(store::actor_member)) && put(3, member(store::message_member)) &&
            put(6, hash_text(before_, geometry.digest, texts)) &&
            put(7, hash_text(log::chain_after(frame.bytes, geometry), geometry.digest, texts));
        return is_done ? Status{Done{}} : Status{Code::out_of_memory};
    }

private:
    // Notes before the first commit that is wanted are passed over.
    Status place_notes(std::uint64_t address) noexcept {
        is_placed_ = true;
        if (note_count_ == 0) return Done{};
        const Result<std::uint64_t> first = notes_.count_before(address);
        if (!first) return first.error();
        next_note_ = *first;
        return Done{};
    }
    // Of several notes of a commit, the last one counts.
    Result<bool> find_note() noexcept {
        has_note_ = false;
        for (; next_note_ < note_count_; next_note_++) {
            Recorded note;
            const Status read = notes_.read(next_note_, note);
            if (!read) return read.error();
            if (note.commit > walk_.frame().header.commit) break;
            note_ = note;
            has_note_ = true;
        }
        return true;
    }

    relation::LogMoment moment_;
    query::LogWalk walk_{};
    query::StreamEvents notes_{};
    std::uint64_t note_count_ = 0;
    std::uint64_t next_note_ = 0;
    bool is_placed_ = false;
    bool has_note_ = false;
    Recorded note_{};
    log::Chain before_{};
    std::uint64_t event_count_ = 0;
};

Result<query::Rows*> open_commits(const VirtualQuestion& question,
                                  query::Context& context) noexcept {
    const auto commits = range_of(question, 0, Type::integer, context.memory);
    if (!commits) return commits.error();
    const auto times = range_of(question, 1, Type::timestamp, context.memory);
    if (!times) return times.error();
    const Result<Commits*> rows =
        query::make<Commits>(context.memory, context, question.moment->rows.log());
    if (!rows) return rows.error();
    return opened((*rows)->open({.commit = *commits, .time_us = *times}), *rows);
}

// ---- commit_names ----

class CommitNames final : public VirtualRows {
public:
    CommitNames(query::Context& context, const relation::RowsAsOf& rows) noexcept
        : VirtualRows{context, std::size(commit_name_columns)},
          scan_{rows, relation::commit_name_table} {}

protected:
    Result<bool> step() noexcept override { return scan_.next(version_); }
    Status fill(std::span<Value> row, Arena& texts) noexcept override {
        const Result<Value> name = kept_text(as_text(relation::key_of_row(version_.stream)), texts);
        if (!name) return name.error();
        row[0] = *name;
        row[1] = number_value(version_.commit);
        row[2] = time_value(version_.time_us);
        return Done{};
    }

private:
    relation::RowScan scan_;
    Recorded version_{};
};

Result<query::Rows*> open_commit_names(const VirtualQuestion& question,
                                       query::Context& context) noexcept {
    const Result<CommitNames*> rows =
        query::make<CommitNames>(context.memory, context, question.moment->rows);
    if (!rows) return rows.error();
    return static_cast<query::Rows*>(*rows);
}

}  // namespace

Result<Value> hash_text(const log::Chain& chain, Digest digest, Arena& texts) noexcept {
    const auto bytes = log::chain_bytes(chain, digest);
    const std::size_t size = digest == Digest::sha256 ? bytes.size() : sizeof chain.crc;
    const Result<std::span<char>> room = texts.array<char>(2 * size);
    if (!room) return room.error();
    TextWriter text{*room};
    return Value::text(text.hex(Bytes{bytes}.first(size)).written());
}

Result<const query::Source*> make_events(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_events);
}
Result<const query::Source*> make_streams(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_streams);
}
Result<const query::Source*> make_retention(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_retention);
}
Result<const query::Source*> make_commit_names(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_commit_names);
}
Result<const query::Source*> make_commits(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_commits);
}

}  // namespace freshet::sql

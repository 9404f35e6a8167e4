// SPDX-License-Identifier: MIT
// What PRAGMAs tell of the store itself, in one row each.
//
//      pragma_data_version         the newest commit: another one wherever anything was written
//      pragma_schema_version       another number wherever a definition was changed
//      pragma_head                 of the newest commit: its number, the ordinal of its last event
//                                  (NULL: there is none), its time and hash
//      pragma_horizon              the oldest commit that can be read; NULL: there is none
//      pragma_user_version, pragma_application_id
//                                  numbers that are kept with the tables, and of each moment
//      pragma_query_only, pragma_synchronous, pragma_system_time
//                                  what the connection was told; the commit that it reads
//      pragma_integrity_check, pragma_quick_check
//                                  reads the whole log, and says `ok`, or what is wrong
//      pragma_verify([commit, hash])
//                                  the same, and how much it has read; and that the commit is there
//                                  and has the hash, as pragma_head once said it
#include <utility>

#include "freshet/store.hpp"
#include "query/keep.hpp"
#include "relation/setting.hpp"
#include "sql/virtual_rows.hpp"
#include "sql/virtual_sources.hpp"

namespace freshet::sql {
namespace {

class OneRow final : public VirtualRows {
public:
    OneRow(query::Context& context, std::span<const Value> values) noexcept
        : VirtualRows{context, values.size()}, values_{values} {}

protected:
    Result<bool> step() noexcept override { return !std::exchange(has_given_, true); }
    Status fill(std::span<Value> row, Arena& /*texts*/) noexcept override {
        for (std::size_t i = 0; i < row.size(); i++) row[i] = values_[i];
        return Done{};
    }

private:
    std::span<const Value> values_;
    bool has_given_ = false;
};

Result<query::Rows*> give(std::initializer_list<Value> values, query::Context& context) noexcept {
    const Result<std::span<Value>> kept = context.memory.array<Value>(values.size());
    if (!kept) return kept.error();
    std::size_t count = 0;
    for (const Value& value : values) (*kept)[count++] = value;
    const Result<OneRow*> rows = query::make<OneRow>(context.memory, context, *kept);
    if (!rows) return rows.error();
    return static_cast<query::Rows*>(*rows);
}

Result<query::Rows*> open_data_version(const VirtualQuestion& question,
                                       query::Context& context) noexcept {
    return give({number_value(question.moment->rows.commit())}, context);
}

Result<query::Rows*> open_schema_version(const VirtualQuestion& question,
                                         query::Context& context) noexcept {
    return give({number_value(question.moment->rows.catalog_address())}, context);
}

Result<query::Rows*> open_horizon(const VirtualQuestion& question,
                                  query::Context& context) noexcept {
    query::LogWalk walk;
    const Status opened = walk.open(question.moment->rows.log(), {});
    if (!opened) return opened.error();
    const Result<bool> there = walk.next_frame();
    if (!there) return there.error();
    return give({*there ? number_value(walk.frame().header.commit) : Value{}}, context);
}

template <relation::Setting setting>
Result<query::Rows*> open_setting(const VirtualQuestion& question,
                                  query::Context& context) noexcept {
    const Result<std::int64_t> value = relation::read_setting(question.moment->rows, setting);
    if (!value) return value.error();
    return give({Value::integer(*value)}, context);
}

template <SessionValue which>
Result<query::Rows*> open_session(const VirtualQuestion& question,
                                  query::Context& context) noexcept {
    if (question.session.empty()) return Code::invalid_argument;
    return give({question.session[static_cast<std::size_t>(which)]}, context);
}

// Of the newest commit alone: `commits` has all of them.
Result<query::Rows*> open_head(const VirtualQuestion& question, query::Context& context) noexcept {
    if (!question.moment->rows.is_newest()) return Code::invalid_argument;
    const relation::LogMoment moment = question.moment->rows.log();
    const log::Position& at = moment.published.position;
    const Digest digest = moment.state.log.geometry().digest;
    const Result<Value> hash = hash_text(at.chain, digest, context.memory);
    if (!hash) return hash.error();
    const Value last = at.next_ordinal == 0 ? Value{} : number_value(at.next_ordinal - 1);
    return give({number_value(at.commit), last, time_value(at.time_us), *hash}, context);
}

constexpr std::size_t check_scratch_size = 8192;  // And a frame, as verify() says.

// `ok`, or what is wrong.
Result<Value> verified(const VirtualQuestion& question, VerifyReport& report,
                       query::Context& context) noexcept {
    if (question.store == nullptr) return Code::invalid_argument;
    const std::uint32_t frame_size_max =
        question.moment->rows.log().state.log.geometry().frame_size_max;
    const Result<MutableBytes> scratch =
        context.memory.bytes(frame_size_max + check_scratch_size, alignof(std::uint64_t));
    if (!scratch) return scratch.error();
    Diagnostic diagnostic;
    const Status whole = question.store->verify(*scratch, nullptr, report, diagnostic);
    if (whole) return Value::text("ok");
    if (!(whole.error() == Code::corrupt)) return whole.error();
    std::array<char, 400> room;
    return query::keep(Value::text(describe(diagnostic, room)), context.memory);
}

Result<query::Rows*> open_check(const VirtualQuestion& question, query::Context& context) noexcept {
    VerifyReport report;
    const Result<Value> words = verified(question, report, context);
    if (!words) return words.error();
    return give({*words}, context);
}

// Of a log that was verified.
Result<Value> compared(const VirtualQuestion& question, query::Context& context) noexcept {
    const Result<Value> commit = argument_of(question, 0, context.memory);
    const Result<Value> hash = argument_of(question, 1, context.memory);
    if (!commit) return commit.error();
    if (!hash) return hash.error();
    if (commit->type() != Type::integer || hash->type() != Type::text) return Code::type_mismatch;
    const auto number = static_cast<std::uint64_t>(commit->as_integer());
    const relation::LogMoment moment = question.moment->rows.log();
    query::LogWalk walk;
    const Status opened = walk.open(moment, {.commit = {number, number}});
    if (!opened) return opened.error();
    do {
        const Result<bool> there = walk.next_frame();
        if (!there) return there.error();
        if (!*there) return Value::text("the log has no such commit");
    } while (!walk.frame().header.last);
    const log::Geometry& geometry = moment.state.log.geometry();
    const log::Chain chain = log::chain_after(walk.frame().bytes, geometry);
    const Result<Value> own = hash_text(chain, geometry.digest, context.memory);
    if (!own) return own.error();
    const bool is_same = own->as_text() == hash->as_text();
    return Value::text(is_same ? "ok" : "the commit has another hash");
}

Result<query::Rows*> open_verify(const VirtualQuestion& question,
                                 query::Context& context) noexcept {
    VerifyReport report;
    Result<Value> words = verified(question, report, context);
    if (words && words->as_text() == "ok" && !question.arguments.empty())
        words = compared(question, context);
    if (!words) return words.error();
    return give({*words, number_value(report.commit_count), number_value(report.event_count),
                 number_value(report.stream_count), number_value(report.byte_count)},
                context);
}

}  // namespace

Result<const query::Source*> make_data_version(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_data_version);
}
Result<const query::Source*> make_schema_version(const VirtualUse& use,
                                                 void* /*context*/) noexcept {
    return make_virtual_source(use, open_schema_version);
}
Result<const query::Source*> make_head(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_head);
}
Result<const query::Source*> make_horizon(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_horizon);
}
Result<const query::Source*> make_user_version(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_setting<relation::Setting::user_version>);
}
Result<const query::Source*> make_application_id(const VirtualUse& use,
                                                 void* /*context*/) noexcept {
    return make_virtual_source(use, open_setting<relation::Setting::application_id>);
}
Result<const query::Source*> make_query_only(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_session<SessionValue::query_only>);
}
Result<const query::Source*> make_synchronous(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_session<SessionValue::synchronous>);
}
Result<const query::Source*> make_system_time(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_session<SessionValue::system_time>);
}
Result<const query::Source*> make_check(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_check);
}
Result<const query::Source*> make_verify(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_verify);
}

}  // namespace freshet::sql

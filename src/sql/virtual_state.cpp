// SPDX-License-Identifier: MIT
// What PRAGMAs tell of the store itself, in one row each.
//
//      pragma_data_version         the newest commit: another one wherever anything was written
//      pragma_schema_version       another number wherever a definition was changed
//      pragma_head                 of the newest commit: its number, the ordinal of its last event
//                                  (NULL: there is none), its time and hash
//      pragma_integrity_check, pragma_quick_check
//                                  reads the whole log, and says `ok`, or what is wrong
#include <utility>

#include "freshet/store.hpp"
#include "query/keep.hpp"
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

Result<query::Rows*> open_check(const VirtualQuestion& question, query::Context& context) noexcept {
    if (question.store == nullptr) return Code::invalid_argument;
    const std::uint32_t frame_size_max =
        question.moment->rows.log().state.log.geometry().frame_size_max;
    const Result<MutableBytes> scratch =
        context.memory.bytes(frame_size_max + check_scratch_size, alignof(std::uint64_t));
    if (!scratch) return scratch.error();
    VerifyReport report;
    Diagnostic diagnostic;
    const Status whole = question.store->verify(*scratch, nullptr, report, diagnostic);
    if (whole) return give({Value::text("ok")}, context);
    if (!(whole.error() == Code::corrupt)) return whole.error();
    std::array<char, 400> room;
    const Result<Value> words =
        query::keep(Value::text(describe(diagnostic, room)), context.memory);
    if (!words) return words.error();
    return give({*words}, context);
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
Result<const query::Source*> make_check(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_check);
}

}  // namespace freshet::sql

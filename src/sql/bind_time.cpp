// SPDX-License-Identifier: MIT
// FOR SYSTEM_TIME: which moment a table is read at.
#include "relation/convert.hpp"
#include "relation/moment.hpp"
#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using relation::ColumnType;

bool has_slot(const Scalar& scalar) noexcept {
    if (scalar.kind == ScalarKind::slot) return true;
    for (const Scalar* const operand : scalar.operands)
        if (has_slot(*operand)) return true;
    return false;
}

}  // namespace

// Its tables are those that names were looked up in; they stay as long as the plan.
const relation::Moment* Binding::moment(bool is_now, std::uint64_t commit,
                                        relation::Tables tables) noexcept {
    for (const TimePoint& known : binder_.times_.all())
        if (known.is_now == is_now && known.commit == commit && known.value == nullptr)
            return known.moment;
    relation::Moment* const made = make(relation::Moment{.tables = tables});
    push(binder_.times_, TimePoint{made, is_now, commit});
    return made;
}

const relation::Moment* Binding::moment_of(const Point& point, const Scalar& value,
                                           relation::Tables tables) noexcept {
    relation::Moment* const made = make(relation::Moment{.tables = tables});
    push(binder_.times_,
         TimePoint{.moment = made, .is_now = false, .value = &value, .kind = point.kind});
    return made;
}

Value Binding::point(const Point& point) noexcept {
    const Scalar* slot = nullptr;
    const Value value = this->point(point, slot);
    if (slot != nullptr) binder_.depends_on_parameters_ = true;
    return value;
}

Value Binding::point(const Point& point, const Scalar*& slot) noexcept {
    Level nothing;
    const Scalar* const scalar = expression(nothing, *point.value).scalar;
    if (has_failed_) return {};
    if (has_slot(*scalar)) {
        slot = scalar;
        if (!environment_.has_parameters) return {};
    }
    const Result<Value> value = query::evaluate(*scalar, memory_);
    const Place place = point.value->place;
    if (!value) {
        fail(value.error().code, place, {"this moment cannot be found out"},
             {"write a constant or a parameter"});
        return {};
    }
    const bool is_commit = point.kind == Point::Kind::commit ||
                           (point.kind == Point::Kind::value && value->type() == Type::integer);
    const ColumnType type = is_commit ? ColumnType::integer : ColumnType::timestamp;
    const Result<Value> assigned = relation::assign(*value, type, memory_);
    if (assigned && !assigned->is_null() && (!is_commit || assigned->as_integer() >= 0))
        return *assigned;
    const bool may_be_name = point.kind == Point::Kind::value && value->type() == Type::text;
    Result<std::uint64_t> named = Code::type_mismatch;
    if (may_be_name) named = environment_.times->commit_named(value->as_text());
    if (named) return Value::integer(static_cast<std::int64_t>(*named));
    const bool is_unknown = named.error() == Code::unknown_name;
    fail(named.error().code, place,
         {is_commit      ? "this is no number of a commit"
          : !may_be_name ? "this is no time"
          : is_unknown   ? "this is no time, and no name of a commit"
                         : "the names of commits cannot be read"},
         {"write COMMIT 42, TIMESTAMP '2026-11-20T23:50:07Z', or a name of commit_names"});
    return {};
}

std::uint64_t Binding::commit_of(const Point& point, const Value& value) noexcept {
    if (has_failed_) return 0;
    if (value.type() == Type::integer) return static_cast<std::uint64_t>(value.as_integer());
    const Result<std::uint64_t> commit = environment_.times->commit_at(value.as_timestamp());
    if (commit) return *commit;
    fail(commit.error().code, point.value->place, {"no commit of this time can be read"}, {});
    return 0;
}

relation::Tables Binding::tables_of(std::uint64_t commit, Place place) noexcept {
    if (has_failed_) return {};
    const Result<relation::Tables> tables = environment_.times->tables_at(commit);
    if (tables) return *tables;
    if (tables.error() == Code::ahead_of_log)
        fail(Code::ahead_of_log, place, {"this commit is not there yet"},
             {"SELECT max(\"commit\") FROM commits says which is the newest"});
    else
        fail(tables.error().code, place, {"the tables of this commit cannot be read"}, {});
    return {};
}

}  // namespace freshet::sql

// SPDX-License-Identifier: MIT
// The relations of the log: what columns they have, and who makes their sources.
#pragma once

#include "log/format.hpp"
#include "sql/binder.hpp"

namespace freshet::sql {

constexpr VirtualColumn untyped(std::string_view name) noexcept {
    return {.name = name, .type = relation::ColumnType::text, .has_type = false};
}
constexpr VirtualColumn column_of(std::string_view name, relation::ColumnType type) noexcept {
    return {.name = name, .type = type};
}
constexpr VirtualColumn number_column(std::string_view name) noexcept {
    return column_of(name, relation::ColumnType::integer);
}
constexpr VirtualColumn text_column(std::string_view name) noexcept {
    return column_of(name, relation::ColumnType::text);
}

struct EventColumn {
    enum : std::uint8_t { ordinal, commit, stream, idx, type, id, data, meta, time, version };
};
inline constexpr VirtualColumn event_columns[] = {
    number_column("ordinal"),
    number_column("commit"),
    text_column("stream"),
    number_column("idx"),
    text_column("type"),
    column_of("id", relation::ColumnType::blob),
    untyped("data"),
    untyped("meta"),
    column_of("time", relation::ColumnType::timestamp),
    number_column("schema_version"),
};
inline constexpr VirtualColumn stream_columns[] = {
    text_column("stream"),      text_column("category"), number_column("version"),
    number_column("first_idx"), text_column("state"),
};
inline constexpr VirtualColumn retention_columns[] = {
    text_column("stream"), number_column("truncate_before"), number_column("max_count"),
    number_column("max_age_us")};
inline constexpr VirtualColumn commit_name_columns[] = {
    text_column("name"), number_column("commit"),
    column_of("time", relation::ColumnType::timestamp)};
inline constexpr VirtualColumn commit_columns[] = {
    number_column("commit"),
    column_of("time", relation::ColumnType::timestamp),
    text_column("actor"),
    text_column("message"),
    untyped("meta"),
    number_column("events"),
    text_column("parent_hash"),
    text_column("hash"),
};
struct ChangeColumn {
    enum : std::uint8_t { ordinal, commit, table, rowid, operation, before, after, version };
};
inline constexpr VirtualColumn change_columns[] = {
    number_column("ordinal"), number_column("commit"),
    text_column("tbl"),       untyped("rowid"),
    text_column("op"),        text_column("before"),
    text_column("after"),     number_column("schema_version"),
};

inline constexpr VirtualColumn data_version_columns[] = {number_column("data_version")};
inline constexpr VirtualColumn schema_version_columns[] = {number_column("schema_version")};
inline constexpr VirtualColumn head_columns[] = {number_column("commit"), number_column("ordinal"),
                                                 column_of("time", relation::ColumnType::timestamp),
                                                 text_column("hash")};
inline constexpr VirtualColumn horizon_columns[] = {number_column("horizon")};
inline constexpr VirtualColumn user_version_columns[] = {number_column("user_version")};
inline constexpr VirtualColumn application_id_columns[] = {number_column("application_id")};
inline constexpr VirtualColumn query_only_columns[] = {number_column("query_only")};
inline constexpr VirtualColumn synchronous_columns[] = {number_column("synchronous")};
inline constexpr VirtualColumn system_time_columns[] = {number_column("system_time")};
inline constexpr VirtualColumn integrity_check_columns[] = {text_column("integrity_check")};
inline constexpr VirtualColumn quick_check_columns[] = {text_column("quick_check")};
inline constexpr VirtualColumn verify_columns[] = {
    text_column("verify"), number_column("commits"), number_column("events"),
    number_column("streams"), number_column("bytes")};

// The value of a chain in hexadecimal digits. out_of_memory.
Result<Value> hash_text(const log::Chain& chain, Digest digest, Arena& texts) noexcept;

// Each a VirtualTable::make.
Result<const query::Source*> make_events(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_streams(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_retention(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_commit_names(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_commits(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_changes(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_data_version(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_schema_version(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_head(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_horizon(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_user_version(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_application_id(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_query_only(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_synchronous(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_system_time(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_check(const VirtualUse& use, void* context) noexcept;
Result<const query::Source*> make_verify(const VirtualUse& use, void* context) noexcept;

}  // namespace freshet::sql

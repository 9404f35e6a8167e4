// SPDX-License-Identifier: MIT
// Relations that are no tables, for Environment::virtual_tables. All are read as of a moment; in a
// transaction those of the log show what is durable, those of the catalog what the transaction
// made of it.
//
//      events          all events of users' streams, whatever these hide, in the order of the log;
//                      `data` and `meta` are TEXT where they are UTF-8, else BLOB; `meta` and `id`
//                      are NULL where none was given
//      streams         users' streams by name, with what their settings say; first_idx is that of
//                      the first event not hidden, whatever its age
//      commits         all commits; `events` counts all that each wrote, rows and the store's own
//                      too; `meta` is the JSON given to Transaction::annotate(), `actor` and
//                      `message` its members $actor and $message; `hash` is the value of the chain
//                      behind the commit, in hexadecimal digits
//      commit_names    the names that SAVE AS gave to commits
//      changes         what became of rows and tables: `op` is insert, update, delete, create,
//                      alter, create_index, drop_index or drop; `rowid` is the primary key (of
//                      several columns, as a JSON array), or else the hidden row id; `before` and
//                      `after` are rows as JSON; PRAGMA user_version and SAVE have no `tbl`
//      sqlite_schema   tables and indexes, with the CREATE that makes them; also sqlite_master and
//                      schema
//      pragma_...      as SQLite has them: virtual_catalog.cpp
//
// Bounds are used of ordinal, commit and time (of all that have them), and of `stream =`, with idx.
#pragma once

#include <span>

#include "sql/binder.hpp"

namespace freshet::sql {

// The one PRAGMA that is no relation: it does something.
inline constexpr std::string_view snapshot_pragma = "snapshot";

// Live for ever.
std::span<const VirtualTable> virtual_tables() noexcept;

}  // namespace freshet::sql

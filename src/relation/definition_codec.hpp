// SPDX-License-Identifier: MIT
// The stored form of a table's definition: the payload of an event of the catalog.
//
//      field          form
//      format         number   1
//      id             number
//      version        number
//      name           text
//      columns        number   of columns, then of each
//        flags        number   1 NOT NULL, 2 AUTO_INCREMENT, 4 has a constant default, 8 has an
//                              expression as its default, 16 has a value where it is missing,
//                              32 dropped
//        name         text
//        type         number   of ColumnType
//        declared     text     its type as it was written
//        default      value    of flag 4
//        default      text     of flag 8
//        missing      value    of flag 16
//        added        number   version
//        dropped      number   version, of flag 32
//      primary key    number   of columns, then each: its number * 2, + 1 if it descends
//      indexes        number   of indexes, then of each
//        flags        number   1 unique, 2 hash, 4 made by a constraint
//        id           number
//        name         text
//        columns      as in the primary key
//      checks         number   of checks, then of each
//        name         text
//        text         text
//        columns      number   of columns, then the number of each
//      foreign keys   number   of foreign keys, then of each
//        name         text
//        columns      as in a check
//        table        number   id
//        referenced   as in a check
//        actions      number   on delete * 4 + on update
//      view           text     of a view
//
// A number is a varint below 2^32. A text is its size and its bytes. A value is its size and a row
// (row.hpp) of it alone, of version 0, where nothing changed; NULL is left out.
//
// Each definition has one form and each form is one definition; what is_sound() refuses is
// `corrupt`, and so are bytes behind the end.
#pragma once

#include "base/arena.hpp"
#include "relation/definition.hpp"

namespace freshet::relation {

// The bytes lie in the arena. too_large (definition_size_max), out_of_memory.
Result<Bytes> encode_definition(const TableDefinition& table, Arena& memory) noexcept;

// Lists lie in the arena; names, texts and values in the bytes. corrupt, out_of_memory;
// newer_format: of a format that is not known here.
Result<TableDefinition> decode_definition(Bytes bytes, Arena& memory) noexcept;

}  // namespace freshet::relation

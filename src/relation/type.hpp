// SPDX-License-Identifier: MIT
// The types of columns: the names they go by, and what a check asks beyond the type.
//
//      type       value      names, in any case; what stands in parentheses is ignored
//      BOOL       boolean    BOOL BOOLEAN
//      INT        integer    INT INTEGER TINYINT SMALLINT MEDIUMINT BIGINT INT2 INT4 INT8 INT64
//                            UNSIGNED BIG INT SERIAL SMALLSERIAL BIGSERIAL
//      FLOAT      real       FLOAT FLOAT4 FLOAT8 REAL DOUBLE DOUBLE PRECISION NUMERIC DECIMAL DEC
//      TEXT       text       TEXT CHAR CHARACTER VARCHAR CHARACTER VARYING NCHAR NVARCHAR CLOB
//                            STRING UUID JSON
//      BLOB       blob       BLOB BYTEA BINARY VARBINARY
//      DATE       date       DATE
//      TIMESTAMP  timestamp  TIMESTAMP TIMESTAMPTZ TIME DATETIME TIMESTAMP WITH TIME ZONE
//                            TIMESTAMP WITHOUT TIME ZONE
//      EMAIL      text       EMAIL
//
// There are no exact decimals: NUMERIC and DECIMAL are doubles, whatever their digits. There is no
// limit on lengths: VARCHAR(9) takes any text. All times are UTC, and TIME has its date.
#pragma once

#include <cstdint>
#include <string_view>

#include "freshet/error.hpp"
#include "freshet/value.hpp"

namespace freshet::relation {

// Numbers are stable: they stand in catalogs. Up to EMAIL they are those of Type.
enum class ColumnType : std::uint8_t {
    boolean = 1,
    integer = 2,
    real = 3,
    text = 4,
    blob = 5,
    date = 6,
    timestamp = 7,
    email = 8,
};
inline constexpr std::uint8_t column_type_count = 9;

// What a column of this type holds, besides NULL.
constexpr Type value_type(ColumnType type) noexcept {
    return type == ColumnType::email ? Type::text : static_cast<Type>(type);
}

// BOOL, INT, DATE or TIMESTAMP of its number. corrupt: it has none such.
Result<Value> whole_value(Type type, std::int64_t number) noexcept;

// "BOOL", "INT", ...: as in the table.
const char* type_name(ColumnType type) noexcept;

// By one of the names of the table; blanks between words and around them do not count.
// invalid_argument: there is no such type.
Result<ColumnType> find_type(std::string_view name) noexcept;

// The name of a type that may have been meant, in capitals; empty if none is similar.
std::string_view nearest_type_name(std::string_view name) noexcept;

// What an EMAIL must be: NAME@DOMAIN of at most 254 bytes. NAME: 1 to 64 letters, digits and
// !#$%&'*+-/=?^_`{|}~ and points, none of these first, last or next to another. DOMAIN: at least
// two labels of 1 to 63 letters, digits and '-' (not first, not last) with points between them, the
// last not of digits alone. Bytes of UTF-8 beyond ASCII count as letters. Quoted names, comments
// and addresses in brackets, which hardly anybody has, are refused.
bool is_email(std::string_view text) noexcept;

}  // namespace freshet::relation

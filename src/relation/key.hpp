// SPDX-License-Identifier: MIT
// Values as keys of the tree: bytes that sort (by memcmp) as the values do.
//
// A column holds values of one type and NULL, so the bytes need not say which; who reads them knows
// the columns. All integers are big-endian.
//
//      column                 bytes
//      any                    00                    NULL
//      BOOL, INT, DATE,       01 to 08, -17 - v     v < -16, in 8 to 1 bytes (as few as hold it),
//      TIMESTAMP                                    all bits inverted
//                             09 to f7              v from -16 to 222
//                             f8 to ff, v - 223     v > 222, in 1 to 8 bytes
//      FLOAT                  01, bits              the 8 bytes of the number, its sign inverted;
//                                                   of a negative one all bits
//      TEXT, BLOB, EMAIL      bytes, 01             bytes 00, 01 and 02 with a 02 in front
//
// Descending, all bytes are inverted. No value's bytes are the start of another's, so that values
// can stand one behind the other, and the order of all is that of the first that differ.
//
// A key that does not fit is cut: it is the start of what it would be, so that it stays in order,
// but other keys may have the same bytes and what is cut off cannot be read back: the row knows.
#pragma once

#include <span>

#include "base/arena.hpp"
#include "freshet/value.hpp"
#include "relation/type.hpp"

namespace freshet::relation {

enum class Sort : std::uint8_t { ascending, descending };

// Writes into lent memory. After the first byte that does not fit, nothing is written.
class KeyWriter {
public:
    explicit KeyWriter(MutableBytes into) noexcept : into_{into} {}

    KeyWriter& value(const Value& value, Sort sort = Sort::ascending) noexcept;
    // Bytes as they are, to stand before the values or behind them.
    KeyWriter& raw(Bytes bytes) noexcept;

    [[nodiscard]] Bytes written() const noexcept { return {into_.data(), used_}; }
    [[nodiscard]] bool is_cut() const noexcept { return cut_; }

private:
    void put(std::uint8_t byte) noexcept;
    void put_integer(std::uint64_t value, unsigned size) noexcept;
    void put_whole(std::int64_t value) noexcept;
    void put_real(double value) noexcept;
    void put_bytes(std::string_view bytes) noexcept;

    MutableBytes into_;
    std::size_t used_ = 0;
    bool cut_ = false;
    std::uint8_t inverted_ = 0;  // What each byte is xored with.
};

// Reads values back in their order. The first error sticks: after it every value is NULL. Bytes
// that no value has are `corrupt`; whether a text is UTF-8 is not looked at.
class KeyReader {
public:
    // A text that is written just as it is (ascending, without bytes 00 to 02) lies in the key;
    // other bytes go to the arena.
    KeyReader(Bytes key, Arena& memory) noexcept : rest_{as_text(key)}, memory_{memory} {}

    Value value(ColumnType type, Sort sort = Sort::ascending) noexcept;
    // What has not been read.
    [[nodiscard]] Bytes rest() const noexcept { return as_bytes(rest_); }
    // corrupt, out_of_memory.
    [[nodiscard]] Status status() const noexcept {
        return error_.code == Code::none ? Status{Done{}} : Status{error_};
    }

private:
    std::uint8_t take() noexcept;
    // What stands behind the high bytes of `value`.
    std::uint64_t take_integer(unsigned size, std::uint64_t value) noexcept;
    std::int64_t whole(std::uint8_t first) noexcept;
    Value real() noexcept;
    Value bytes(Type type) noexcept;
    void copy_escaped(MutableBytes into) noexcept;
    Value fail(Code code) noexcept;

    std::string_view rest_;
    Arena& memory_;
    Error error_{};
    std::uint8_t inverted_ = 0;
};

// Makes of a key the first one behind all that begin with it, and says how many bytes it has now.
// 0: there is none, since it was empty or of bytes ff alone.
std::size_t end_of_prefix(MutableBytes key) noexcept;

}  // namespace freshet::relation

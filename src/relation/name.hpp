// SPDX-License-Identifier: MIT
// Names of tables, columns and indexes, and refusals that put them into words. Names are compared
// as SQLite does it, without a look at the case of the letters of ASCII.
#pragma once

#include <array>
#include <initializer_list>
#include <string_view>

#include "base/nearest.hpp"
#include "freshet/sql_error.hpp"

namespace freshet::relation {

bool is_same_name(std::string_view a, std::string_view b) noexcept;

// Finds the name that may have been meant by one that is not there: the most similar. Names that
// are considered are to outlive it.
class NearestName {
public:
    explicit NearestName(std::string_view typed) noexcept;
    NearestName(const NearestName&) = delete;
    NearestName& operator=(const NearestName&) = delete;
    void consider(std::string_view name) noexcept;
    [[nodiscard]] std::string_view best() const noexcept { return best_; }  // Empty: none.

private:
    // A name in small letters; empty if it is too long to be similar to any.
    struct Small {
        explicit Small(std::string_view name) noexcept;
        [[nodiscard]] std::string_view view() const noexcept { return {letters.data(), size}; }
        std::array<char, Nearest::word_size_max> letters{};
        std::size_t size = 0;
    };
    Small typed_;
    Nearest nearest_;
    std::string_view best_{};
};

using Words = std::initializer_list<std::string_view>;

// Fills in the error, and returns it.
Error refuse(SqlError& error, Code code, Words message, Words hint) noexcept;
Error refuse_for_memory(SqlError& error) noexcept;
// unknown_name: "there is no table usres": with what may have been meant, if it is not empty.
Error refuse_unknown(SqlError& error, Words message, std::string_view meant) noexcept;

}  // namespace freshet::relation

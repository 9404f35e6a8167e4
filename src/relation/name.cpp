// SPDX-License-Identifier: MIT
#include "relation/name.hpp"

#include <algorithm>

#include "base/sql_error.hpp"

namespace freshet::relation {
namespace {

constexpr char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) noexcept { return lower(x) == lower(y); });
}

NearestName::Small::Small(std::string_view name) noexcept {
    if (name.size() > letters.size()) return;
    size = name.size();
    std::transform(name.begin(), name.end(), letters.begin(), lower);
}

NearestName::NearestName(std::string_view typed) noexcept
    : typed_{typed}, nearest_{typed_.view()} {}

void NearestName::consider(std::string_view name) noexcept {
    const Small small{name};
    if (small.size == 0 || is_same_name(best_, name)) return;
    nearest_.consider(small.view());
    if (nearest_.best() == small.view()) best_ = name;
}

Error refuse(SqlError& error, Code code, Words message, Words hint) noexcept {
    error.error = code;
    set_message(error, message);
    set_hint(error, hint);
    return error.error;
}

Error refuse_for_memory(SqlError& error) noexcept {
    return refuse(error, Code::out_of_memory, {"the memory lent for this statement is full"},
                  {"lend more, or make several statements of it"});
}

Error refuse_unknown(SqlError& error, Words message, std::string_view meant) noexcept {
    refuse(error, Code::unknown_name, message, {"look at how it is written"});
    if (!meant.empty()) set_hint(error, {"did you mean ", meant, "?"});
    return error.error;
}

}  // namespace freshet::relation

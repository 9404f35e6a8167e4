// SPDX-License-Identifier: MIT
#include "base/sql_error.hpp"

#include "base/text.hpp"

namespace freshet {
namespace {

std::uint16_t join(std::initializer_list<std::string_view> parts, std::span<char> into) noexcept {
    TextWriter text{into};
    for (const std::string_view part : parts) text.text(part);
    return static_cast<std::uint16_t>(text.written().size());
}

}  // namespace

void set_message(SqlError& error, std::initializer_list<std::string_view> parts) noexcept {
    error.message_size = join(parts, error.message_text);
}

void set_hint(SqlError& error, std::initializer_list<std::string_view> parts) noexcept {
    error.hint_size = join(parts, error.hint_text);
}

}  // namespace freshet

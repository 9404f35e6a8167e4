// SPDX-License-Identifier: MIT
// Names of the files in a store's directory. They are all ours, so a bad one is a mistake of the
// caller.
#pragma once

#include <array>
#include <cstring>
#include <string_view>

namespace freshet::disk {

inline constexpr std::size_t name_size_max = 24;

inline bool is_valid_name(std::string_view name) noexcept {
    if (name.empty()) return false;
    if (name.size() > name_size_max) return false;
    if (name.front() == '.') return false;
    for (const char letter : name) {
        if (letter == '/' || letter == '\0') return false;
    }
    return true;
}

// A valid name with a zero byte behind it, as the operating system wants it.
class NameText {
public:
    explicit NameText(std::string_view name) noexcept {
        std::memcpy(text_.data(), name.data(), name.size());
    }
    [[nodiscard]] const char* get() const noexcept { return text_.data(); }

private:
    std::array<char, name_size_max + 1> text_{};
};

}  // namespace freshet::disk

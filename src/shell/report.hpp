// SPDX-License-Identifier: MIT
// What the program says on standard error. Errors are `error[CODE]: sentence`, where there is a
// source line that line with a mark under the place, and `hint: one action`; or, where JSON was
// asked for, one line of JSON.
#pragma once

#include <initializer_list>
#include <string_view>

#include "freshet/store.hpp"
#include "shell/output.hpp"

namespace freshet::shell {

// Where in the input something is wrong: the first line and column are 1.
struct Place {
    std::string_view file{};  // Empty: nowhere.
    std::uint64_t line = 0;
    std::string_view source{};
    std::size_t offset = 0;  // In `source`, in bytes.
    std::size_t size = 1;    // Of what is wrong there.
};

struct Complaint {
    std::string_view code{};
    int exit_code = 0;
    std::string_view about{};  // The store or the file.
    std::string_view message{};
    std::string_view hint{};
    Place place{};
};

// Each says one error and returns its exit code.
int complain(const Complaint& complaint) noexcept;
int report(const Diagnostic& diagnostic, std::string_view about) noexcept;
int report(Error error, std::string_view about) noexcept;
// Of standard output; 0 if there was no error.
int report_output(const Output& output) noexcept;

// Whether it is that files do not fit in the memory of --no-maps; and what to say then.
bool is_out_of_copies(Error error) noexcept;
inline constexpr std::string_view message_of_copies =
    "the files do not fit in the memory of --no-maps";
inline constexpr std::string_view hint_of_copies =
    "give more, or leave it out: then they are mapped";

// What the system calls an error, in brackets and behind a space; empty: 0. As joined().
std::string_view system_words(int error) noexcept;

// One line in one write, so that lines of several processes do not mix.
void say(std::initializer_list<std::string_view> pieces) noexcept;
void say_note(std::initializer_list<std::string_view> pieces) noexcept;  // `note: ...`
void say_warning(std::string_view code, std::string_view about, std::string_view message) noexcept;

// A number as a piece; good until eight more were made.
std::string_view piece(std::uint64_t number) noexcept;
// The pieces as one; good until three more were made, at most 1,000 bytes.
std::string_view joined(std::initializer_list<std::string_view> pieces) noexcept;

}  // namespace freshet::shell

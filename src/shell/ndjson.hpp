// SPDX-License-Identifier: MIT
// Events as lines of JSON, in and out. What goes out can come in again, and means the same events.
//
//  member            in                               out
//
//  type              required                         always
//  data              any JSON value, kept byte for    where the payload is JSON on one line
//                    byte; missing: an empty payload
//  data_base64       instead of data                  where it is anything else, but not empty
//  metadata          as data                          as data
//  metadata_base64   as data_base64                   as data_base64
//  id                32 hexadecimal digits or a UUID  32 digits, where there is one
//  schema_version    1 to 65535; missing: 1           where it is not 1
//  stream            passed over, where the stream    always
//                    is given for all lines; else
//                    required, and not of the
//                    store's own
//  index, ordinal,   passed over                      always
//  commit, time
#pragma once

#include <span>
#include <string_view>

#include "freshet/store.hpp"
#include "shell/output.hpp"

namespace freshet::shell {

// What is wrong with a line, and where: bytes from its start.
struct LineError {
    const char* message = nullptr;
    std::size_t offset = 0;
    std::string_view meant;  // The member that may have been meant.
};

// The views of the event lie in `line`, whose escapes and base64 are decoded in place. Everything
// that the store demands of an event but its size is checked here, where its place is known. With
// `stream_name`, the line must say to which stream the event goes.
bool parse_event(std::span<char> line, Event& event, LineError& error,
                 std::string_view* stream_name = nullptr) noexcept;

// One object on one line, without the line's end.
void write_event(Output& output, const Recorded& event) noexcept;

}  // namespace freshet::shell

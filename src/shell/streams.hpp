// SPDX-License-Identifier: MIT
// Streams: those of the store itself, and those that are not there.
#pragma once

#include "shell/options.hpp"

namespace freshet::shell {

// Of the store itself are names that begin with `$`.
inline bool is_own(std::string_view name) noexcept {
    return !name.empty() && name[0] == '$';
}

// The store's own streams are shown to who asks for all, or for names that begin so.
inline bool shows_own(const Request& request, std::string_view prefix) noexcept {
    return request.all || is_own(prefix);
}

// Says why the stream of the request is not there, which may have been meant, and returns the exit
// code.
int report_stream(Error error, const Request& request, const Snapshot& snapshot) noexcept;

}  // namespace freshet::shell

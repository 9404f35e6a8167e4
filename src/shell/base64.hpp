// SPDX-License-Identifier: MIT
// Base64 (RFC 4648, section 4): bytes that are no text, in text.
#pragma once

#include <span>

#include "freshet/bytes.hpp"

namespace freshet::shell {

// Up to three bytes as four letters.
void encode_base64(Bytes three, char* into) noexcept;

struct Decoded {
    Bytes bytes;
    bool is_base64 = false;
};
// Decodes in place. Strict: no white space, all of the padding, no bits left over.
Decoded decode_base64(std::span<char> text) noexcept;

}  // namespace freshet::shell

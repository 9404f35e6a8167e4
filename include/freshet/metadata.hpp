// SPDX-License-Identifier: MIT
// Members of metadata that is a JSON object, found where they stand, without a parser's tree and
// without memory. Reserved are `$correlationId` and `$causationId`, strings that say to which
// conversation an event belongs and which event or command it followed from, and `$tags`, an array
// of strings.
//
// A name that comes twice counts where it comes first. Of metadata that is no JSON object there is
// no member; what stands behind the one that was found is not looked at.
#pragma once

#include <string_view>

#include "freshet/bytes.hpp"

namespace freshet {

// The text between the quotes of the string member `key`, as it stands there, escapes and all; a
// view of `metadata`. Null data: there is none, or it is no string.
std::string_view metadata_member(Bytes metadata, std::string_view key) noexcept;

// Whether text that stands between quotes in JSON, with its escapes, says `plain`, in UTF-8.
bool json_says(std::string_view quoted, std::string_view plain) noexcept;

// Whether `tag` is among the strings of the member `$tags`.
bool has_tag(Bytes metadata, std::string_view tag) noexcept;

}  // namespace freshet

// SPDX-License-Identifier: MIT
// The version of the library, and of the format it writes. The format is 0 and may change until it
// says otherwise.
#pragma once

#include <cstdint>

namespace freshet {

inline constexpr const char* version_text = "0.1.0";
inline constexpr std::uint32_t version_number = 100;  // major * 10,000 + minor * 100 + patch
inline constexpr std::uint32_t format_version = 0;

}  // namespace freshet

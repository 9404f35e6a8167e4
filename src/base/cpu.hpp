// SPDX-License-Identifier: MIT
// What this processor can do beyond what every processor of its kind can.
#pragma once

namespace freshet::cpu {

bool has_crc32() noexcept;  // SSE 4.2
bool has_sha() noexcept;    // SHA and SSE 4.1

}  // namespace freshet::cpu

// SPDX-License-Identifier: MIT
// Categories of streams, and how the consumers of one share its streams.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet {

// The name up to its first '-', or the whole name: `account` of `account-17`. A view of it.
std::string_view category_of(std::string_view stream) noexcept;

// What follows that '-', up to the first '+': `17` of `account-17+loans`, so that streams about one
// thing go to one consumer, in different categories too. Empty where there is no '-'. A view of it.
std::string_view cardinal_id_of(std::string_view stream) noexcept;

// The consumer of `count` ones, 1 at least, to which a stream belongs: the hash of its cardinal id
// modulo `count`. The hash is FNV-1a of 64 bits, and stays so.
std::uint32_t group_member_of(std::string_view stream, std::uint32_t count) noexcept;

}  // namespace freshet

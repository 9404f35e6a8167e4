// SPDX-License-Identifier: MIT
// The functions of function.hpp that are about text. Each is a Function::apply.
#pragma once

#include <span>

#include "base/arena.hpp"
#include "freshet/value.hpp"

namespace freshet::query {

Result<Value> character(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> find(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> hex(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> length(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> lower(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> quote(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> replace(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> substring(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> trim(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> trim_left(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> trim_right(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> unicode(std::span<const Value> arguments, Arena& scratch) noexcept;
Result<Value> upper(std::span<const Value> arguments, Arena& scratch) noexcept;

}  // namespace freshet::query

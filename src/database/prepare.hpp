// SPDX-License-Identifier: MIT
// From text to a statement that can run: found among those that are kept, or parsed and planned.
#pragma once

#include "database/prepared.hpp"

namespace freshet::database {

// The first statement at or behind `from`; `found` is null if there is none. `end`: where the next
// one begins. The error is filled in.
Status prepare(Session& session, std::string_view sql, std::size_t from, Prepared*& found,
               std::size_t& end, SqlError& error) noexcept;

}  // namespace freshet::database

// SPDX-License-Identifier: MIT
// Rows as the tree has them: for those in here who change them, in a transaction and at replay.
#pragma once

#include "relation/row_stream.hpp"

namespace freshet::relation {

// A row as the tree has it.
struct Kept {
    store::Stream stream;
    bool exists = false;   // It has versions.
    bool deleted = false;  // The newest one is its end.

    [[nodiscard]] bool is_there() const noexcept { return exists && !deleted; }
};

// Of its newest event, if a run has it.
inline Image image_of(const store::Stream& stream) noexcept {
    return stream.record.is_there() ? Image{stream.record} : Image{stream.image};
}

// corrupt.
Status find_kept(const tree::View& view, std::string_view name, Kept& kept) noexcept;
// The same in the open transaction's tree: who asks for the row again, or puts it, knows the way.
Status find_kept(tree::Delta& delta, std::string_view name, Kept& kept) noexcept;
// Adds a version, and moves the row to where it belongs then. out_of_memory, corrupt.
Status add_version(tree::Delta& delta, std::string_view name, const Kept& kept, bool deletes,
                   std::uint64_t address) noexcept;
// How many versions all rows have whose names begin so. corrupt.
Result<std::uint64_t> count_versions(const tree::View& view, std::string_view prefix) noexcept;

// The type of the event of a change.
std::string_view type_of(RowChange change) noexcept;
// What an event of a row does to it; false: a row has none of this type.
bool find_change(std::string_view name, std::string_view type, RowChange& change) noexcept;
// Whether an event of this type is the end of its row.
bool is_end(std::string_view type) noexcept;

}  // namespace freshet::relation

// SPDX-License-Identifier: MIT
#include "freshet/database.hpp"

#include "base/arena.hpp"
#include "query/spill.hpp"
#include "relation/row_stream.hpp"

namespace freshet {

std::size_t Database::required_memory(const Options& options) noexcept {
    return freshet::required_memory(options) + Arena::room<relation::RowKeeper>(1) + catalog_size +
           alignof(Value);
}

Status Database::open(const Options& options, Door door, MutableBytes memory,
                      Diagnostic& diagnostic) noexcept {
    Arena arena{memory};
    const Result<MutableBytes> place =
        arena.bytes(sizeof(relation::RowKeeper), alignof(relation::RowKeeper));
    const Result<MutableBytes> catalog = place ? arena.bytes(catalog_size, alignof(Value)) : place;
    if (!catalog) {
        diagnostic = Diagnostic{};
        diagnostic.error = Code::out_of_memory;
        diagnostic.needed = required_memory(options);
        diagnostic.limit = memory.size();
        return Code::out_of_memory;
    }
    Options with_rows = options;
    with_rows.rows = ::new (static_cast<void*>(place->data())) relation::RowKeeper{*catalog};
    clock_ = door.clock;
    const Status opened = store_.open(with_rows, door, memory.subspan(arena.used()), diagnostic);
    if (!opened) return opened;
    spill_disk_ = options.read_only ? nullptr : door.disk;
    if (spill_disk_ != nullptr && !store_.was_closed()) query::remove_spills(*spill_disk_);
    return opened;
}

Status Database::close() noexcept {
    return store_.close();
}

}  // namespace freshet

// SPDX-License-Identifier: MIT
#include "relation/row_tree.hpp"

#include <algorithm>

namespace freshet::relation {

namespace {

Status complete(Result<bool> found, const tree::View& view, std::string_view name,
                Kept& kept) noexcept {
    if (found && !*found) {
        found = store::find_deleted_row(view, name, kept.stream);
        kept.deleted = found && *found;
    }
    if (!found) return found.error();
    kept.exists = *found;
    return Done{};
}

}  // namespace

Status find_kept(const tree::View& view, std::string_view name, Kept& kept) noexcept {
    return complete(store::find_stream(view, name, kept.stream), view, name, kept);
}

Status find_kept(tree::Delta& delta, std::string_view name, Kept& kept) noexcept {
    const Result<bool> found = store::find_stream(delta, name, kept.stream);
    return complete(found, {&delta, &delta.root()}, name, kept);
}

// Adds a version, and moves the row to where it belongs then.
Status add_version(tree::Delta& delta, std::string_view name, const Kept& kept, bool deletes,
                   std::uint64_t address) noexcept {
    store::StreamBuilder builder;
    const Status opened = kept.exists ? builder.open(kept.stream) : Done{};
    if (!opened) return opened;
    const Status pushed = builder.push(delta, name, address);
    if (!pushed) return pushed;
    const Status put = deletes ? builder.put_deleted(delta, name) : builder.put(delta, name);
    if (!put || !kept.exists || deletes == kept.deleted) return put;
    return deletes ? store::erase_row(delta, name) : store::erase_deleted_row(delta, name);
}

std::string_view type_of(RowChange change) noexcept {
    switch (change) {
        case RowChange::insert: return row_inserted_type;
        case RowChange::update: return row_updated_type;
        case RowChange::erase: break;
    }
    return row_deleted_type;
}

bool find_change(std::string_view name, std::string_view type, RowChange& change) noexcept {
    struct Known {
        bool of_catalog;
        RowChange change;
        std::string_view type;
    };
    constexpr std::array<Known, 8> all{{{false, RowChange::insert, row_inserted_type},
                                        {false, RowChange::update, row_updated_type},
                                        {false, RowChange::erase, row_deleted_type},
                                        {true, RowChange::insert, table_created_type},
                                        {true, RowChange::update, table_altered_type},
                                        {true, RowChange::update, index_created_type},
                                        {true, RowChange::update, index_dropped_type},
                                        {true, RowChange::erase, table_dropped_type}}};
    if (name.size() < 5) return false;
    const bool of_catalog = table_of_row(name) == catalog_table;
    for (const Known& known : all) {
        if (known.of_catalog != of_catalog || known.type != type) continue;
        change = known.change;
        return true;
    }
    return false;
}

bool is_end(std::string_view type) noexcept {
    return type == row_deleted_type || type == table_dropped_type;
}

Result<std::uint64_t> count_versions(const tree::View& view, std::string_view prefix) noexcept {
    std::uint64_t count = 0;
    for (const auto which : {store::RowWalk::Which::present, store::RowWalk::Which::deleted}) {
        store::RowWalk walk{view, which, prefix};
        for (; walk.valid(); walk.next()) {
            if (std::string_view{walk.name().data(), std::min(prefix.size(), walk.name().size())} !=
                prefix)
                break;
            store::Stream stream;
            const Status decoded = walk.stream(stream);
            if (!decoded) return decoded.error();
            count += stream.count;
        }
        if (walk.damaged()) return Code::corrupt;
    }
    return count;
}

}  // namespace freshet::relation

// SPDX-License-Identifier: MIT
#include "query/key_row.hpp"

#include <algorithm>

#include "query/key_range.hpp"
#include "relation/entry.hpp"
#include "relation/table_reader.hpp"

namespace freshet::query {
namespace {

using Open = Result<Rows*> (*)(const TableScan& scan, Context& context) noexcept;

class KeyRow final : public Rows {
public:
    KeyRow(const TableScan& scan, Context& context, Open open_rows) noexcept
        : scan_{scan}, context_{context}, open_rows_{open_rows} {}

    Result<bool> next(Batch& batch) noexcept override {
        if (others_ != nullptr) return others_->next(batch);
        if (has_ended_) return false;
        has_ended_ = true;
        const Status going = context_.check();
        if (!going) return going.error();
        const Result<KeySearch> search =
            make_search(scan_.access, *scan_.table, nullptr, context_.memory);
        if (!search) return search.error();
        if (search->is_empty) return false;
        if (!search->is_exact) return read_others(batch);
        const Result<bool> there = find_name(search->range);
        return there && *there ? read(batch) : there;
    }

private:
    // The key itself, or that of the one entry which a unique index has for these values.
    Result<bool> find_name(const relation::KeyRange& range) noexcept {
        if (scan_.access.index == nullptr) {
            name_ = relation::RowName{scan_.table->id, range.from};
            return true;
        }
        relation::EntryScan entries{scan_.moment->rows, *scan_.access.index, range};
        Bytes key;
        const Result<bool> there = entries.next(key);
        if (there && *there) name_ = relation::RowName{scan_.table->id, key};
        return there;
    }

    Result<bool> read(Batch& batch) noexcept {
        relation::Image image;
        const Result<bool> there = scan_.moment->rows.find_image(name_, image);
        if (!there || !*there) return there;
        Arena& memory = context_.memory;
        relation::ImageReader images;
        const Status opened = images.open(*scan_.table, memory);
        if (!opened) return opened.error();
        const Result<std::span<Value>> row = memory.array<Value>(scan_.live_count);
        if (!row) return row.error();
        const Result<std::span<Vector>> columns = memory.array<Vector>(scan_.columns.size());
        if (!columns) return columns.error();
        const Status read = images.read(image, *row);
        if (!read) return read.error();
        for (std::size_t i = 0; i < columns->size(); i++)
            (*columns)[i] = Vector::of(&(*row)[scan_.columns[i]]);
        batch = {*columns, first_rows(1)};
        return true;
    }

    Result<bool> read_others(Batch& batch) noexcept {
        const Result<Rows*> others = open_rows_(scan_, context_);
        if (!others) return others.error();
        others_ = *others;
        return others_->next(batch);
    }

    const TableScan& scan_;
    Context& context_;
    Open open_rows_;
    Rows* others_ = nullptr;
    bool has_ended_ = false;
    relation::RowName name_{0, {}};
};

}  // namespace

bool is_key_row(const TableScan& scan) noexcept {
    const Access& access = scan.access;
    if (!access.is_whole() || scan.has_versions) return false;
    if (access.index != nullptr && (!access.index->unique || access.index->hash)) return false;
    return std::all_of(scan.columns.begin(), scan.columns.end(),
                       [&](std::uint32_t column) { return column < scan.live_count; });
}

Result<Rows*> open_key_row(const TableScan& scan, Context& context, Open open_rows) noexcept {
    const Result<KeyRow*> row = make<KeyRow>(context.memory, scan, context, open_rows);
    if (!row) return row.error();
    return static_cast<Rows*>(*row);
}

}  // namespace freshet::query

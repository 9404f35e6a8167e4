// SPDX-License-Identifier: MIT
#include "query/key_row.hpp"

#include <algorithm>

#include "relation/bound.hpp"
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
        const Result<Search> search = find_key();
        if (!search) return search.error();
        if (*search == Search::none) return false;
        return *search == Search::key ? read(batch) : read_others(batch);
    }

private:
    static constexpr std::size_t size_max =
        std::max(relation::primary_key_size_max, relation::index_values_size_max);
    enum class Search : std::uint8_t { none, key, others };

    // As key_range.cpp does it for all kinds of search.
    Result<Search> find_key() noexcept {
        std::array<std::byte, size_max> bytes;
        const bool has_index = scan_.access.index != nullptr;
        relation::KeyWriter key{MutableBytes{bytes}.first(
            has_index ? relation::index_values_size_max : relation::primary_key_size_max)};
        bool is_none = false;
        bool is_key = true;
        for (std::size_t i = 0; i < scan_.access.equal.size(); i++) {
            const relation::KeyColumn& column = scan_.access.columns[i];
            const relation::ColumnType type = scan_.table->columns[column.column].type;
            const Result<Value> value = evaluate(*scan_.access.equal[i], context_.memory);
            if (!value) return value.error();
            is_none = is_none || value->is_null();
            is_key = is_key && relation::has_bound(*value, type);
            if (is_none || !is_key) continue;
            const relation::Bound bound = relation::find_bound(*value, type);
            is_none = !bound.is_equal;
            if (!is_none) key.value(bound.at, column.sort);
        }
        if (is_none) return Search::none;
        if (!is_key || key.is_cut()) return Search::others;
        if (scan_.access.index != nullptr) return find_entry(key.written());
        name_ = relation::RowName{scan_.table->id, key.written()};
        return Search::key;
    }

    // The one that a unique index has for these values.
    Result<Search> find_entry(Bytes values) noexcept {
        std::array<std::byte, size_max> bytes;
        std::copy(values.begin(), values.end(), bytes.begin());
        const std::size_t size = relation::end_of_prefix(MutableBytes{bytes}.first(values.size()));
        relation::EntryScan entries{
            scan_.moment->rows, *scan_.access.index, {values, Bytes{bytes}.first(size)}};
        Bytes key;
        const Result<bool> there = entries.next(key);
        if (!there) return there.error();
        if (!*there) return Search::none;
        name_ = relation::RowName{scan_.table->id, key};
        return Search::key;
    }

    Result<bool> read(Batch& batch) noexcept {
        Recorded version;
        const Result<bool> there = scan_.moment->rows.find(name_, version);
        if (!there || !*there) return there;
        Arena& memory = context_.memory;
        relation::ImageReader images;
        const Status opened = images.open(*scan_.table, memory);
        if (!opened) return opened.error();
        const Result<std::span<Value>> row = memory.array<Value>(scan_.live_count);
        if (!row) return row.error();
        const Result<std::span<Vector>> columns = memory.array<Vector>(scan_.columns.size());
        if (!columns) return columns.error();
        const Status read = images.read(version.payload, *row);
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
    if (access.check == nullptr || access.list != nullptr) return false;
    if (access.index != nullptr && (!access.index->unique || access.index->hash)) return false;
    if (access.equal.size() != access.columns.size()) return false;
    if (scan.has_versions || scan.moment->rows.is_in_transaction()) return false;
    for (const std::uint32_t column : scan.columns)
        if (column >= scan.live_count) return false;
    return true;
}

Result<Rows*> open_key_row(const TableScan& scan, Context& context, Open open_rows) noexcept {
    const Result<KeyRow*> row = make<KeyRow>(context.memory, scan, context, open_rows);
    if (!row) return row.error();
    return static_cast<Rows*>(*row);
}

}  // namespace freshet::query

// SPDX-License-Identifier: MIT
#include "relation/table_reader.hpp"

#include <algorithm>

namespace freshet::relation {

Status ImageReader::open(const TableDefinition& table, Arena& memory) noexcept {
    table_ = &table;
    memory_ = &memory;
    first_.next = nullptr;
    const Result<Layout> layout = make_layout(table, table.version, memory);
    if (!layout) return layout.error();
    first_.layout = *layout;
    return Done{};
}

Result<const Layout*> ImageReader::layout_of(std::uint32_t version) noexcept {
    for (const Known* known = &first_; known != nullptr; known = known->next)
        if (known->layout.version == version) return &known->layout;
    const Result<std::span<Known>> made = memory_->array<Known>(1);
    if (!made) return made.error();
    const Result<Layout> layout = make_layout(*table_, version, *memory_);
    if (!layout) return layout.error();
    Known& known = made->front();
    known = {*layout, first_.next};
    first_.next = &known;
    return &known.layout;
}

Status ImageReader::read(const Image& image, std::span<Value> into) noexcept {
    const Layout& first = first_.layout;
    if (image.record.is_there() && is_of_version(image.record, 1, first.version, first.size()))
        return decode_record(image.record, first.types, into);
    const Result<std::uint32_t> version = decode_version(image);
    if (!version) return version.error();
    if (*version == first.version) return decode_row(image, first.types, into);
    const Result<const Layout*> layout = layout_of(*version);
    if (!layout) return layout.error();
    return read_row(*table_, **layout, image, first, into);
}

Status ImageReader::want(std::span<const std::uint32_t> columns) noexcept {
    const std::size_t last =
        columns.empty() ? 0 : *std::max_element(columns.begin(), columns.end()) + std::size_t{1};
    const Result<std::span<ColumnStep>> steps = memory_->array<ColumnStep>(last);
    if (!steps) return steps.error();
    for (std::size_t i = 0; i < last; i++) (*steps)[i].type = first_.layout.types[i];
    for (std::uint32_t i = 0; i < columns.size(); i++) (*steps)[columns[i]].wanted = i;
    const Result<std::span<Value>> row = memory_->array<Value>(first_.layout.size());
    if (!row) return row.error();
    const Result<std::span<Rests>> rests = memory_->unfilled<Rests>(1);
    if (!rests) return rests.error();
    wanted_ = columns;
    rests_ = rests->data();
    steps_ = *steps;
    row_ = *row;
    return Done{};
}

Status ImageReader::read_alone(const Image& image, std::span<Value* const> into,
                               std::size_t row) noexcept {
    const Status read = this->read(image, row_);
    if (!read) return read;
    for (std::size_t i = 0; i < wanted_.size(); i++) into[i][row] = row_[wanted_[i]];
    return Done{};
}

Status ImageReader::read_records(const ImageRun& run, std::span<Value* const> into, std::size_t row,
                                 std::size_t& alone_count) noexcept {
    tree::Record record = run.image.record;
    const Layout& layout = first_.layout;
    Status read = Done{};
    if (!is_of_version(record, run.count, layout.version, layout.size())) {
        for (std::uint32_t i = 0; read && i < run.count; i++, record.row++)
            read = read_alone(record, into, row + i);
    } else if (run.count == 1) {
        rests_->records[alone_count++] = {record, row};
    } else {
        for (std::size_t i = 0; read && i < wanted_.size(); i++)
            read = decode_records(record, run.count, wanted_[i], layout.types[wanted_[i]],
                                  into[i] + row);
    }
    return read;
}

Status ImageReader::read(std::span<const ImageRun> images, std::span<Value* const> into,
                         std::size_t row) noexcept {
    FRESHET_CHECK(images.size() <= image_count_max);
    const Layout& layout = first_.layout;
    std::size_t count = 0;
    std::size_t alone_count = 0;
    Status read = Done{};
    for (const ImageRun& run : images) {
        const Bytes image = run.image.bytes;
        if (run.image.record.is_there())
            read = read_records(run, into, row, alone_count);
        else if (const std::size_t begin = begin_of_columns(image, layout.version); begin > 0)
            rests_->images[count++] = {image, begin, row};
        else
            read = read_alone(run.image, into, row);
        if (!read) return read;
        row += run.count;
    }
    for (std::size_t i = 0; read && alone_count > 0 && i < wanted_.size(); i++)
        read = decode_records(std::span{rests_->records}.first(alone_count), wanted_[i],
                              layout.types[wanted_[i]], into[i]);
    if (!read || count == 0) return read;
    return decode_columns(std::span{rests_->images}.first(count), steps_, into);
}

Status TableReader::open(const RowsAsOf& rows, const TableDefinition& table,
                         Arena& memory) noexcept {
    rows_ = &rows;
    table_ = &table;
    row_scan_.reset();
    entry_scan_.reset();
    return images_.open(table, memory);
}

void TableReader::scan(KeyRange range, Direction direction) noexcept {
    entry_scan_.reset();
    row_scan_.emplace(*rows_, table_->id, range, direction);
}

void TableReader::scan(const Index& index, KeyRange range, Direction direction) noexcept {
    row_scan_.reset();
    entry_scan_.emplace(*rows_, index, range, direction);
}

Result<bool> TableReader::next_by_index(Recorded& version) noexcept {
    if (!entry_scan_) return false;
    Bytes key;
    Result<bool> there = entry_scan_->next(key);
    if (!there || !*there) return there;
    there = find(key, version);
    if (there && !*there) return Code::corrupt;
    return there;
}

Result<bool> TableReader::next(Recorded& version) noexcept {
    return row_scan_ ? row_scan_->next(version) : next_by_index(version);
}

Result<bool> TableReader::next(Image& image) noexcept {
    return row_scan_->next_image(image);
}

Result<bool> TableReader::find(Bytes key, Recorded& version) noexcept {
    if (key.size() > row_key_size_max) return false;
    name_ = RowName{table_->id, key};
    return rows_->find(name_, version);
}

Result<bool> TableReader::find(Bytes key, Image& image) noexcept {
    if (key.size() > row_key_size_max) return false;
    name_ = RowName{table_->id, key};
    return rows_->find_image(name_, image);
}

}  // namespace freshet::relation

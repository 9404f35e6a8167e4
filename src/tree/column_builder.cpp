// SPDX-License-Identifier: MIT
#include "tree/column_builder.hpp"

#include <algorithm>
#include <utility>

namespace freshet::tree {

namespace {

constexpr std::size_t unlike = page_size + 1;
constexpr std::size_t padding_size = 8;

std::size_t width_of(const Field& field) noexcept {
    if (field.kind == FieldClass::bytes) return field.bytes.size();
    const bool is_real = field.kind == FieldClass::real;
    return std::max<std::size_t>(is_real ? real_size(field.number) : whole_size(field.number), 1);
}

bool is_same(const Field& a, const Field& b) noexcept {
    return a.number == b.number && std::ranges::equal(a.bytes, b.bytes);
}

std::byte* put_value(std::byte* to, const Field& field, std::size_t width) noexcept {
    const bool is_real = field.kind == FieldClass::real;
    const std::uint64_t number = is_real ? field.number >> (64 - 8 * width) : field.number;
    const auto* const from = field.kind == FieldClass::bytes
                                 ? field.bytes.data()
                                 : reinterpret_cast<const std::byte*>(&number);
    return std::copy_n(from, width, to);
}

}  // namespace

bool is_record(Bytes record) noexcept {
    FieldReader reader{record};
    if (reader.next_inlined().kind == FieldClass::null) return false;
    std::size_t count = 1;
    for (; reader.ok() && !reader.at_end(); count++) reader.next_inlined();
    return reader.ok() && count <= column_count_max;
}

std::size_t ColumnBuilder::required_memory() noexcept {
    return 2 * Arena::room<Form>(column_count_max) + Arena::room<FieldReader>(Page::count_max) +
           Arena::room<Field>(Page::count_max) + Arena::room<std::uint16_t>(Page::count_max) +
           records_size_max;
}

Status ColumnBuilder::open(Arena& arena) noexcept {
    const auto forms = arena.array<Form>(column_count_max);
    if (!forms) return forms.error();
    const auto next = arena.array<Form>(column_count_max);
    if (!next) return next.error();
    const auto readers = arena.array<FieldReader>(Page::count_max);
    if (!readers) return readers.error();
    const auto fields = arena.array<Field>(Page::count_max);
    if (!fields) return fields.error();
    const auto ends = arena.array<std::uint16_t>(Page::count_max);
    if (!ends) return ends.error();
    const Result<MutableBytes> records = arena.bytes(records_size_max, 1);
    if (!records) return records.error();
    forms_ = *forms;
    next_ = *next;
    readers_ = *readers;
    fields_ = *fields;
    ends_ = *ends;
    records_ = *records;
    clear();
    return Done{};
}

void ColumnBuilder::clear() noexcept {
    column_count_ = 0;
    row_count_ = 0;
    has_missing_ = false;
}

Bytes ColumnBuilder::record(std::size_t row) const noexcept {
    const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
    return records_.subspan(begin, ends_[row] - begin);
}

// False: it is not of their kind.
bool ColumnBuilder::Form::take(const Field& field) noexcept {
    if (field.kind == FieldClass::null) {
        has_nulls = true;
        return true;
    }
    const auto own = static_cast<std::uint16_t>(width_of(field));
    if (kind == FieldClass::null) {
        kind = field.kind;
        first = field;
        width_min = own;
    }
    is_one = is_one && is_same(first, field);
    width = std::max(width, own);
    width_min = std::min(width_min, own);
    size += own;
    return kind == field.kind;
}

bool ColumnBuilder::Form::has_sizes() const noexcept {
    return kind == FieldClass::bytes && (width > 0xff || (!is_one && width != width_min));
}

std::size_t ColumnBuilder::Form::size_of(std::size_t count) const noexcept {
    if (kind == FieldClass::null) return 0;
    const std::size_t nulls = has_nulls ? (count + 7) / 8 : 0;
    if (has_sizes()) return nulls + count * 2 + size;
    return nulls + (is_one ? width : count * width);
}

std::uint8_t ColumnBuilder::Form::code() const noexcept {
    if (kind == FieldClass::null) return 0;
    int code = static_cast<int>(kind);
    if (has_nulls) code |= Column::has_nulls_bit;
    if (has_sizes())
        code |= Column::has_sizes_bit;
    else if (is_one)
        code |= Column::is_one_bit;
    return static_cast<std::uint8_t>(code);
}

// Puts it behind the records that came, and its fields to what is known of theirs. False: it is not
// like them.
bool ColumnBuilder::take(Bytes record) noexcept {
    const std::size_t begin = row_count_ == 0 ? 0 : ends_[row_count_ - 1];
    if (record.size() > records_.size() - begin) return false;
    ends_[row_count_] = static_cast<std::uint16_t>(begin + record.size());
    if (record.empty()) return true;
    std::memcpy(records_.data() + begin, record.data(), record.size());
    FieldReader reader{records_.subspan(begin, record.size())};
    std::size_t count = 0;
    for (; !reader.at_end(); count++) {
        if (column_count_ == 0) next_[count] = {};
        if (column_count_ > 0 && count == column_count_) return false;
        if (!next_[count].take(reader.next_inlined())) return false;
    }
    if (column_count_ > 0 && count < column_count_) return false;
    next_count_ = count;
    return true;
}

std::size_t ColumnBuilder::size_with(Bytes record) noexcept {
    FRESHET_CHECK(row_count_ < ends_.size());
    if (record.empty() && column_count_ == 0) {
        next_count_ = 0;
        ends_[row_count_] = 0;
        return 0;
    }
    std::copy_n(forms_.begin(), column_count_, next_.begin());
    next_count_ = column_count_;
    if (!take(record)) return unlike;
    if (next_count_ == 0) return 0;
    if (has_missing_ || record.empty()) next_[0].has_nulls = true;
    std::size_t size = 1 + 4 * next_count_ + padding_size;
    for (const Form& form : next_.first(next_count_)) size += form.size_of(row_count_ + 1);
    return size;
}

void ColumnBuilder::add(Bytes record) noexcept {
    std::swap(forms_, next_);
    column_count_ = next_count_;
    has_missing_ = has_missing_ || record.empty();
    row_count_++;
}

void ColumnBuilder::write(Page& page) const noexcept {
    if (column_count_ == 0) return;
    std::size_t size = 1 + 4 * column_count_ + padding_size;
    const std::span<const Form> forms = forms_.first(column_count_);
    for (const Form& form : forms) size += form.size_of(row_count_);
    std::byte* const begin = page.make_columns(size);
    begin[0] = static_cast<std::byte>(column_count_);
    std::byte* to = begin + 1 + 4 * column_count_;
    for (std::size_t row = 0; row < row_count_; row++) readers_[row] = FieldReader{record(row)};
    for (std::size_t i = 0; i < column_count_; i++) {
        std::byte* const entry = begin + 1 + 4 * i;
        entry[0] = static_cast<std::byte>(forms[i].code());
        entry[1] = static_cast<std::byte>(forms[i].has_sizes() ? 0 : forms[i].width);
        store_at(entry + 2, static_cast<std::uint16_t>(to - page.bytes()));
        for (std::size_t row = 0; row < row_count_; row++)
            fields_[row] = readers_[row].at_end() ? Field{} : readers_[row].next_inlined();
        to = write_column(forms[i], to, page.bytes());
    }
}

// In a page whose free bytes are zeros.
std::byte* ColumnBuilder::write_column(const Form& form, std::byte* to,
                                       const std::byte* page) const noexcept {
    if (form.kind == FieldClass::null) return to;
    const std::span<const Field> fields = fields_.first(row_count_);
    if (form.has_nulls) {
        for (std::size_t row = 0; row < fields.size(); row++)
            if (fields[row].kind == FieldClass::null) to[row / 8] |= std::byte{1} << (row % 8);
        to += (fields.size() + 7) / 8;
    }
    if (form.has_sizes()) {
        std::byte* end = to;
        to += 2 * fields.size();
        for (const Field& field : fields) {
            to = std::copy(field.bytes.begin(), field.bytes.end(), to);
            store_at(end, static_cast<std::uint16_t>(to - page));
            end += 2;
        }
        return to;
    }
    if (form.is_one) return put_value(to, form.first, form.width);
    for (const Field& field : fields) {
        if (field.kind != FieldClass::null) put_value(to, field, form.width);
        to += form.width;
    }
    return to;
}

}  // namespace freshet::tree

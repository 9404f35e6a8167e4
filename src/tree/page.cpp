// SPDX-License-Identifier: MIT
#include "tree/page.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "tree/columns.hpp"

namespace freshet::tree {
namespace {

template <class T>
T load(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class T>
void store(std::byte* into, T value) noexcept {
    std::memcpy(into, &value, sizeof value);
}

void copy_bytes(std::byte* into, Bytes from) noexcept {
    if (!from.empty()) std::memcpy(into, from.data(), from.size());
}

std::uint64_t big_endian(std::uint64_t number) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap64(number) : number;
}

std::uint64_t big_endian(std::uint32_t number) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap32(number) : number;
}

[[gnu::noinline]] std::uint64_t short_head_of(Bytes bytes) noexcept {
    const std::size_t size = bytes.size();
    if (size >= 4) {
        const std::uint64_t high = big_endian(load<std::uint32_t>(bytes.data()));
        const std::uint64_t low = big_endian(load<std::uint32_t>(bytes.data() + size - 4));
        return high << 32 | (low << (64 - 8 * size) & 0xFFFFFFFF);
    }
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; i++) {
        number |= std::to_integer<std::uint64_t>(bytes[i]) << (56 - 8 * i);
    }
    return number;
}

// The first 8 bytes, so that numbers are ordered as the bytes are. Of fewer, two loads that
// overlap.
[[gnu::always_inline]] inline std::uint64_t head_of(Bytes bytes) noexcept {
    return bytes.size() < 8 ? short_head_of(bytes) : big_endian(load<std::uint64_t>(bytes.data()));
}

// The same where 8 bytes stand before those.
std::uint64_t head_in_page(const std::byte* bytes, std::size_t size) noexcept {
    if (size >= 8) return big_endian(load<std::uint64_t>(bytes));
    if (size == 0) return 0;
    return big_endian(load<std::uint64_t>(bytes + size - 8)) << (64 - 8 * size);
}

// None of them is empty.
int compare(Bytes a, Bytes b) noexcept {
    const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
    if (order != 0) return order;
    return a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
}

// Of suffixes whose heads are equal.
int compare_behind_head(Bytes a, Bytes b) noexcept {
    if (a.size() > 8 && b.size() > 8) return compare(a.subspan(8), b.subspan(8));
    return a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
}

// Without a call, since most pieces are short; the last bytes overlap those before.
bool is_equal(const std::byte* a, const std::byte* b, std::size_t size) noexcept {
    if (size < 4) return short_head_of({a, size}) == short_head_of({b, size});
    if (size < 8)
        return load<std::uint32_t>(a) == load<std::uint32_t>(b) &&
               load<std::uint32_t>(a + size - 4) == load<std::uint32_t>(b + size - 4);
    const std::size_t last = size - 8;
    for (std::size_t i = 0; i < last; i += 8)
        if (load<std::uint64_t>(a + i) != load<std::uint64_t>(b + i)) return false;
    return load<std::uint64_t>(a + last) == load<std::uint64_t>(b + last);
}

std::uint16_t narrow(std::size_t size) noexcept {
    FRESHET_CHECK(size <= page_size);
    return static_cast<std::uint16_t>(size);
}

// Behind its first bytes; in the buffer if it stands in two pieces there.
Bytes rest_of(const Key& key, std::size_t from,
              std::array<std::byte, key_size_max>& buffer) noexcept {
    if (from == key.front.size()) return key.back;
    key.copy(from, buffer.data());
    return {buffer.data(), key.size() - from};
}

Bytes whole(const Key& key, std::array<std::byte, key_size_max>& buffer) noexcept {
    if (key.front.empty()) return key.back;
    key.copy(0, buffer.data());
    return {buffer.data(), key.size()};
}

}  // namespace

void Key::copy(std::size_t from, std::byte* into) const noexcept {
    const std::size_t cut = std::min(from, front.size());
    const Bytes first = front.subspan(cut);
    copy_bytes(into, first);
    copy_bytes(into + first.size(), back.subspan(from - cut));
}

std::size_t common_size(Bytes a, Bytes b) noexcept {
    const std::size_t size = std::min(a.size(), b.size());
    std::size_t i = 0;
    while (i + 8 <= size) {
        const std::uint64_t difference =
            big_endian(load<std::uint64_t>(a.data() + i) ^ load<std::uint64_t>(b.data() + i));
        if (difference != 0) return i + static_cast<std::size_t>(std::countl_zero(difference)) / 8;
        i += 8;
    }
    while (i < size && a[i] == b[i]) i++;
    return i;
}

std::size_t common_size(const Key& a, const Key& b) noexcept {
    std::array<std::byte, key_size_max> buffer_a;
    std::array<std::byte, key_size_max> buffer_b;
    return common_size(whole(a, buffer_a), whole(b, buffer_b));
}

// Pages of one part of a tree have much in common in front: that is not copied.
int compare(const Key& a, const Key& b) noexcept {
    std::array<std::byte, key_size_max> buffer_a;
    std::array<std::byte, key_size_max> buffer_b;
    std::size_t common = std::min(a.front.size(), b.front.size());
    if (!is_equal(a.front.data(), b.front.data(), common)) common = 0;
    return compare(rest_of(a, common, buffer_a), rest_of(b, common, buffer_b));
}

void Page::clear() noexcept {
    first_child_ = 0;
    count_ = 0;
    prefix_size_ = 0;
    heap_ = page_size;
    garbage_ = 0;
    last_insert_ = 0;
    run_ = 0;
}

void Page::copy_content(const Page& other) noexcept {
    first_child_ = other.first_child_;
    count_ = other.count_;
    prefix_size_ = other.prefix_size_;
    heap_ = other.heap_;
    garbage_ = other.garbage_;
    last_insert_ = other.last_insert_;
    run_ = other.run_;
    std::memcpy(body_.data(), other.body_.data(), prefix_size_ + count_ * std::size_t{10});
    std::memcpy(at(heap_), other.at(heap_), page_size - heap_);
}

std::size_t Page::used() const noexcept {
    return header_size + prefix_size_ + count_ * std::size_t{10} + (page_size - heap_) - garbage_;
}

std::size_t Page::whole_size() const noexcept {
    return used() - header_size - prefix_size_ + std::size_t{count_} * prefix_size_;
}

[[gnu::noinline]] bool Page::has_prefix(Bytes key) const noexcept {
    return key.size() >= prefix_size_ && is_equal(key.data(), body_.data(), prefix_size_);
}

// Of a key that is whole.
Fit Page::fit_of(const Entry& entry) const noexcept {
    FRESHET_CHECK(entry.key.front.empty());
    const Bytes key = entry.key.back;
    const std::size_t size = entry_overhead + key.size() + entry.value.size();
    const bool shares_all = has_prefix(key);
    if (shares_all && size - prefix_size_ <= free_size()) return Fit::beside;
    const std::size_t common = shares_all ? prefix_size_ : common_size(key, prefix());
    const std::size_t used =
        header_size + common + whole_size() + size - (count_ + std::size_t{1}) * common;
    return used <= page_size ? Fit::anew : Fit::none;
}

std::uint64_t Page::head(std::uint32_t position) const noexcept {
    return load<std::uint64_t>(heads() + position * std::size_t{8});
}

Bytes Page::suffix(std::uint32_t position) const noexcept {
    const Slot slot = this->slot(position);
    return {slot.entry + sizes_size + slot.value_size, slot.suffix_size};
}

bool Page::has(std::uint32_t position, Bytes key) const noexcept {
    if (position >= count_) return false;
    const Bytes behind = suffix(position);
    return key.size() == prefix_size_ + behind.size() &&
           is_equal(key.data(), body_.data(), prefix_size_) &&
           is_equal(key.data() + prefix_size_, behind.data(), behind.size());
}

Key Page::key(std::uint32_t position) const noexcept {
    FRESHET_CHECK(position < count_);
    return {prefix(), suffix(position)};
}

bool Page::begins_with(std::uint32_t position, Bytes start) const noexcept {
    if (start.size() <= prefix_size_) return true;
    const Bytes rest = start.subspan(prefix_size_);
    const Bytes suffix = this->suffix(position);
    return suffix.size() >= rest.size() &&
           std::memcmp(suffix.data(), rest.data(), rest.size()) == 0;
}

Bytes Page::value(std::uint32_t position) const noexcept {
    FRESHET_CHECK(position < count_);
    const Slot slot = this->slot(position);
    return {slot.entry + sizes_size, slot.value_size};
}

bool Page::is_erased(std::uint32_t position) const noexcept {
    return slot(position).is_erased;
}

std::size_t Page::free_size() const noexcept {
    return heap_ - header_size - prefix_size_ - count_ * std::size_t{10};
}

// The first position whose head is not less. Without branches: a wrong guess costs more than a
// step.
std::uint32_t Page::lower_bound(std::uint64_t wanted) const noexcept {
    const std::byte* const all = heads();
    const std::byte* first = all;
    for (std::size_t count = count_; count > 0;) {
        const std::size_t half = (count + 1) / 2;
        const std::byte* const behind = first + half * 8;
        first = load<std::uint64_t>(behind - 8) < wanted ? behind : first;
        count -= half;
    }
    return static_cast<std::uint32_t>(static_cast<std::size_t>(first - all) / 8);
}

Place Page::search(Bytes key) const noexcept {
    if (!has_prefix(key)) return {compare(key, prefix()) < 0 ? 0U : count_, false};
    const Bytes rest = key.subspan(prefix_size_);
    const std::uint64_t wanted = head_of(rest);
    const std::uint32_t first = lower_bound(wanted);
    if (first == count_ || head(first) != wanted) return {first, false};
    const int order = compare_behind_head(suffix(first), rest);
    return order < 0 ? search_ties(first + 1, wanted, rest) : Place{first, order == 0};
}

// Most prefixes are short, and so is what most keys have behind them.
Page::Start Page::begin_search(Bytes key) const noexcept {
    const std::uint64_t difference =
        load<std::uint64_t>(key.data()) ^ load<std::uint64_t>(body_.data());
    const bool is_short = prefix_size_ < 8 && key.size() >= prefix_size_;
    const bool has_prefix =
        is_short ? difference << (56 - 8 * prefix_size_) << 8 == 0 : this->has_prefix(key);
    if (!has_prefix) return {compare(key, prefix()) < 0 ? 0U : count_, false};
    const Bytes rest = key.subspan(prefix_size_);
    const std::uint64_t head = big_endian(load<std::uint64_t>(rest.data()));
    const std::uint64_t wanted =
        rest.size() < 8 ? head & ~(~std::uint64_t{0} >> 8 * rest.size()) : head;
    const std::uint32_t first = lower_bound(wanted);
    return {first, first < count_ && this->head(first) == wanted};
}

Place Page::end_search(Bytes key, const Start& start) const noexcept {
    if (!start.may_be_found) return {start.position, false};
    const Bytes rest = key.subspan(prefix_size_);
    const int order = compare_behind_head(suffix(start.position), rest);
    if (order >= 0) return {start.position, order == 0};
    return search_ties(start.position + 1, head_of(rest), rest);
}

// Heads and slots.
std::byte Page::load_front() const noexcept {
    const std::size_t size = header_size + prefix_size_ + count_ * std::size_t{10};
    std::byte sum = *bytes();
    for (std::size_t at = 64; at < size; at += 64) sum ^= bytes()[at];
    return sum;
}

bool Page::is_behind(Bytes key) const noexcept {
    FRESHET_CHECK(count_ > 0);
    return has_prefix(key) && head(count_ - 1U) < head_of(key.subspan(prefix_size_));
}

// Among the entries from `first` on, whose heads are not less.
Place Page::search_ties(std::uint32_t first, std::uint64_t wanted, Bytes rest) const noexcept {
    std::uint32_t last = count_;
    while (first < last) {
        const std::uint32_t middle = first + (last - first) / 2;
        const int order = head(middle) != wanted ? 1 : compare_behind_head(suffix(middle), rest);
        if (order == 0) return {middle, true};
        if (order < 0) first = middle + 1;
        if (order > 0) last = middle;
    }
    return {first, false};
}

std::uint32_t Page::child(std::uint32_t index) const noexcept {
    if (index == 0) return first_child_;
    return load<std::uint32_t>(at(offset(index - 1)) + sizes_size);
}

void Page::set_child(std::uint32_t index, std::uint32_t number) noexcept {
    FRESHET_CHECK(index <= count_);
    if (index == 0) first_child_ = number;
    if (index > 0) store(at(offset(index - 1)) + sizes_size, number);
}

void Page::remove_child(std::uint32_t index) noexcept {
    FRESHET_CHECK(index <= count_);
    if (index > 0) return remove(index - 1);
    first_child_ = count_ > 0 ? child(1) : 0;
    if (count_ > 0) remove(0);
}

void Page::adopt(Bytes child) noexcept {
    FRESHET_CHECK(child.size() == sizeof first_child_);
    first_child_ = load<std::uint32_t>(child.data());
}

void Page::note_insert(std::uint32_t position) noexcept {
    const bool ascends = position == last_insert_ + 1U;
    run_ = ascends ? static_cast<std::uint16_t>(run_ + 1) : std::uint16_t{0};
    last_insert_ = static_cast<std::uint16_t>(position);
}

// Makes room for a head and a slot.
void Page::open_slot(std::uint32_t position) noexcept {
    FRESHET_CHECK(10 <= free_size());
    std::byte* const slots = heads() + count_ * std::size_t{8};
    std::byte* const slot = slots + position * std::size_t{2};
    std::byte* const place = heads() + position * std::size_t{8};
    std::memmove(slot + 10, slot, (count_ - position) * std::size_t{2});
    std::memmove(place + 8, place, static_cast<std::size_t>(slot - place));
    count_++;
}

void Page::insert(std::uint32_t position, const Entry& entry, Fit fit) noexcept {
    FRESHET_CHECK(position <= count_);
    if (fit == Fit::beside) {
        open_slot(position);
        place(position, entry);
    } else {
        Page old;
        old.copy_content(*this);
        build(Sequence{old, position, entry}, 0, old.count_ + 1U);
    }
    note_insert(position);
}

[[gnu::noinline]] void Page::put_slot(std::byte* slot, std::size_t offset, std::size_t suffix_size,
                                      std::size_t value_size, bool is_erased) noexcept {
    FRESHET_CHECK(value_size < page_size);
    const std::size_t erased = is_erased ? 0x800 : 0;
    const std::size_t high = (value_size & 0x700) << 4 | (suffix_size & 0x100) << 7;
    store(slot, static_cast<std::uint16_t>(offset | erased | high));
    store(at(offset), static_cast<std::uint16_t>((suffix_size & 0xff) | (value_size & 0xff) << 8));
}

void Page::begin(Bytes prefix, std::uint32_t count) noexcept {
    count_ = narrow(count);
    prefix_size_ = narrow(prefix.size());
    copy_bytes(body_.data(), prefix);
}

void Page::lay(std::uint32_t position, Bytes bytes, std::size_t value_size, Bytes middle,
               bool is_erased) noexcept {
    const std::size_t size = sizes_size + middle.size() + bytes.size();
    FRESHET_CHECK(size <= free_size());
    heap_ = narrow(heap_ - size);
    std::byte* const head = heads() + position * std::size_t{8};
    std::byte* const slot = heads() + count_ * std::size_t{8} + position * std::size_t{2};
    const std::size_t suffix_size = middle.size() + bytes.size() - value_size;
    put_slot(slot, heap_, suffix_size, value_size, is_erased);
    std::byte* const into = at(heap_) + sizes_size;
    std::memcpy(into, bytes.data(), middle.empty() ? bytes.size() : value_size);
    if (!middle.empty()) {
        std::memcpy(into + value_size, middle.data(), middle.size());
        copy_bytes(into + value_size + middle.size(), bytes.subspan(value_size));
    }
    store(head, head_in_page(into + value_size, suffix_size));
}

// Where there is room for a head and a slot, which say nothing yet.
[[gnu::noinline]] void Page::place(std::uint32_t position, const Entry& entry) noexcept {
    const std::size_t suffix_size = entry.key.size() - prefix_size_;
    const std::size_t size = sizes_size + suffix_size + entry.value.size();
    FRESHET_CHECK(size <= free_size());
    heap_ = narrow(heap_ - size);
    std::byte* const head = heads() + position * std::size_t{8};
    std::byte* const slot = heads() + count_ * std::size_t{8} + position * std::size_t{2};
    put_slot(slot, heap_, suffix_size, entry.value.size(), entry.is_erased);
    std::byte* const into = at(heap_) + sizes_size;
    copy_bytes(into, entry.value);
    std::byte* const suffix = into + entry.value.size();
    entry.key.copy(prefix_size_, suffix);
    store(head, head_of({suffix, suffix_size}));
}

void Page::remove(std::uint32_t position) noexcept {
    FRESHET_CHECK(position < count_);
    const Slot old = this->slot(position);
    const std::size_t size = sizes_size + old.suffix_size + old.value_size;
    if (old.entry == at(heap_))
        heap_ = narrow(heap_ + size);
    else
        garbage_ = narrow(garbage_ + size);
    std::byte* const place = heads() + position * std::size_t{8};
    std::byte* const slot = heads() + count_ * std::size_t{8} + position * std::size_t{2};
    std::memmove(place, place + 8, static_cast<std::size_t>(slot - place - 8));
    std::memmove(slot - 8, slot + 2, (count_ - position - 1U) * std::size_t{2});
    count_--;
}

void Page::replace(std::uint32_t position, Bytes value, bool is_erased) noexcept {
    const Slot old = slot(position);
    if (old.value_size == value.size()) {
        std::byte* const slot = heads() + count_ * std::size_t{8} + position * std::size_t{2};
        put_slot(slot, offset(position), old.suffix_size, old.value_size, is_erased);
        return copy_bytes(at(offset(position)) + sizes_size, value);
    }
    const Entry entry{key(position), value, is_erased};
    if (sizes_size + value.size() + old.suffix_size > free_size()) return compact(position, entry);
    garbage_ = narrow(garbage_ + sizes_size + old.value_size + old.suffix_size);
    place(position, entry);
}

// Gives an entry another value, and lays the entries side by side.
[[gnu::cold]] void Page::compact(std::uint32_t position, const Entry& entry) noexcept {
    Page old;
    old.copy_content(*this);
    const Entry same{old.key(position), entry.value, entry.is_erased};
    old.remove(position);
    build(Sequence{old, position, same}, 0, count_);
}

void Page::build(const Sequence& sequence, std::uint32_t from, std::uint32_t to) noexcept {
    FRESHET_CHECK(from < to);
    count_ = narrow(to - from);
    heap_ = page_size;
    garbage_ = 0;
    prefix_size_ = narrow(sequence.prefix_size(from, to));
    const Key first = sequence.at(from).key;
    const std::size_t from_front = std::min<std::size_t>(prefix_size_, first.front.size());
    copy_bytes(body_.data(), first.front.first(from_front));
    copy_bytes(body_.data() + from_front, first.back.first(prefix_size_ - from_front));
    for (std::uint32_t i = from; i < to;) {
        const Piece piece = sequence.piece(i, to);
        const bool takes = piece.page != nullptr && piece.page->prefix_size_ <= prefix_size_;
        if (takes) take(i - from, piece);
        if (!takes) place(i - from, sequence.at(i));
        i += takes ? piece.count : 1;
    }
}

// Of a page whose prefix is the start of this one's. The room is there, as in place().
void Page::take(std::uint32_t position, const Piece& piece) noexcept {
    const Page& page = *piece.page;
    const std::size_t cut = prefix_size_ - page.prefix_size_;
    std::byte* head = heads() + position * std::size_t{8};
    std::byte* slot = heads() + count_ * std::size_t{8} + position * std::size_t{2};
    const std::size_t lowest = heap_ - free_size();
    std::size_t heap = heap_;
    for (std::uint32_t i = 0; i < piece.count; i++, head += 8, slot += 2) {
        const Slot from = page.slot(piece.position + i);
        const std::size_t front = sizes_size + from.value_size;
        const std::size_t back = from.suffix_size - cut;
        FRESHET_CHECK(front + back <= heap - lowest);
        heap -= front + back;
        std::byte* const into = at(heap);
        std::memcpy(into, from.entry, front);
        std::memcpy(into + front, from.entry + front + cut, back);
        put_slot(slot, heap, back, from.value_size, from.is_erased);
        store(head, head_of({into + front, back}));
    }
    heap_ = narrow(heap);
}

bool Page::append(const Entry& entry, std::size_t common) noexcept {
    const std::size_t size = entry_overhead + entry.size();
    if (count_ > 0 && common >= prefix_size_) {
        if (size - prefix_size_ > free_size()) return false;
        open_slot(count_);
        place(count_ - 1U, entry);
        return true;
    }
    const std::size_t prefix = count_ == 0 ? entry.key.size() : common;
    if (header_size + prefix + whole_size() + size - (count_ + std::size_t{1}) * prefix > page_size)
        return false;
    Page old;
    old.copy_content(*this);
    build(Sequence{old, count_, entry}, 0, old.count_ + 1U);
    return true;
}

std::byte* Page::make_columns(std::size_t size) noexcept {
    FRESHET_CHECK(size <= free_size());
    garbage_ = narrow(heap_ - size);
    return at(garbage_);
}

bool Page::is_sound(std::uint32_t number) const noexcept {
    const std::size_t front = header_size + prefix_size_ + count_ * std::size_t{10};
    if (front > heap_ || heap_ > page_size || count_ > count_max) return false;
    if (first_child_ == 0 ? count_ == 0 : first_child_ >= number) return false;
    const bool has_columns = garbage_ != 0;
    if (has_columns && (first_child_ != 0 || garbage_ < front || !Columns::are_sound(*this)))
        return false;
    std::uint64_t head_before = 0;
    for (std::uint32_t i = 0; i < count_; i++) {
        const std::size_t offset = this->offset(i);
        if (offset < heap_ || offset + sizes_size > page_size) return false;
        const Slot slot = this->slot(i);
        if (offset + sizes_size + slot.value_size + slot.suffix_size > page_size) return false;
        if (prefix_size_ + slot.suffix_size - 1 >= key_size_max) return false;

        const std::uint64_t head = this->head(i);
        const std::byte* const suffix = slot.entry + sizes_size + slot.value_size;
        if (head != head_in_page(suffix, slot.suffix_size)) return false;
        if (i > 0 && head <= head_before && (head < head_before || !is_tie_in_order(i)))
            return false;
        head_before = head;
        if (first_child_ != 0 && !is_child_sound(i, slot, number)) return false;
    }
    return true;
}

bool Page::is_tie_in_order(std::uint32_t position) const noexcept {
    return compare_behind_head(suffix(position - 1), suffix(position)) < 0;
}

bool Page::is_child_sound(std::uint32_t position, const Slot& slot,
                          std::uint32_t number) const noexcept {
    if (slot.value_size < sizeof first_child_ || slot.is_erased) return false;
    const std::uint32_t child = this->child(position + 1);
    return child != 0 && child < number;
}

Piece Sequence::piece(std::uint32_t index, std::uint32_t to) const noexcept {
    FRESHET_CHECK(index < to && to <= count());
    if (index < left_count_) return {left_, index, std::min(to, left_count_) - index};
    const std::uint32_t between = between_ != nullptr ? 1 : 0;
    if (index - left_count_ < between) return {};
    return {right_, right_first_ + index - left_count_ - between, to - index};
}

[[gnu::noinline]] Entry Sequence::at(std::uint32_t index) const noexcept {
    const Piece piece = this->piece(index, index + 1);
    return piece.page == nullptr ? *between_ : piece.page->entry(piece.position);
}

std::size_t Sequence::prefix_size(std::uint32_t from, std::uint32_t to) const noexcept {
    FRESHET_CHECK(from < to);
    return common_size(at(from).key, at(to - 1).key);
}

}  // namespace freshet::tree

// SPDX-License-Identifier: MIT
#include "store/gather.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "base/hash.hpp"
#include "base/utf8.hpp"

namespace freshet::store {

namespace {

// What a flush may take of the pool: what it adds, in pages half full, and the way to each stream,
// whose pages are copied before they are changed, and may be full by then and divided. But a page
// of the tree is copied once, and once divided before it has room.
constexpr std::size_t event_cost = 32;
constexpr std::size_t way_cost = std::size_t{8} * tree::page_size;
constexpr std::size_t stream_cost(std::size_t name_size) noexcept {
    return 2 * (name_size + 64);
}

// Cuts an array from the front of memory.
template <class T>
std::span<T> cut(MutableBytes& memory, std::size_t count) noexcept {
    const std::span<T> array{reinterpret_cast<T*>(memory.data()), count};
    memory = memory.subspan(count * sizeof(T));
    return array;
}

std::uint64_t head_of(std::string_view text) noexcept {
    std::array<std::byte, 8> padded{};
    if (!text.empty())
        std::memcpy(padded.data(), text.data(), std::min<std::size_t>(text.size(), 8));
    return load_key(padded.data());
}

}  // namespace

void Gather::begin() noexcept {
    budget_ = 0;
    stream_count_ = 0;
}

void Gather::take_memory() noexcept {
    constexpr std::size_t useful_size_max = std::size_t{8} << 20;
    const MutableBytes untouched = state_.delta.untouched();
    if (untouched.size() < 8 * way_cost) return take_least();
    const std::size_t size = std::min(untouched.size() / 4, useful_size_max) / 64 * 64;
    budget_ = untouched.size() - size;
    ways_ = 2 * state_.delta.page_used() * tree::page_size;
    take(untouched.last(size));
}

// Where so much is to be put into the tree that it might come to where this works.
void Gather::take_least() noexcept {
    budget_ = ~std::size_t{0};
    take(MutableBytes{least_});
}

// For each stream room for two events and a name of 32 bytes.
void Gather::take(MutableBytes memory) noexcept {
    constexpr std::size_t of_event = 8 + 8 + 4;
    constexpr std::size_t of_bucket = 4;
    constexpr std::size_t share = sizeof(Entry) + sizeof(Place) + 2 * of_event + 2 * of_bucket + 32;
    const std::size_t count = memory.size() / share;
    entries_ = cut<Entry>(memory, count);
    places_ = cut<Place>(memory, count);
    addresses_ = cut<std::uint64_t>(memory, 2 * count);
    grouped_ = cut<std::uint64_t>(memory, 2 * count);
    numbers_ = cut<std::uint32_t>(memory, 2 * count);
    buckets_ = cut<std::uint32_t>(memory, std::bit_floor(2 * count));
    names_ = cut<char>(memory, memory.size());
    std::fill(buckets_.begin(), buckets_.end(), 0U);
    stream_count_ = 0;
    event_count_ = 0;
    names_size_ = 0;
    generation_++;
}

std::uint32_t* Gather::bucket(std::string_view wanted, std::uint32_t hash) noexcept {
    std::size_t at = hash;
    for (;; at++) {
        std::uint32_t& number = buckets_[at & (buckets_.size() - 1)];
        if (number == 0) return &number;
        const Entry& entry = entries_[number - 1];
        if (entry.hash == hash && name(entry) == wanted) return &number;
    }
}

bool Gather::has_room(std::size_t name_size) const noexcept {
    return stream_count_ < buckets_.size() / 2 + buckets_.size() / 4 &&
           stream_count_ < entries_.size() && names_.size() - names_size_ >= name_size &&
           budget_ >= way_cost + stream_cost(name_size);
}

std::uint32_t Gather::hash_of(std::string_view name) noexcept {
    return static_cast<std::uint32_t>(hash(0, as_bytes(name)));
}

Result<std::uint32_t> Gather::stream(std::string_view wanted, std::uint32_t hash,
                                     std::uint64_t first_index, std::uint64_t address) noexcept {
    const std::uint32_t* const found = bucket(wanted, hash);
    if (*found != 0) return *found - 1;
    if (!has_room(wanted.size())) {
        const Status flushed = flush();
        if (!flushed) return flushed.error();
    }
    return enter(wanted, hash, first_index, address);
}

Result<std::uint32_t> Gather::enter(std::string_view wanted, std::uint32_t hash,
                                    std::uint64_t first_index, std::uint64_t address) noexcept {
    Stream stream;
    const Result<bool> known = find_stream(state_.view(), wanted, stream);
    if (!known) return known.error();
    if (!*known && (first_index != 0 || !is_name(wanted, stream_name_size_max)))
        return Code::corrupt;
    const std::uint32_t number = stream_count_++;
    entries_[number] = {.count = *known ? stream.count : 0,
                        .created = *known ? 0 : address,
                        .hash = hash,
                        .added = 0,
                        .name_at = static_cast<std::uint32_t>(names_size_),
                        .name_size = static_cast<std::uint32_t>(wanted.size())};
    std::memcpy(names_.data() + names_size_, wanted.data(), wanted.size());
    names_size_ += wanted.size();
    *bucket(wanted, hash) = number + 1;
    if (!*known) state_.working.stream_count++;
    const std::size_t way = std::min(ways_, way_cost);
    ways_ -= way;
    budget_ -= way + stream_cost(wanted.size());
    return number;
}

bool Gather::push(std::uint32_t number, std::uint64_t address) noexcept {
    if (event_count_ == numbers_.size() || budget_ < event_cost) return false;
    budget_ -= event_cost;
    numbers_[event_count_] = number;
    addresses_[event_count_++] = address;
    entries_[number].added++;
    return true;
}

std::size_t Gather::common_size() const noexcept {
    const std::string_view first = name(entries_[0]);
    std::size_t common = first.size();
    for (const Entry& entry : entries_.first(stream_count_)) {
        const std::string_view other = name(entry);
        std::size_t same = 0;
        while (same < common && same < other.size() && other[same] == first[same]) same++;
        common = same;
    }
    return common;
}

// By heads, a byte at a time from the last one, and those of equal heads by their names.
void Gather::sort() noexcept {
    const std::size_t common = common_size();
    std::span<Place> places = places_.first(stream_count_);
    std::uint64_t differing = 0;
    for (std::uint32_t i = 0; i < stream_count_; i++) {
        const std::string_view text = name(entries_[i]);
        places[i] = {head_of({text.data() + common, text.size() - common}), i, 0};
        differing |= places[i].head ^ places[0].head;
    }
    std::span<Place> sorted{reinterpret_cast<Place*>(grouped_.data()), stream_count_};
    for (std::uint32_t shift = 0; shift < 64; shift += 8) {
        if ((differing >> shift & 0xff) == 0) continue;
        sort_by_byte(places, sorted, shift);
        std::swap(places, sorted);
    }
    if (places.data() != places_.data()) std::copy(places.begin(), places.end(), places_.begin());
    sort_ties();
}

void Gather::sort_by_byte(std::span<const Place> places, std::span<Place> sorted,
                          std::uint32_t shift) noexcept {
    std::array<std::uint32_t, 256> next{};
    for (const Place& place : places) next[place.head >> shift & 0xff]++;
    std::exclusive_scan(next.begin(), next.end(), next.begin(), std::uint32_t{0});
    for (const Place& place : places) sorted[next[place.head >> shift & 0xff]++] = place;
}

void Gather::sort_ties() noexcept {
    const auto by_name = [this](const Place& a, const Place& b) noexcept {
        return name(entries_[a.number]) < name(entries_[b.number]);
    };
    const auto end = places_.begin() + stream_count_;
    for (auto first = places_.begin(); first != end;) {
        const auto last = std::find_if(
            first, end, [first](const Place& place) noexcept { return place.head != first->head; });
        std::make_heap(first, last, by_name);
        std::sort_heap(first, last, by_name);
        first = last;
    }
}

// Lays the addresses of each stream side by side. For the time, `created` and `added` stay as they
// are, and the bucket array holds where the next address of a stream goes.
void Gather::group() noexcept {
    const std::span<std::uint32_t> next = buckets_.first(stream_count_);
    std::uint32_t first = 0;
    for (Place& place : places_.first(stream_count_)) {
        place.first = first;
        next[place.number] = first;
        first += entries_[place.number].added;
    }
    for (std::uint32_t i = 0; i < event_count_; i++) grouped_[next[numbers_[i]]++] = addresses_[i];
}

Status Gather::put(const Place& place) noexcept {
    const Entry& entry = entries_[place.number];
    if (entry.created == 0 && entry.added == 0) return Done{};
    const std::string_view text = name(entry);
    StreamBuilder builder;
    builder.create(entry.created);
    if (entry.created == 0) {
        Stream stream;
        const Result<bool> known = find_stream(state_.delta, text, stream);
        FRESHET_CHECK(known && *known);
        const Status opened = builder.open(stream);
        if (!opened) return opened;
    }
    for (const std::uint64_t address : grouped_.subspan(place.first, entry.added)) {
        const Status pushed = builder.push(state_.delta, text, address);
        if (!pushed) return pushed;
    }
    return builder.put(state_.delta, text);
}

Status Gather::make_room(std::size_t page_count) noexcept {
    const std::size_t cost = page_count * tree::page_size;
    if (budget_ < cost) {
        const Status flushed = flush();
        if (!flushed) return flushed;
    }
    if (budget_ < cost) take_least();
    budget_ -= cost;
    return Done{};
}

Status Gather::flush() noexcept {
    const Status put = put_all();
    if (put) take_memory();
    return put;
}

Status Gather::put_all() noexcept {
    if (stream_count_ > 0) {
        sort();
        group();
    }
    const std::uint32_t last = stream_count_ - 1;
    for (std::uint32_t i = 0; i < stream_count_; i++) {
        __builtin_prefetch(&entries_[places_[std::min(i + 16, last)].number]);
        __builtin_prefetch(name(entries_[places_[std::min(i + 8, last)].number]).data());
        const Status done = put(places_[i]);
        if (!done) return done;
    }
    return Done{};
}

}  // namespace freshet::store

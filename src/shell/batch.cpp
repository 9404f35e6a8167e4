// SPDX-License-Identifier: MIT
#include "shell/batch.hpp"

#include <new>

namespace freshet::shell {
namespace {

// Of the memory, for what is known of each event; the rest is for text.
constexpr std::size_t events_share = 5;

template <class T>
std::span<T> make(std::byte* memory, std::size_t count) noexcept {
    T* const first = reinterpret_cast<T*>(memory);
    for (std::size_t i = 0; i < count; i++) ::new (static_cast<void*>(first + i)) T{};
    return {first, count};
}

}  // namespace

Batch::Batch(MutableBytes own) noexcept {
    const std::size_t size = own.size() / events_share;
    const std::size_t count = size / (sizeof(Event) + sizeof(StreamAppend));
    events_ = make<Event>(own.data(), count);
    appends_ = make<StreamAppend>(own.data() + count * sizeof(Event), count);
    text_ = {reinterpret_cast<char*>(own.data() + size), own.size() - size};
}

void Batch::add(std::string_view stream) noexcept {
    if (append_count_ == 0 || appends_[append_count_ - 1].stream != stream) {
        appends_[append_count_++] = {
            .stream = stream, .expected = Expected::any(), .events = {&events_[count_], 0}};
    }
    std::span<const Event>& events = appends_[append_count_ - 1].events;
    events = {events.data(), events.size() + 1};
    count_++;
}

}  // namespace freshet::shell

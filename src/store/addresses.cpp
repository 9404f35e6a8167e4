// SPDX-License-Identifier: MIT
#include "store/addresses.hpp"

#include <algorithm>
#include <bit>

namespace freshet::store {

namespace {

constexpr std::uint64_t ones(std::uint32_t width) noexcept {
    return (std::uint64_t{1} << width) - 1;
}

}  // namespace

std::byte* put_block(std::byte* to, const Addresses& addresses) noexcept {
    const std::uint64_t first = addresses.front();
    const std::uint64_t step = (addresses.back() - first) / (block_event_count - 1);
    std::array<std::int64_t, block_event_count> deviations;
    for (std::uint32_t i = 0; i < block_event_count; i++)
        deviations[i] = static_cast<std::int64_t>(addresses[i] - first - i * step);
    const auto [least, greatest] = std::minmax_element(deviations.begin(), deviations.end());
    const std::uint64_t bias = std::uint64_t{0} - static_cast<std::uint64_t>(*least);
    const auto width =
        static_cast<std::uint32_t>(std::bit_width(static_cast<std::uint64_t>(*greatest) + bias));
    FRESHET_CHECK(width <= block_width_max && step >> block_width_max == 0);
    store_at(to, first - bias);
    store_at(to + 8, step | std::uint64_t{width} << block_width_max);
    to += 16;
    std::uint64_t pending = 0;
    std::uint32_t pending_width = 0;
    for (const std::int64_t deviation : deviations) {
        pending |= (static_cast<std::uint64_t>(deviation) + bias) << pending_width;
        for (pending_width += width; pending_width >= 8; pending_width -= 8, pending >>= 8)
            *to++ = static_cast<std::byte>(pending);
    }
    return to;
}

Status Block::open(Bytes value) noexcept {
    if (value.size() < 16) return Code::corrupt;
    const auto step_and_width = load<std::uint64_t>(value.data() + 8);
    start_ = load<std::uint64_t>(value.data());
    step_ = step_and_width & ones(block_width_max);
    width_ = static_cast<std::uint32_t>(step_and_width >> block_width_max);
    numbers_ = value.subspan(16);
    if (width_ > block_width_max) return Code::corrupt;
    if (numbers_.size() != block_event_count * width_ / 8) return Code::corrupt;
    return Done{};
}

std::uint64_t Block::address(std::uint32_t number) const noexcept {
    const std::size_t bit = std::size_t{number} * width_;
    const Bytes from = numbers_.subspan(bit / 8);
    std::uint64_t word = 0;
    if (!from.empty()) std::memcpy(&word, from.data(), std::min<std::size_t>(from.size(), 8));
    return start_ + number * step_ + (word >> (bit % 8) & ones(width_));
}

// Each number from the 8 bytes that begin with it, the last ones from the last 8 bytes.
void Block::expand(Addresses& addresses) const noexcept {
    std::array<std::byte, 8> few{};
    Bytes numbers = numbers_;
    if (numbers.size() < few.size()) {
        std::copy(numbers.begin(), numbers.end(), few.begin());
        numbers = few;
    }
    const std::size_t last = numbers.size() - few.size();
    const std::uint64_t mask = ones(width_);
    std::uint64_t address = start_;
    for (std::size_t i = 0, bit = 0; i < block_event_count; i++, bit += width_, address += step_) {
        const std::size_t at = std::min(bit / 8, last);
        addresses[i] =
            address + (load<std::uint64_t>(numbers.data() + at) >> (bit - 8 * at) & mask);
    }
}

Status expand_tail(Bytes tail, std::uint32_t count, Addresses& addresses) noexcept {
    Reader reader{tail};
    std::uint64_t address = reader.varint();
    for (std::uint32_t i = count - 1; i > 0; i--) {
        addresses[i] = address;
        address -= reader.varint();
    }
    addresses[0] = address;
    if (!reader.ok() || !reader.at_end()) return Code::corrupt;
    return Done{};
}

Status TailBuilder::open(Bytes tail) noexcept {
    Reader reader{tail};
    newest_ = tail.empty() ? 0 : reader.varint();
    const auto size = static_cast<std::size_t>(tail.data() + tail.size() - reader.position());
    if (!reader.ok() || size > distances_.size()) return Code::corrupt;
    begin_ = distances_.size() - size;
    if (size > 0) std::memcpy(distances_.data() + begin_, reader.position(), size);
    return Done{};
}

void TailBuilder::push(std::uint64_t address) noexcept {
    if (!is_empty()) {
        const std::uint64_t distance = address - newest_;
        const std::size_t size = varint_size(distance);
        FRESHET_CHECK(size <= begin_);
        begin_ -= size;
        put_varint(distances_.data() + begin_, distance);
    }
    newest_ = address;
}

std::byte* TailBuilder::put(std::byte* to) const noexcept {
    if (is_empty()) return to;
    to = put_varint(to, newest_);
    const std::size_t size = distances_.size() - begin_;
    if (size > 0) std::memcpy(to, distances_.data() + begin_, size);
    return to + size;
}

}  // namespace freshet::store

// SPDX-License-Identifier: MIT
#include "tree/leaf_builder.hpp"

#include <algorithm>
#include <cstring>

namespace freshet::tree {

bool LeafBuilder::add(const Entry& entry, std::size_t common, std::size_t columns_size) noexcept {
    const std::size_t prefix = count_ == 0 ? entry.key.size() : std::min(prefix_size_, common);
    const std::size_t whole = whole_size_ + Page::entry_overhead + entry.size();
    const std::size_t used =
        Page::header_size + prefix + whole - (count_ + std::size_t{1}) * prefix;
    if (used + columns_size > page_size) return false;
    FRESHET_CHECK(entry.key.front.empty());
    const Bytes key = entry.key.back;
    const std::size_t rest_size = key.size() - prefix;
    FRESHET_CHECK(rest_size + entry.value.size() <= bytes_.size() - used_);
    if (count_ == 0) std::memcpy(first_.data(), key.data(), key.size());
    staged_[count_++] = {.at = static_cast<std::uint16_t>(used_),
                         .common_size = static_cast<std::uint16_t>(prefix),
                         .rest_size = static_cast<std::uint16_t>(rest_size),
                         .value_size = static_cast<std::uint16_t>(entry.value.size()),
                         .is_erased = entry.is_erased};
    std::byte* const to = bytes_.data() + used_;
    if (!entry.value.empty()) std::memcpy(to, entry.value.data(), entry.value.size());
    if (rest_size > 0) std::memcpy(to + entry.value.size(), key.data() + prefix, rest_size);
    used_ += entry.value.size() + rest_size;
    prefix_size_ = prefix;
    whole_size_ = whole;
    return true;
}

void LeafBuilder::write(Page& page) const noexcept {
    page.begin(Bytes{first_}.first(prefix_size_), count_);
    for (std::uint32_t i = 0; i < count_; i++) {
        const Staged& staged = staged_[i];
        const std::size_t size = std::size_t{staged.value_size} + staged.rest_size;
        const Bytes middle = Bytes{first_}.subspan(prefix_size_, staged.common_size - prefix_size_);
        page.lay(i, Bytes{bytes_}.subspan(staged.at, size), staged.value_size, middle,
                 staged.is_erased);
    }
}

}  // namespace freshet::tree

// SPDX-License-Identifier: MIT
#include "tree/leaf_builder.hpp"

#include <algorithm>

namespace freshet::tree {

bool LeafBuilder::add(const Entry& entry, std::size_t common, std::size_t columns_size) noexcept {
    const std::size_t prefix = count_ == 0 ? entry.key.size() : std::min(prefix_size_, common);
    const std::size_t whole = whole_size_ + Page::entry_overhead + entry.size();
    const std::size_t used =
        Page::header_size + prefix + whole - (count_ + std::size_t{1}) * prefix;
    if (used + columns_size > page_size) return false;
    const std::size_t common_with_first = count_ == 0 ? 0 : prefix;
    const std::size_t rest_size = entry.key.size() - common_with_first;
    FRESHET_CHECK(rest_size + entry.value.size() <= bytes_.size() - used_);
    staged_[count_++] = {.at = static_cast<std::uint16_t>(used_),
                         .common_size = static_cast<std::uint16_t>(common_with_first),
                         .rest_size = static_cast<std::uint16_t>(rest_size),
                         .value_size = static_cast<std::uint16_t>(entry.value.size()),
                         .is_erased = entry.is_erased};
    entry.key.copy(common_with_first, bytes_.data() + used_);
    used_ += rest_size;
    std::copy(entry.value.begin(), entry.value.end(),
              bytes_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += entry.value.size();
    prefix_size_ = prefix;
    whole_size_ = whole;
    return true;
}

Entry LeafBuilder::entry(const Staged& staged) const noexcept {
    const Bytes bytes =
        Bytes{bytes_}.subspan(staged.at, std::size_t{staged.rest_size} + staged.value_size);
    return {.key = {.front = Bytes{bytes_}.first(staged.common_size),
                    .back = bytes.first(staged.rest_size)},
            .value = bytes.subspan(staged.rest_size),
            .is_erased = staged.is_erased};
}

void LeafBuilder::write(Page& page) const noexcept {
    page.begin(Bytes{bytes_}.first(prefix_size_), count_);
    for (std::uint32_t i = 0; i < count_; i++) page.place(i, entry(staged_[i]));
}

}  // namespace freshet::tree

// SPDX-License-Identifier: MIT
#include "tree/run.hpp"

#include "base/codec.hpp"
#include "tree/leaf_filter.hpp"

namespace freshet::tree {

Status Run::open(Bytes file, std::uint64_t store, std::uint64_t number, CheckedPages& checked,
                 std::uint32_t slot) noexcept {
    FRESHET_CHECK(reinterpret_cast<std::uintptr_t>(file.data()) % alignof(Page) == 0);
    RunHeader header;
    const Status decoded = decode(file, header);
    if (!decoded) return decoded;
    if (header.store != store) return Code::other_store;
    if (header.number != number) return Code::corrupt;
    file_ = file;
    header_ = header;
    checked_ = checked.take(slot, header.page_count);
    damaged_.store(false, std::memory_order_relaxed);
    return Done{};
}

const Page* Run::look_through(std::uint32_t number) const noexcept {
    const CheckedPages::Marks::Group group = checked_.group_of(number);
    const std::uint32_t end = std::min(group.end, header_.page_count + 1);
    for (std::uint32_t page = std::max(group.first, 1U); page < end; page++)
        if (!is_whole(page)) return fail();
    checked_.add(number);
    return at(number);
}

bool Run::is_whole(std::uint32_t number) const noexcept {
    const Page* const page = at(number);
    return load<std::uint64_t>(page->bytes()) == run_page_checksum(number, page->bytes()) &&
           page->is_sound(number);
}

Found Run::find(Bytes key) const noexcept {
    const Branch branch = branches()[family_of(key)];
    std::uint32_t number = branch.page;
    for (std::uint32_t height = branch.height; height > 0; height--) {
        const Page* const page = this->page(number, height > 1);
        if (page == nullptr) return {.value = file_.first(0), .is_known = true};
        const Place place = page->search(key);
        if (height > 1) {
            const std::uint32_t index = place.position + (place.found ? 1 : 0);
            number = page->child(index);
            const Bytes filter = height == 2 ? filter_of(*page, index) : Bytes{};
            if (!filter.empty() && !LeafFilter::may_have(filter, LeafFilter::hash_of(key))) break;
            at(number)->prefetch();
        } else if (place.found) {
            const bool is_erased = page->is_erased(place.position);
            return {.value = is_erased ? Bytes{} : page->value(place.position),
                    .is_known = true,
                    .record = record_of(*page, place.position)};
        }
    }
    return {};
}

}  // namespace freshet::tree

// SPDX-License-Identifier: MIT
#include "tree/cursor.hpp"

namespace freshet::tree {

void Cursor::seek(Bytes key) noexcept {
    valid_ = view_.root.page != 0;
    if (!valid_) return;
    descend(key);
    if (leaf().position == leaf().page->count()) to_next_leaf();
}

void Cursor::seek_before(Bytes key) noexcept {
    valid_ = view_.root.page != 0;
    if (!valid_) return;
    descend(key);
    previous();
}

void Cursor::first() noexcept {
    valid_ = view_.root.page != 0;
    if (valid_) descend_first(0, &view_.delta->pool_.at(view_.root.page));
}

void Cursor::last() noexcept {
    valid_ = view_.root.page != 0;
    if (valid_) descend_last(0, &view_.delta->pool_.at(view_.root.page));
}

void Cursor::next() noexcept {
    FRESHET_CHECK(valid_);
    leaf().position++;
    if (leaf().position == leaf().page->count()) to_next_leaf();
}

void Cursor::previous() noexcept {
    FRESHET_CHECK(valid_);
    if (leaf().position == 0) return to_previous_leaf();
    leaf().position--;
}

Bytes Cursor::key() const noexcept {
    FRESHET_CHECK(valid_);
    const Key key = leaf().page->key(leaf().position);
    key.copy(0, key_.data());
    return {key_.data(), key.size()};
}

Bytes Cursor::value() const noexcept {
    FRESHET_CHECK(valid_);
    return leaf().page->value(leaf().position);
}

void Cursor::descend(Bytes key) noexcept {
    const Page* page = &view_.delta->pool_.at(view_.root.page);
    for (std::uint32_t level = 0; level + 1 < view_.root.height; level++) {
        const Place place = page->search(key);
        const std::uint32_t index = place.position + (place.found ? 1 : 0);
        steps_[level] = {.page = page, .position = index};
        page = &view_.delta->pool_.at(page->child(index));
        page->prefetch();
    }
    leaf() = {.page = page, .position = page->search(key).position};
}

void Cursor::descend_first(std::uint32_t level, const Page* page) noexcept {
    for (; level + 1 < view_.root.height; level++) {
        steps_[level] = {.page = page, .position = 0};
        page = &view_.delta->pool_.at(page->child(0));
    }
    leaf() = {.page = page, .position = 0};
}

void Cursor::descend_last(std::uint32_t level, const Page* page) noexcept {
    for (; level + 1 < view_.root.height; level++) {
        steps_[level] = {.page = page, .position = page->count()};
        page = &view_.delta->pool_.at(page->child(page->count()));
    }
    leaf() = {.page = page, .position = page->count() - 1};
}

void Cursor::to_next_leaf() noexcept {
    for (std::uint32_t level = view_.root.height - 1; level-- > 0;) {
        Step& step = steps_[level];
        if (step.position == step.page->count()) continue;
        step.position++;
        return descend_first(level + 1, &view_.delta->pool_.at(step.page->child(step.position)));
    }
    valid_ = false;
}

void Cursor::to_previous_leaf() noexcept {
    for (std::uint32_t level = view_.root.height - 1; level-- > 0;) {
        Step& step = steps_[level];
        if (step.position == 0) continue;
        step.position--;
        return descend_last(level + 1, &view_.delta->pool_.at(step.page->child(step.position)));
    }
    valid_ = false;
}

}  // namespace freshet::tree

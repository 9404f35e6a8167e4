// SPDX-License-Identifier: MIT
#include "tree/cursor.hpp"

namespace freshet::tree {

bool Cursor::enter(std::size_t family) noexcept {
    family_ = family;
    branch_ = view_.root->branches[family];
    return branch_.page != 0;
}

void Cursor::seek(Bytes key) noexcept {
    valid_ = true;
    if (!enter(family_of(key))) return to_branch_from(family_ + 1);
    descend(key);
    if (leaf().position == leaf().page->count()) to_next_leaf();
}

void Cursor::seek_before(Bytes key) noexcept {
    valid_ = true;
    if (!enter(family_of(key))) return to_branch_before(family_);
    descend(key);
    previous();
}

void Cursor::first() noexcept {
    to_branch_from(0);
}

void Cursor::last() noexcept {
    to_branch_before(Root::family_count);
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
    const Page* page = this->page(branch_.page);
    for (std::uint32_t level = 0; level + 1 < branch_.height; level++) {
        const Place place = page->search(key);
        const std::uint32_t index = place.position + (place.found ? 1 : 0);
        steps_[level] = {.page = page, .position = index};
        page = this->page(page->child(index));
        page->prefetch();
    }
    leaf() = {.page = page, .position = page->search(key).position};
}

void Cursor::descend_first(std::uint32_t level, const Page* page) noexcept {
    for (; level + 1 < branch_.height; level++) {
        steps_[level] = {.page = page, .position = 0};
        page = this->page(page->child(0));
    }
    leaf() = {.page = page, .position = 0};
}

void Cursor::descend_last(std::uint32_t level, const Page* page) noexcept {
    for (; level + 1 < branch_.height; level++) {
        steps_[level] = {.page = page, .position = page->count()};
        page = this->page(page->child(page->count()));
    }
    leaf() = {.page = page, .position = page->count() - 1};
}

void Cursor::to_next_leaf() noexcept {
    for (std::uint32_t level = branch_.height - 1; level-- > 0;) {
        Step& step = steps_[level];
        if (step.position == step.page->count()) continue;
        step.position++;
        return descend_first(level + 1, page(step.page->child(step.position)));
    }
    to_branch_from(family_ + 1);
}

void Cursor::to_previous_leaf() noexcept {
    for (std::uint32_t level = branch_.height - 1; level-- > 0;) {
        Step& step = steps_[level];
        if (step.position == 0) continue;
        step.position--;
        return descend_last(level + 1, page(step.page->child(step.position)));
    }
    to_branch_before(family_);
}

// To the first entry of the first branch from a family on that has one.
void Cursor::to_branch_from(std::size_t family) noexcept {
    valid_ = false;
    for (; family < Root::family_count && !valid_; family++) valid_ = enter(family);
    if (valid_) descend_first(0, page(branch_.page));
}

// To the last entry of the last branch before a family that has one.
void Cursor::to_branch_before(std::size_t family) noexcept {
    valid_ = false;
    while (family > 0 && !valid_) valid_ = enter(--family);
    if (valid_) descend_last(0, page(branch_.page));
}

}  // namespace freshet::tree

// SPDX-License-Identifier: MIT
#include "tree/cursor.hpp"

namespace freshet::tree {

Cursor::Cursor(const View& view) noexcept
    : root_{view.root}, below_{view.root->below}, own_{view.delta->pages(), view.root->branches} {}

void Cursor::go(Bytes key, Direction direction) noexcept {
    below_ = root_->below;
    if (below_ != nullptr) return below_->seek(merged_, &own_, key, direction);
    own_.seek(key, direction);
}

bool Cursor::seek_exactly(Bytes key) noexcept {
    seek(key);
    return valid() && as_text(this->key()) == as_text(key);
}

void Cursor::step(Direction direction) noexcept {
    FRESHET_CHECK(valid());
    if (below_ != nullptr) return below_->step(merged_, &own_, direction);
    own_.step(direction);
}

Bytes Cursor::key() const noexcept {
    FRESHET_CHECK(valid());
    const Key key = below_ == nullptr ? own_.key() : merged_.key;
    key.copy(0, key_.data());
    return {key_.data(), key.size()};
}

Bytes Cursor::value() const noexcept {
    FRESHET_CHECK(valid());
    return below_ == nullptr ? own_.value() : merged_.value;
}

}  // namespace freshet::tree

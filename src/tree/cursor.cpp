// SPDX-License-Identifier: MIT
#include "tree/cursor.hpp"

namespace freshet::tree {

void Cursor::seek(Bytes key) noexcept {
    forwards_ = true;
    own_.seek(key);
    if (below_ != nullptr) below_->seek(lower_, key);
    settle();
}

void Cursor::seek_before(Bytes key) noexcept {
    forwards_ = false;
    own_.seek_before(key);
    if (below_ != nullptr) below_->seek_before(lower_, key);
    settle();
}

// Both stand at the next entry they have, in the direction of the cursor: it is the nearer one. Of
// two with one key the own one hides the other.
void Cursor::settle() noexcept {
    for (;;) {
        valid_ = own_.valid() && !lower_.damaged;
        is_lower_ = false;
        if (lower_.valid) {
            const int order = valid_ ? compare(own_.key(), lower_.key) : 1;
            valid_ = true;
            is_lower_ = order != 0 && (order > 0) == (forwards_ || !own_.valid());
            if (order == 0) below_->step(lower_);
        }
        if (!valid_ || is_lower_ || !own_.is_erased()) return;
        forwards_ ? own_.next() : own_.previous();
    }
}

void Cursor::step() noexcept {
    if (is_lower_) {
        below_->step(lower_);
    } else {
        forwards_ ? own_.next() : own_.previous();
    }
    settle();
}

void Cursor::next() noexcept {
    FRESHET_CHECK(valid_);
    if (!forwards_) {
        const Bytes here = key();
        seek(here);
    }
    if (valid_) step();
}

void Cursor::previous() noexcept {
    FRESHET_CHECK(valid_);
    if (!forwards_) return step();
    const Bytes here = key();
    seek_before(here);
}

Bytes Cursor::key() const noexcept {
    FRESHET_CHECK(valid_);
    const Key key = is_lower_ ? lower_.key : own_.key();
    key.copy(0, key_.data());
    return {key_.data(), key.size()};
}

Bytes Cursor::value() const noexcept {
    FRESHET_CHECK(valid_);
    return is_lower_ ? lower_.value : own_.value();
}

}  // namespace freshet::tree

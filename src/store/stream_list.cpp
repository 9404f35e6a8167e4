// SPDX-License-Identifier: MIT
// The list of streams. It keeps the last name and no place in the tree, so that it can be held
// without knowing what a tree is; each step is one search.
#include "freshet/stream_list.hpp"

#include <cstring>

#include "store/settings.hpp"
#include "store/state.hpp"

namespace freshet {

namespace {

// Greater than all of the store's own names, and not than those after them.
constexpr std::string_view behind_own = "%";

}  // namespace

Status StreamList::open(const Snapshot& snapshot, std::string_view prefix,
                        OwnStreams own) noexcept {
    snapshot_ = nullptr;
    if (!snapshot.is_open()) return Code::invalid_argument;
    if (prefix.size() > stream_name_size_max) return Code::invalid_name;
    snapshot_ = &snapshot;
    hides_own_ = own == OwnStreams::hidden && !store::is_reserved(prefix);
    is_after_ = false;
    prefix_size_ = prefix.size();
    size_ = prefix.size();
    if (size_ > 0) std::memcpy(name_.data(), prefix.data(), size_);
    return Done{};
}

Result<bool> StreamList::next(std::string_view& name) noexcept {
    if (snapshot_ == nullptr) return false;
    const tree::View view = snapshot_->state_->view(*snapshot_->published_);
    const std::string_view last{name_.data(), size_};
    store::StreamWalk walk{view, last};
    if (is_after_) walk.next();
    if (hides_own_ && walk.valid() && store::is_reserved(walk.name()))
        walk = store::StreamWalk{view, behind_own};
    if (walk.damaged()) return Code::corrupt;
    if (!walk.valid()) return false;
    const std::string_view found = walk.name();
    if (found.size() < prefix_size_ || std::memcmp(found.data(), name_.data(), prefix_size_) != 0)
        return false;
    std::memcpy(name_.data(), found.data(), found.size());
    size_ = found.size();
    is_after_ = true;
    name = {name_.data(), size_};
    return true;
}

}  // namespace freshet

// SPDX-License-Identifier: MIT
// Marks: where in the log a commit, an ordinal or a time is.
#include <algorithm>

#include "store/directory_key.hpp"

namespace freshet::store {

namespace {

Key mark_key(std::uint64_t number) noexcept {
    Key key{tag_mark};
    key.number(number);
    return key;
}

}  // namespace

Status put_mark(tree::Delta& delta, std::uint64_t number, const Mark& mark) noexcept {
    KeptBytes value;
    std::byte* to = put_varint(value.data(), mark.commit);
    to = put_varint(to, mark.ordinal);
    to = put_varint(to, mark.time_us);
    to = put_varint(to, mark.address);
    return delta.put(mark_key(number).bytes(), used(value, to));
}

// Marks are at even distances in the log, and so are commits for a while: the first steps go to
// where it would be if all were alike between the marks that are known, and then to the middle.
Result<bool> last_mark(const tree::View& view, std::uint64_t count, std::uint64_t Mark::*key,
                       std::uint64_t wanted, std::uint64_t newest, Mark& found) noexcept {
    constexpr std::uint32_t guess_count = 4;
    bool any = false;
    std::uint64_t low = 0;
    std::uint64_t lowest = 0;
    for (std::uint32_t tries = 0; low < count; tries++) {
        const double part =
            static_cast<double>(wanted - lowest) / (static_cast<double>(newest - lowest) + 1);
        const double steps = static_cast<double>(count - low) * (tries < guess_count ? part : 0.5);
        const std::uint64_t next = std::min(low + static_cast<std::uint64_t>(steps), count - 1);
        Mark mark;
        const Result<bool> there = find_mark(view, next, mark);
        if (!there) return there;
        if (!*there) return Code::corrupt;
        if (mark.*key <= wanted) {
            found = mark;
            any = true;
            low = next + 1;
            lowest = mark.*key;
        } else {
            count = next;
            newest = mark.*key;
        }
    }
    return any;
}

Result<bool> find_mark(const tree::View& view, std::uint64_t number, Mark& mark) noexcept {
    const Bytes value = tree::find(view, mark_key(number).bytes());
    if (value.data() == nullptr) return false;
    Reader reader{value};
    mark.commit = reader.varint();
    mark.ordinal = reader.varint();
    mark.time_us = reader.varint();
    mark.address = reader.varint();
    if (!reader.ok() || !reader.at_end()) return Code::corrupt;
    return true;
}

}  // namespace freshet::store

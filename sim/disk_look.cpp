// SPDX-License-Identifier: MIT
// Looking at a simulated disk, placing files on it, damaging and copying it.
#include <algorithm>
#include <cstring>

#include "freshet/sim.hpp"

namespace freshet {

Bytes SimDisk::contents(std::string_view name) const noexcept {
    const std::uint32_t slot = find(name);
    if (slot == none || names_[slot].inode == none) return {};
    return {cache(names_[slot].inode), inodes_[names_[slot].inode].size};
}

Bytes SimDisk::durable_contents(std::string_view name) const noexcept {
    const std::uint32_t slot = find(name);
    if (slot == none || names_[slot].durable == none) return {};
    return {durable(names_[slot].durable), inodes_[names_[slot].durable].durable_size};
}

Result<bool> SimDisk::peek(Note& note) const noexcept {
    if (!locked_) return Code::not_found;
    if (noted_) note = note_;
    return noted_;
}

bool SimDisk::exists(std::string_view name) const noexcept {
    const std::uint32_t slot = find(name);
    return slot != none && names_[slot].inode != none;
}

std::string_view SimDisk::file_name(std::size_t n) const noexcept {
    for (const Name& name : names_)
        if (name.text[0] != 0 && name.inode != none && n-- == 0) return name.text.data();
    return {};
}

Status SimDisk::place(std::string_view name, Bytes bytes) noexcept {
    if (bytes.size() > limits_.file_size_max) return Code::full;
    if (const std::uint32_t old = find(name); old != none)
        names_[old].inode = names_[old].durable = none;
    const std::uint32_t slot = make_name(name);
    const std::uint32_t inode = slot == none ? none : make_inode();
    if (inode == none) return Code::full;
    names_[slot].inode = names_[slot].durable = inode;
    const std::size_t step = profile.sector_size;
    inodes_[inode].size = inodes_[inode].durable_size = bytes.size();
    inodes_[inode].extent = (bytes.size() + step - 1) / step * step;
    if (bytes.empty()) return Done{};
    std::memcpy(cache(inode), bytes.data(), bytes.size());
    std::memcpy(durable(inode), bytes.data(), bytes.size());
    return Done{};
}

void SimDisk::clear() noexcept {
    for (Name& name : names_) name.inode = name.durable = none;
    drop_keys(Kind::name, 0, true);
    handles_ = {};
    for (Inode& inode : inodes_) inode.maps = 0;
    damage_.clear();
    collect_inodes();
}

Status SimDisk::damage(std::string_view name, std::uint64_t offset, Bytes bytes) noexcept {
    const std::uint32_t slot = find(name);
    if (slot == none || names_[slot].inode == none) return Code::not_found;
    const std::uint32_t inode = names_[slot].inode;
    if (offset > inodes_[inode].size || bytes.size() > inodes_[inode].size - offset)
        return Code::invalid_argument;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        std::byte& byte = cache(inode)[offset + i];
        damage_.push_back({inode, offset + i, byte, bytes[i]});
        byte = bytes[i];
        durable(inode)[offset + i] = bytes[i];
    }
    return Done{};
}

Status SimDisk::flip_bit(std::string_view name, std::uint64_t bit) noexcept {
    const Bytes bytes = contents(name);
    if (bit / 8 >= bytes.size()) return Code::invalid_argument;
    const std::byte flipped =
        bytes[bit / 8] ^ std::byte{static_cast<unsigned char>(1U << (bit % 8))};
    return damage(name, bit / 8, Bytes{&flipped, 1});
}

void SimDisk::heal() noexcept {
    for (auto last = damage_.rbegin(); last != damage_.rend(); ++last) {
        std::byte& seen = cache(last->inode)[last->offset];
        if (seen == last->after) seen = last->before;
        std::byte& stored = durable(last->inode)[last->offset];
        if (stored == last->after) stored = last->before;
    }
    damage_.clear();
}

// The order of the names does not count.
std::uint64_t SimDisk::hash() const noexcept {
    std::uint64_t sum = 0;
    for (const Name& name : names_) {
        if (name.text[0] == 0 || name.inode == none) continue;
        const Inode& inode = inodes_[name.inode];
        std::array<std::uint64_t, 4> lanes = {1, 2, 3, inode.size};
        for (const char c : name.text) lanes[0] = lanes[0] * 31 + static_cast<unsigned char>(c);
        const std::byte* const bytes = cache(name.inode);
        for (std::size_t at = 0; at < inode.size; at += 32) {
            std::array<std::uint64_t, 4> block;
            std::memcpy(block.data(), bytes + at, 32);
            for (std::size_t i = 0; i < 4; i++) {
                lanes[i] = (lanes[i] ^ block[i]) * 0x9e3779b97f4a7c15U;
                lanes[i] ^= lanes[i] >> 29;
            }
        }
        sum += mix(mix(lanes[0], lanes[1]), mix(lanes[2], lanes[3]));
    }
    return sum;
}

std::uint32_t SimDisk::open_count() const noexcept {
    std::uint32_t count = 0;
    for (const Handle& open : handles_) count += open.inode != none ? 1 : 0;
    for (const Inode& inode : inodes_) count += inode.maps;
    return count;
}

void SimDisk::copy_to(SimDisk& other) const noexcept {
    other.profile = profile;
    for (const Key& key : other.dirty_)
        if (key.kind == Kind::sector)
            other.sector_keys_[key.owner * sector_count() + key.sector] = 0;
    for (std::uint32_t i = 0; i < inodes_.size(); i++) {
        const std::uint64_t extent = inodes_[i].extent;
        if (extent > 0) std::memcpy(other.cache(i), cache(i), extent);
        if (extent > 0) std::memcpy(other.durable(i), durable(i), extent);
        if (other.inodes_[i].extent <= extent) continue;
        std::memset(other.cache(i) + extent, 0, other.inodes_[i].extent - extent);
        std::memset(other.durable(i) + extent, 0, other.inodes_[i].extent - extent);
    }
    std::copy(inodes_.begin(), inodes_.end(), other.inodes_.begin());
    std::copy(names_.begin(), names_.end(), other.names_.begin());
    std::copy_n(versions_.begin(), version_used_, other.versions_.begin());
    other.version_used_ = version_used_;
    if (version_used_ > 0)
        std::memcpy(other.version_bytes(0), version_bytes(0),
                    std::size_t{version_used_} * profile.sector_size);
    other.dirty_.assign(dirty_.begin(), dirty_.end());
    other.rebuild_index();
    other.handles_ = handles_;
    other.damage_.assign(damage_.begin(), damage_.end());
    other.order_ = order_;
    other.chance_ = chance_;
    other.call_count_ = call_count_;
    other.crash_call_ = crash_call_;
    other.crash_partial_ = crash_partial_;
    other.crashed_ = crashed_;
    other.locked_ = locked_;
    other.noted_ = noted_;
    other.note_ = note_;
    other.fault_ = fault_;
    other.hit_kind_ = hit_kind_;
    other.fault_count_ = fault_count_;
}

std::string sim_text(const SimRecord& record) {
    std::string out = sim_call_name(record.call);
    if (record.name[0] != 0) out += ' ' + std::string{record.name.data()};
    switch (record.call) {
        case SimCall::read:
        case SimCall::write:
        case SimCall::write_zeros:
            out += ' ' + std::to_string(record.offset) + '+' + std::to_string(record.size);
            if (record.moved != record.size) out += " -> " + std::to_string(record.moved);
            break;
        case SimCall::truncate: out += " to " + std::to_string(record.offset); break;
        case SimCall::open:
            out += record.size == 0 ? " (read)" : record.size == 1 ? " (write)" : " (create)";
            break;
        default: break;
    }
    if (record.is_fault) out += " FAULT";
    if (record.result != Code::none)
        out += " code " + std::to_string(static_cast<int>(record.result));
    return out;
}

}  // namespace freshet

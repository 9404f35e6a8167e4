// SPDX-License-Identifier: MIT
// What the simulated disk remembers: inodes, names, and the versions of each key that are not
// durable yet.
#include <algorithm>
#include <cstring>

#include "freshet/sim.hpp"

namespace freshet {

std::byte* SimDisk::cache(std::uint32_t inode) const noexcept {
    return base_ + std::size_t{inode} * limits_.file_size_max;
}

std::byte* SimDisk::durable(std::uint32_t inode) const noexcept {
    return cache(limits_.file_count_max + inode);
}

std::byte* SimDisk::version_bytes(std::uint32_t version) const noexcept {
    return cache(2 * limits_.file_count_max) + std::size_t{version} * profile.sector_size;
}

std::uint32_t SimDisk::sector_count() const noexcept {
    return limits_.file_size_max / 512;
}

SimDisk::Handle* SimDisk::handle(File file) noexcept {
    if (file.number >= handles_.size() || handles_[file.number].inode == none) return nullptr;
    return &handles_[file.number];
}

std::uint32_t SimDisk::find(std::string_view name) const noexcept {
    for (std::uint32_t slot = 0; slot < names_.size(); slot++) {
        const Name& entry = names_[slot];
        if (entry.text[0] != 0 && name == std::string_view{entry.text.data()}) return slot;
    }
    return none;
}

std::string_view SimDisk::name_of(std::uint32_t inode) const noexcept {
    for (const Name& entry : names_)
        if (entry.text[0] != 0 && entry.inode == inode) return entry.text.data();
    return "(no name)";
}

std::uint32_t SimDisk::key_of(Kind kind, std::uint32_t owner, std::uint32_t sector) const noexcept {
    if (kind == Kind::sector) return sector_keys_[owner * sector_count() + sector] - 1;
    for (std::uint32_t key = 0; key < dirty_.size(); key++)
        if (dirty_[key].kind == kind && dirty_[key].owner == owner) return key;
    return none;
}

// Inodes that no name, no version of a name, no handle and no map leads to.
void SimDisk::collect_inodes() noexcept {
    std::array<bool, 256> reached{};
    const auto reach = [&](std::uint32_t inode) {
        if (inode != none) reached[inode & 255] = true;
    };
    for (const Name& name : names_) {
        reach(name.inode);
        reach(name.durable);
    }
    for (const Handle& open : handles_) reach(open.inode);
    for (const Key& key : dirty_) {
        if (key.kind != Kind::name) continue;
        for (std::uint32_t at = key.first; at != none; at = versions_[at].next)
            reach(static_cast<std::uint32_t>(versions_[at].value));
    }
    for (std::uint32_t i = 0; i < inodes_.size(); i++) {
        Inode& inode = inodes_[i];
        if (!inode.used || inode.maps > 0 || reached[i & 255]) continue;
        drop_keys(Kind::sector, i, false);
        drop_keys(Kind::size, i, false);
        std::memset(cache(i), 0, inode.extent);
        std::memset(durable(i), 0, inode.extent);
        inode = Inode{};
    }
}

std::uint32_t SimDisk::make_inode() noexcept {
    for (int attempt = 0; attempt < 3; attempt++) {
        if (attempt == 2) settle_names();
        if (attempt > 0) collect_inodes();
        for (std::uint32_t i = 0; i < inodes_.size(); i++) {
            if (inodes_[i].used) continue;
            inodes_[i].used = true;
            return i;
        }
    }
    return none;
}

std::uint32_t SimDisk::make_name(std::string_view name) noexcept {
    if (const std::uint32_t slot = find(name); slot != none) return slot;
    if (name.empty() || name.size() >= names_[0].text.size()) return none;
    for (int attempt = 0; attempt < 2; attempt++) {
        if (attempt == 1) settle_names();
        for (std::uint32_t slot = 0; slot < names_.size(); slot++) {
            Name& entry = names_[slot];
            const bool in_use =
                entry.inode != none || entry.durable != none || key_of(Kind::name, slot, 0) != none;
            if (in_use) continue;
            entry = Name{};
            std::copy_n(name.data(), name.size(), entry.text.data());
            return slot;
        }
    }
    return none;
}

// A disk in need of room writes back what waits.
void SimDisk::reserve_versions(std::size_t count) noexcept {
    if (version_used_ + count > versions_.size()) write_back();
}

// A sector's bytes are taken from the cache, so this comes after the change.
std::uint32_t SimDisk::add_version(Kind kind, std::uint32_t owner, std::uint32_t sector) noexcept {
    std::uint32_t at = key_of(kind, owner, sector);
    if (at == none) {
        at = static_cast<std::uint32_t>(dirty_.size());
        dirty_.push_back(Key{.kind = kind, .owner = owner, .sector = sector});
        if (kind == Kind::sector) sector_keys_[owner * sector_count() + sector] = at + 1;
    }
    Key& key = dirty_[at];
    const std::uint32_t version = version_used_++;
    versions_[version] = Version{.value = 0, .order = order_, .next = none, .pair = none};
    if (key.first == none) key.first = version;
    if (key.last != none) versions_[key.last].next = version;
    key.last = version;
    key.count++;
    if (kind == Kind::sector) {
        const std::size_t size = profile.sector_size;
        std::memcpy(version_bytes(version), cache(owner) + std::size_t{sector} * size, size);
    }
    return version;
}

void SimDisk::set_size(std::uint32_t number, std::uint64_t size) noexcept {
    Inode& inode = inodes_[number];
    if (size == inode.size) return;
    reserve_versions(1);
    if (size < inode.size) {
        std::memset(cache(number) + size, 0, inode.extent - size);
        inode.cut = true;
    }
    const std::uint64_t step = profile.sector_size;
    inode.extent = std::max(inode.extent, (size + step - 1) / step * step);
    inode.size = size;
    versions_[add_version(Kind::size, number, 0)].value = size;
}

void SimDisk::set_name(std::uint32_t slot, std::uint32_t inode, std::uint32_t pair) noexcept {
    reserve_versions(1);
    names_[slot].inode = inode;
    Version& version = versions_[add_version(Kind::name, slot, 0)];
    version.value = inode;
    version.pair = pair;
}

// False: no room. A sector that already is what it becomes gets no version, if nothing could tell.
// The sync of a file that was cut could: it zeroes what stood behind the cut.
bool SimDisk::put(std::uint32_t number, std::uint64_t offset, Bytes first, Bytes second) noexcept {
    const std::uint64_t end = offset + first.size() + second.size();
    if (end > limits_.file_size_max) return false;
    order_++;
    const std::uint64_t step = profile.sector_size;
    reserve_versions(static_cast<std::size_t>((end - offset) / step + 3));
    Inode& inode = inodes_[number];
    inode.extent = std::max(inode.extent, (end + step - 1) / step * step);
    std::byte* const bytes = cache(number);
    for (std::uint64_t at = offset; at < end;) {
        const auto sector = static_cast<std::uint32_t>(at / step);
        const std::uint64_t stop = std::min<std::uint64_t>((sector + 1) * step, end);
        bool changed = false;
        while (at < stop) {
            const std::uint64_t done = at - offset;
            const Bytes from =
                done < first.size() ? first.subspan(done) : second.subspan(done - first.size());
            const std::size_t piece = std::min<std::size_t>(from.size(), stop - at);
            changed = changed || std::memcmp(bytes + at, from.data(), piece) != 0;
            std::memcpy(bytes + at, from.data(), piece);
            at += piece;
        }
        const std::uint64_t start = sector * step;
        const bool is_dirty = key_of(Kind::sector, number, sector) != none;
        if (!is_dirty) changed = std::memcmp(bytes + start, durable(number) + start, step) != 0;
        const bool grows = profile.growth_is_garbage && start + step > inode.durable_size;
        if (changed || grows || inode.cut || !profile.overwrite_is_safe)
            add_version(Kind::sector, number, sector);
    }
    if (end > inode.size) {
        inode.size = end;
        versions_[add_version(Kind::size, number, 0)].value = end;
    }
    return true;
}

// `all_owners`: the keys of this kind of every owner.
void SimDisk::drop_keys(Kind kind, std::uint32_t owner, bool all_owners) noexcept {
    const auto gone = [&](const Key& key) {
        const bool drops = key.kind == kind && (all_owners || key.owner == owner);
        if (drops && kind == Kind::sector)
            sector_keys_[key.owner * sector_count() + key.sector] = 0;
        return drops;
    };
    dirty_.erase(std::remove_if(dirty_.begin(), dirty_.end(), gone), dirty_.end());
    if (dirty_.empty()) version_used_ = 0;
    rebuild_index();
}

void SimDisk::rebuild_index() noexcept {
    for (std::uint32_t key = 0; key < dirty_.size(); key++)
        if (dirty_[key].kind == Kind::sector)
            sector_keys_[dirty_[key].owner * sector_count() + dirty_[key].sector] = key + 1;
}

// Data and size of one file become durable.
void SimDisk::settle_inode(std::uint32_t number) noexcept {
    Inode& inode = inodes_[number];
    const std::size_t step = profile.sector_size;
    if (inode.cut) {
        std::uint64_t least = inode.size;
        for (const Key& key : dirty_)
            if (key.kind == Kind::size && key.owner == number)
                for (std::uint32_t at = key.first; at != none; at = versions_[at].next)
                    least = std::min(least, versions_[at].value);
        std::memset(durable(number) + least, 0, inode.extent - least);
        if (const std::uint64_t part = least % step; part != 0 || least < inode.extent) {
            const std::size_t start = least / step * step;
            std::memcpy(durable(number) + start, cache(number) + start, step);
        }
    }
    inode.cut = false;
    for (const Key& key : dirty_) {
        if (key.kind != Kind::sector || key.owner != number) continue;
        const std::size_t start = std::size_t{key.sector} * step;
        std::memcpy(durable(number) + start, cache(number) + start, step);
    }
    inode.durable_size = inode.size;
    drop_keys(Kind::sector, number, false);
    drop_keys(Kind::size, number, false);
}

void SimDisk::settle_names() noexcept {
    for (Name& name : names_) name.durable = name.inode;
    drop_keys(Kind::name, 0, true);
}

void SimDisk::write_back() noexcept {
    for (std::uint32_t i = 0; i < inodes_.size(); i++)
        if (inodes_[i].used) settle_inode(i);
    settle_names();
}

// Each change since the last good sync is durable or not by chance, and none is tried again: the
// cache keeps what it has, or goes back.
void SimDisk::fail_sync(std::uint32_t number) noexcept {
    Inode& inode = inodes_[number];
    const std::size_t step = profile.sector_size;
    for (const Key& key : dirty_) {
        if (key.owner != number || key.kind == Kind::name) continue;
        chance_ = mix(chance_, order_ + key.sector);
        const bool is_written = (chance_ & 1) != 0;
        const std::size_t start = std::size_t{key.sector} * step;
        if (key.kind == Kind::size) {
            if (is_written) inode.durable_size = inode.size;
        } else if (is_written) {
            std::memcpy(durable(number) + start, cache(number) + start, step);
        }
    }
    drop_keys(Kind::sector, number, false);
    drop_keys(Kind::size, number, false);
    inode.cut = false;
    if (inode.durable_size < inode.extent)
        std::memset(durable(number) + inode.durable_size, 0, inode.extent - inode.durable_size);
    if (profile.sync_failure != SyncFailure::reverts) return;
    std::memcpy(cache(number), durable(number), inode.extent);
    inode.size = inode.durable_size;
}

void SimDisk::fail_sync_directory() noexcept {
    for (const Key& key : dirty_) {
        if (key.kind != Kind::name) continue;
        chance_ = mix(chance_, order_ + key.owner);
        if ((chance_ & 1) != 0) names_[key.owner].durable = names_[key.owner].inode;
    }
    drop_keys(Kind::name, 0, true);
    if (profile.sync_failure != SyncFailure::reverts) return;
    for (Name& name : names_) name.inode = name.durable;
}

}  // namespace freshet

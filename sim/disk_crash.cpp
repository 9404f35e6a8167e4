// SPDX-License-Identifier: MIT
// Power loss: which version of each key the disk is found with.
//
// Picks are made for each key alone and then closed under what the profile promises: the two sides
// of a rename go together, and an ordered disk has, with a name or a size, all names and sizes
// before it and the data of the file. Closing only raises picks (but for the far side of a rename
// not found), and leaves those alone that keep the promise, so every state that keeps it can be
// picked.
#include <algorithm>
#include <cstring>

#include "freshet/sim.hpp"

namespace freshet {

namespace {

void fill_garbage(std::byte* bytes, std::size_t size, std::uint64_t seed) noexcept {
    for (std::size_t at = 0; at < size; at += sizeof seed) {
        seed = mix(seed, at);
        std::memcpy(bytes + at, &seed, std::min(size - at, sizeof seed));
    }
}

}  // namespace

const SimDisk::Version* SimDisk::version_at(const Key& key, std::uint32_t number) const noexcept {
    if (number == 0) return nullptr;
    std::uint32_t at = key.first;
    for (std::uint32_t i = 1; i < number && versions_[at].next != none; i++)
        at = versions_[at].next;
    return &versions_[at];
}

void SimDisk::power_loss(Choice& choice) {
    picks_.clear();
    for (const Key& key : dirty_) {
        SimPick pick;
        pick.version = static_cast<std::uint32_t>(choice.below(key.count + 1, Domain::disk));
        if (key.kind == Kind::sector && profile.tears && pick.version > 0) {
            const std::uint64_t tear = choice.below(8, Domain::disk);
            if (tear >= 6) {
                pick.tear = tear == 6 ? SimPick::Tear::starts_new : SimPick::Tear::ends_new;
                pick.at =
                    static_cast<std::uint16_t>(choice.below(profile.sector_size, Domain::disk));
            }
        }
        if (key.kind == Kind::sector && !profile.overwrite_is_safe &&
            choice.chance(1, 4, Domain::disk))
            pick.tear = SimPick::Tear::garbage;
        picks_.push_back(pick);
    }
    power_loss(picks_, mix(chance_, order_));
}

void SimDisk::power_loss(std::span<const SimPick> picks, std::uint64_t seed) noexcept {
    if (picks.data() != picks_.data()) picks_.assign(picks.begin(), picks.end());
    picks_.resize(dirty_.size());
    close_picks(picks_);
    take_sectors(picks_, seed);
    take_sizes(picks_);
    take_names(picks_);
    for (const Key& key : dirty_)
        if (key.kind == Kind::sector) sector_keys_[key.owner * sector_count() + key.sector] = 0;
    dirty_.clear();
    version_used_ = 0;
    for (std::uint32_t i = 0; i < inodes_.size(); i++) {
        Inode& inode = inodes_[i];
        if (!inode.used) continue;
        if (inode.durable_size < inode.extent)
            std::memset(durable(i) + inode.durable_size, 0, inode.extent - inode.durable_size);
        std::memcpy(cache(i), durable(i), inode.extent);
        inode.size = inode.durable_size;
        inode.cut = false;
    }
    for (Name& name : names_) name.inode = name.durable;
    restart();
}

void SimDisk::close_picks(std::span<SimPick> picks) const noexcept {
    for (std::size_t i = 0; i < picks.size(); i++)
        picks[i].version = std::min(picks[i].version, dirty_[i].count);
    if (profile.ordered) order_picks(picks);
    if (!profile.rename_splits) pair_picks(picks);
}

void SimDisk::order_picks(std::span<SimPick> picks) const noexcept {
    std::uint32_t newest = 0;
    for (std::size_t i = 0; i < picks.size(); i++) {
        const Version* const version = version_at(dirty_[i], picks[i].version);
        if (dirty_[i].kind != Kind::sector && version != nullptr)
            newest = std::max(newest, version->order);
    }
    const auto raise = [&](std::size_t i, std::uint32_t order) {
        std::uint32_t number = 0;
        for (std::uint32_t at = dirty_[i].first; at != none && versions_[at].order <= order;
             at = versions_[at].next)
            number++;
        if (number <= picks[i].version) return;
        picks[i] = SimPick{.version = number, .tear = SimPick::Tear::none, .at = 0};
    };
    for (std::size_t i = 0; i < picks.size(); i++) {
        const Key& key = dirty_[i];
        if (key.kind == Kind::sector) continue;
        raise(i, newest);
        const Version* const version = version_at(key, picks[i].version);
        if (version == nullptr) continue;
        const std::uint64_t inode = key.kind == Kind::size ? key.owner : version->value;
        for (std::size_t data = 0; data < picks.size(); data++)
            if (dirty_[data].kind == Kind::sector && dirty_[data].owner == inode)
                raise(data, version->order);
    }
}

// The side that a file is renamed to decides.
void SimDisk::pair_picks(std::span<SimPick> picks) const noexcept {
    for (std::size_t i = 0; i < picks.size(); i++) {
        if (dirty_[i].kind != Kind::name) continue;
        std::uint32_t number = 0;
        for (std::uint32_t at = dirty_[i].first; at != none; at = versions_[at].next) {
            number++;
            const Version& version = versions_[at];
            if (version.pair == none || version.value == none) continue;
            const std::uint32_t far = key_of(Kind::name, version.pair, 0);
            if (far == none) continue;
            std::uint32_t before = 0;
            for (std::uint32_t v = dirty_[far].first;
                 v != none && versions_[v].order < version.order; v = versions_[v].next)
                before++;
            if (picks[i].version >= number)
                picks[far].version = std::max(picks[far].version, before + 1);
            else
                picks[far].version = std::min(picks[far].version, before);
        }
    }
}

void SimDisk::take_sectors(std::span<const SimPick> picks, std::uint64_t seed) noexcept {
    for (std::size_t i = 0; i < picks.size(); i++)
        if (dirty_[i].kind == Kind::sector) take_sector(dirty_[i], picks[i], mix(seed, i));
    // What was cut off does not come back, where the size that cut it is found, or a later one.
    for (std::size_t i = 0; i < picks.size(); i++) {
        const Key& key = dirty_[i];
        if (key.kind != Kind::size || !inodes_[key.owner].cut) continue;
        std::uint64_t before = inodes_[key.owner].durable_size;
        std::uint32_t at = key.first;
        for (std::uint32_t number = 1; number <= picks[i].version;
             number++, at = versions_[at].next) {
            const Version& version = versions_[at];
            if (version.value < before) cut_sectors(key.owner, version.value, version.order, picks);
            before = version.value;
        }
    }
}

// Zeros behind `size`, in every sector whose version is older than `order`.
void SimDisk::cut_sectors(std::uint32_t inode, std::uint64_t size, std::uint32_t order,
                          std::span<const SimPick> picks) noexcept {
    const std::uint64_t step = profile.sector_size;
    for (std::uint64_t start = size / step * step; start < inodes_[inode].extent; start += step) {
        const std::uint32_t key =
            key_of(Kind::sector, inode, static_cast<std::uint32_t>(start / step));
        const Version* const version =
            key == none ? nullptr : version_at(dirty_[key], picks[key].version);
        if (version != nullptr && version->order > order) continue;
        const std::uint64_t from = std::max(start, size);
        std::memset(durable(inode) + from, 0, start + step - from);
    }
}

void SimDisk::take_sector(const Key& key, const SimPick& pick, std::uint64_t seed) noexcept {
    const std::size_t step = profile.sector_size;
    const std::size_t start = std::size_t{key.sector} * step;
    std::byte* const bytes = durable(key.owner) + start;
    const bool is_grown = start >= inodes_[key.owner].durable_size;
    if (pick.tear == SimPick::Tear::garbage ||
        (profile.growth_is_garbage && is_grown && pick.version == 0)) {
        fill_garbage(bytes, step, seed);
        return;
    }
    const auto number = [&](std::uint32_t n) {
        return static_cast<std::uint32_t>(version_at(key, n) - versions_.data());
    };
    if (pick.version == 0) return;
    const std::byte* const chosen = version_bytes(number(pick.version));
    const std::size_t at = std::min<std::size_t>(pick.at, step);
    if (pick.tear == SimPick::Tear::none) {
        std::memcpy(bytes, chosen, step);
        return;
    }
    if (pick.version > 1) std::memcpy(bytes, version_bytes(number(pick.version - 1)), step);
    if (pick.tear == SimPick::Tear::starts_new)
        std::memcpy(bytes, chosen, at);
    else
        std::memcpy(bytes + at, chosen + at, step - at);
}

void SimDisk::take_sizes(std::span<const SimPick> picks) noexcept {
    for (std::size_t i = 0; i < picks.size(); i++)
        if (const Version* const version = version_at(dirty_[i], picks[i].version);
            dirty_[i].kind == Kind::size && version != nullptr)
            inodes_[dirty_[i].owner].durable_size = version->value;
}

void SimDisk::take_names(std::span<const SimPick> picks) noexcept {
    for (std::size_t i = 0; i < picks.size(); i++)
        if (const Version* const version = version_at(dirty_[i], picks[i].version);
            dirty_[i].kind == Kind::name && version != nullptr)
            names_[dirty_[i].owner].durable = static_cast<std::uint32_t>(version->value);
}

}  // namespace freshet

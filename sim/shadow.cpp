// SPDX-License-Identifier: MIT
#include "sim/shadow.hpp"

#include <algorithm>

namespace freshet::sim {

namespace {

constexpr std::uint64_t state_count_max = std::uint64_t{1} << 40;

std::string sector_of(std::string_view bytes, std::uint64_t number) {
    std::string sector{bytes.substr(std::min<std::size_t>(number * 512, bytes.size()), 512)};
    sector.resize(512);
    return sector;
}

}  // namespace

void Shadow::start(const SimDisk& disk) {
    files_.clear();
    names_.clear();
    for (std::size_t i = 0; !disk.file_name(i).empty(); i++) {
        const std::string name{disk.file_name(i)};
        compare(disk, name);
        for (auto& [number, sector] : files_[name].sectors) sector.count = 0;
        files_[name].size.count = 0;
    }
}

// What stands in a file now, against what stood there after the call before.
void Shadow::compare(const SimDisk& disk, const std::string& name) {
    File& file = files_[name];
    const std::string_view bytes = as_text(disk.contents(name));
    const std::string zeros(512, '\0');
    for (std::uint64_t number = 0; number * 512 < bytes.size(); number++) {
        Changes& sector = file.sectors.try_emplace(number, Changes{zeros, 0}).first->second;
        const std::string now = sector_of(bytes, number);
        if (now == sector.newest) continue;
        sector.newest = now;
        sector.count++;
    }
    const std::string size = std::to_string(bytes.size());
    if (file.size.newest.empty()) file.size = {"0", 0};
    if (size == file.size.newest) return;
    file.size.newest = size;
    file.size.count++;
}

void Shadow::note(const SimDisk& disk, const SimRecord& record) {
    const std::string name{record.name.data()};
    if (record.result != Code::none) return;
    switch (record.call) {
        case SimCall::open:
            if (record.size != 2) return;
            if (!files_.contains(name)) names_[name]++;
            compare(disk, name);
            return;
        case SimCall::write:
        case SimCall::write_zeros: compare(disk, name); return;
        case SimCall::truncate: {
            // What is cut off goes with the size: it is not a change of its sector.
            std::map<std::uint64_t, std::uint64_t> counts;
            for (const auto& [number, sector] : files_[name].sectors) counts[number] = sector.count;
            compare(disk, name);
            for (auto& [number, sector] : files_[name].sectors) {
                sector.count = counts[number];
                if (number * 512 >= disk.contents(name).size()) sector.newest.assign(512, '\0');
            }
            return;
        }
        case SimCall::sync:
            for (auto& [number, sector] : files_[name].sectors) sector.count = 0;
            files_[name].size.count = 0;
            return;
        case SimCall::sync_directory: names_.clear(); return;
        case SimCall::remove:
            names_[name]++;
            files_.erase(name);
            return;
        case SimCall::rename: {
            // To where, is what is there now and was not.
            for (std::size_t i = 0; !disk.file_name(i).empty(); i++) {
                const std::string to{disk.file_name(i)};
                if (files_.contains(to)) continue;
                files_[to] = files_[name];
                names_[to]++;
            }
            files_.erase(name);
            names_[name]++;
            return;
        }
        default: return;
    }
}

std::uint64_t Shadow::key_count() const {
    std::uint64_t count = 0;
    for (const auto& [name, file] : files_) {
        for (const auto& [number, sector] : file.sectors) count += sector.count > 0 ? 1 : 0;
        count += file.size.count > 0 ? 1 : 0;
    }
    for (const auto& [name, changes] : names_) count += changes > 0 ? 1 : 0;
    return count;
}

std::uint64_t Shadow::state_count() const {
    std::uint64_t states = 1;
    const auto times = [&](std::uint64_t n) { states = std::min(states * n, state_count_max); };
    for (const auto& [name, file] : files_) {
        for (const auto& [number, sector] : file.sectors) times(sector.count + 1);
        times(file.size.count + 1);
    }
    for (const auto& [name, changes] : names_) times(changes + 1);
    return states;
}

}  // namespace freshet::sim

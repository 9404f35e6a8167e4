// SPDX-License-Identifier: MIT
// The files of a machine as they are at one moment, to be changed and put into another machine:
// what a crash leaves, and what damage does.
#pragma once

#include <map>

#include "base/codec.hpp"
#include "tests/store_fixture.hpp"

namespace freshet::test {

using Contents = std::vector<std::byte>;
using Files = std::map<std::string, Contents>;

inline std::string segment_file(std::uint32_t number) {
    return "000000" + std::string(number < 10 ? "0" : "") + std::to_string(number) + ".log";
}

inline const std::vector<std::string>& file_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = {"head", "head.new"};
        for (std::uint32_t i = 1; i < 41; i++) all.push_back(segment_file(i));
        return all;
    }();
    return names;
}

inline Files files_of(Disk& disk) {
    Files files;
    for (const std::string& name : file_names()) {
        const Result<File> file = disk.open(name, OpenMode::read);
        if (!file) continue;
        Contents contents(*disk.size(*file));
        if (!contents.empty()) {
            EXPECT_TRUE(disk.read(*file, 0, contents));
        }
        files[name] = contents;
        disk.close(*file);
    }
    return files;
}

inline void put_files(Disk& disk, const Files& files) {
    for (const std::string& name : file_names()) static_cast<void>(disk.remove(name));
    for (const auto& [name, contents] : files) {
        const Result<File> file = disk.open(name, OpenMode::create);
        ASSERT_TRUE(file);
        if (!contents.empty()) {
            EXPECT_TRUE(disk.write(*file, 0, contents, {}));
        }
        disk.close(*file);
    }
}

// Segments of 4 KiB and a pool of a few pages, so that a store is opened in no time.
inline Options tiny_options() {
    Options options;
    options.create = true;
    options.pool_size = std::size_t{64} << 10;
    options.snapshot_count_max = 2;
    options.segment_count_max = 40;
    options.segment_size = 4096;
    options.frame_size_max = 1024;
    options.growth_size = 512;
    return options;
}

}  // namespace freshet::test

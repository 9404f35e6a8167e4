// SPDX-License-Identifier: MIT
// A store for tests that run the program, and what they say of what it printed.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/program.hpp"
#include "tests/temporary.hpp"

namespace freshet::test {

inline std::string event(const std::string& type, const std::string& data = "1") {
    return "{\"type\":\"" + type + "\",\"data\":" + data + "}\n";
}

inline std::string events(int count, const std::string& type = "x") {
    std::string text;
    for (int i = 0; i < count; i++) text += event(type, std::to_string(i));
    return text;
}

inline std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> found;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) found.push_back(line);
    return found;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The values of one member of each line.
inline std::vector<std::string> values(const std::string& text, const std::string& member) {
    std::vector<std::string> found;
    for (const std::string& line : lines(text)) {
        const std::size_t start = line.find("\"" + member + "\":") + member.size() + 3;
        found.push_back(line.substr(start, line.find_first_of(",}", start) - start));
    }
    return found;
}

// What follows a name and a tab at the start of a line.
inline std::string fact(const std::string& text, const std::string& name) {
    for (const std::string& line : lines(text)) {
        if (line.rfind(name + "\t", 0) == 0) return line.substr(name.size() + 1);
    }
    return {};
}

using Words = std::vector<std::string>;

class Program : public testing::Test {
protected:
    void SetUp() override {
        if (run({"version"}).code == 127) GTEST_SKIP() << "no program: set FRESHET to its path";
    }

    Ended append(const std::string& input, const Words& flags = {},
                 const std::string& stream = "s") {
        Words words{"append", db, stream};
        words.insert(words.end(), flags.begin(), flags.end());
        return run(words, input);
    }

    // Makes the store with `count` events.
    void make(int count) {
        const Ended ended = append(events(count), {"--create"});
        ASSERT_EQ(ended.code, 0) << ended.err;
    }

    std::size_t event_count() { return lines(run({"log", db, "--ndjson"}).out).size(); }

    test::TemporaryDirectory directory;
    std::string db = directory.path("shop.fdb");
};

inline void expect_error(const Ended& ended, int code, const std::string& name,
                         const std::string& hint = "") {
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_EQ(ended.err.rfind("error[" + name + "]: ", 0), 0U) << ended.err;
    EXPECT_TRUE(contains(ended.err, "\nhint: ")) << ended.err;
    EXPECT_TRUE(contains(ended.err, hint)) << ended.err;
    EXPECT_LE(lines(ended.err).size(), 4U) << ended.err;
}

// Flips one bit at `offset` of a file.
inline void damage(const std::string& path, long offset) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ 0x10));
}

}  // namespace freshet::test

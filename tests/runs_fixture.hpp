// SPDX-License-Identifier: MIT
// A store with three runs and some log behind them, whose files can be taken away, changed and put
// back.
#pragma once

#include <functional>
#include <map>

#include "base/checksum.hpp"
#include "freshet/runs.hpp"
#include "log/head.hpp"
#include "store/run_names.hpp"
#include "tests/faulty_disk.hpp"

namespace freshet::test {

inline constexpr std::uint32_t run_number_max = 300;

inline std::string run_file(std::uint32_t number) {
    const store::RunFileName name = store::run_file_name(number);
    return {name.data(), name.size()};
}

// Long, and hardly shortened by those beside it.
inline std::string name_of(int number) {
    return std::to_string(number) + std::string(200, 's');
}

// With a new CRC of the header.
inline void seal_header(Contents& run) {
    const Bytes header = Bytes{run}.first(tree::run_header_size);
    store_at(run.data() + 12, crc32c(crc32c(0, header.first(12)), header.subspan(16)));
}

class RunFiles : public ::testing::Test {
protected:
    void SetUp() override {
        options = small_options();
        options.runs = &runs();
        options.pool_size = std::size_t{512} << 11;
        options.replay_max = std::uint64_t{1} << 30;
        options.log_context = this;
        options.log = [](void* self, Level, Code, std::string_view message) noexcept {
            static_cast<RunFiles*>(self)->said.emplace_back(message);
        };
    }
    // Three runs, each many times as large as the next one; and `tail` streams behind them.
    void make(int tail) {
        open();
        for (const int count : {560, 80, 5}) {
            append(count);
            maintain();
        }
        ASSERT_EQ(opened->store.statistics().run_count, 3U);
        append(tail);
        if (tail == 0) {
            ASSERT_TRUE(opened->store.close());
        }
        keep();
        opened.reset();
        put();
    }
    void open(bool read_only = false) {
        said.clear();
        Options how = options;
        how.read_only = read_only;
        how.create = !read_only;
        opened.emplace(Door{disk, &machine.clock, &machine.gate}, how);
    }
    void append(int count) {
        std::vector<Event> events(1, event_of("x"));
        while (count > 0) {
            std::vector<std::string> names;
            for (; count > 0 && names.size() < 10; count--) names.push_back(name_of(total++));
            std::vector<StreamAppend> appends;
            for (const std::string& name : names)
                appends.push_back({.stream = name, .expected = Expected::any(), .events = events});
            ASSERT_EQ(opened->append_all(appends), Code::none);
        }
    }
    Code maintain(const Maintenance& how = {.now = true}) {
        return opened->store.maintain(opened->diagnostic, how).error().code;
    }
    // none; corrupt, if it is said instead of some answer.
    Code look() {
        Code code = Code::none;
        for (int i = 0; i < total; i += 7) {
            const std::vector<std::string> found = opened->read(name_of(i));
            if (found == std::vector<std::string>{"error corrupt"})
                code = Code::corrupt;
            else if (found != std::vector<std::string>{"x"})
                return Code::stream_not_found;
        }
        Snapshot snapshot;
        EXPECT_TRUE(opened->store.snapshot(snapshot));
        return code;
    }
    void expect_all() {
        ASSERT_EQ(opened->error, Code::none);
        ASSERT_EQ(look(), Code::none);
        ASSERT_EQ(opened->store.statistics().stream_count, static_cast<std::uint64_t>(total));
        ASSERT_EQ(opened->verify(), Code::none);
    }
    [[nodiscard]] bool was_said(std::string_view text) const {
        for (const std::string& message : said)
            if (message.find(text) != std::string::npos) return true;
        return false;
    }
    // All files as they are.
    void keep() {
        files = files_of(machine.disk);
        run_files.clear();
        for (std::uint32_t i = 1; i <= run_number_max; i++) {
            const Result<File> file = machine.disk.open(run_file(i), OpenMode::read);
            if (!file) continue;
            Contents contents(*machine.disk.size(*file));
            EXPECT_TRUE(machine.disk.read(*file, 0, contents));
            machine.disk.close(*file);
            run_files[i] = contents;
        }
    }
    void put() { put(files, run_files); }
    void put(const Files& all, const std::map<std::uint32_t, Contents>& run_contents) {
        for (std::uint32_t i = 1; i <= run_number_max; i++)
            static_cast<void>(machine.disk.remove(run_file(i)));
        put_files(machine.disk, all);
        for (const auto& [number, contents] : run_contents) {
            const Result<File> file = machine.disk.open(run_file(number), OpenMode::create);
            ASSERT_TRUE(file);
            if (!contents.empty()) {
                EXPECT_TRUE(machine.disk.write(*file, 0, contents, {}));
            }
            machine.disk.close(*file);
        }
    }
    [[nodiscard]] std::size_t run_file_count() {
        std::size_t count = 0;
        for (std::uint32_t i = 1; i <= run_number_max; i++) {
            const Result<File> file = machine.disk.open(run_file(i), OpenMode::read);
            if (file) machine.disk.close(*file);
            count += file ? 1U : 0U;
        }
        return count;
    }
    // What head says of runs, changed in both slots; `names` as they were.
    static Files with_names(Files all, const std::function<void(store::RunNames&)>& change) {
        Contents& head = all["head"];
        for (const std::size_t at : {std::size_t{0}, log::head_slot_size}) {
            const auto slot = std::span{head}.subspan(at).first<log::head_slot_size>();
            log::HeadRecord record;
            std::uint32_t format = 0;
            if (!log::decode_head(slot, record, format)) continue;
            store::RunNames names;
            EXPECT_TRUE(store::decode(record.runs, names));
            change(names);
            record.runs = store::encode(names);
            log::encode_head(record, slot);
        }
        return all;
    }
    // A run whose note was changed, and a head that names it as it is now.
    void put_changed(std::uint32_t number, const std::function<void(std::byte*)>& change) {
        auto changed = run_files;
        change(changed[number].data() + 184);
        seal_header(changed[number]);
        const auto crc = load<std::uint32_t>(changed[number].data() + 12);
        put(with_names(files,
                       [&](store::RunNames& names) {
                           for (store::RunName& name : names.runs)
                               if (name.number == number) name.header_crc = crc;
                       }),
            changed);
    }
    // Once with what is there, and once more.
    void expect_refused(std::string_view message) {
        open();
        EXPECT_TRUE(was_said(message));
        ASSERT_NO_FATAL_FAILURE(expect_all());
        ASSERT_EQ(maintain(), Code::none);
        ASSERT_NO_FATAL_FAILURE(expect_all());
        opened.reset();
        open();
        EXPECT_FALSE(was_said("runs"));
        ASSERT_NO_FATAL_FAILURE(expect_all());
        opened.reset();
        EXPECT_LE(run_file_count(), 4U);
    }

    Machine machine{1 << 20};
    Disk* disk = &machine.disk;
    Options options;
    std::vector<std::string> said;
    std::optional<OpenStore> opened;
    Files files;
    std::map<std::uint32_t, Contents> run_files;
    int total = 0;
};

}  // namespace freshet::test

// SPDX-License-Identifier: MIT
// Runs: whatever is frozen, flushed, merged, dropped and read again, in whatever steps, the store
// says what its log adds up to. Method: random lives by seed, beside a model; pools are so small
// that runs are due all the time.
#include <map>
#include <random>

#include "freshet/runs.hpp"
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

Options run_options() {
    Options options = small_options();
    options.runs = &runs();
    options.pool_size = std::size_t{64} << 11;
    options.replay_max = 4 << 10;
    options.snapshot_count_max = 4;
    return options;
}

class Runs : public ::testing::Test {
protected:
    using Model = std::map<std::string, std::vector<std::string>>;

    void open() {
        opened.emplace(machine.door(), options);
        ASSERT_EQ(opened->error, Code::none);
    }
    void append(const std::string& stream, const std::string& payload, std::uint64_t id = 0) {
        ASSERT_EQ(opened->append_events(stream, {event_of(payload, id)}), Code::none);
        model[stream].push_back(payload);
    }
    void maintain(const Maintenance& how = {.now = true}) {
        ASSERT_TRUE(opened->store.maintain(opened->diagnostic, how))
            << code_name(opened->diagnostic.error.code);
    }
    void expect_stream(const std::string& stream) {
        const auto found = model.find(stream);
        const std::vector<std::string> missing{"error stream-not-found"};
        ASSERT_EQ(opened->read(stream), found == model.end() ? missing : found->second) << stream;
    }
    void expect_all() {
        for (const auto& [stream, payloads] : model) ASSERT_EQ(opened->read(stream), payloads);
        ASSERT_EQ(opened->store.statistics().stream_count, model.size());
        ASSERT_EQ(opened->verify(), Code::none);
    }

    Machine machine{1 << 20};
    Options options = run_options();
    std::optional<OpenStore> opened;
    Model model;
};

TEST_F(Runs, HaveWhatThePoolHasNot) {
    open();
    for (int i = 0; i < 200; i++) append("stream " + std::to_string(i % 50), std::to_string(i));
    maintain();
    EXPECT_EQ(opened->store.statistics().run_count, 1U);
    EXPECT_LE(opened->store.statistics().pool_page_used, 1U);
    expect_all();
    for (int i = 0; i < 200; i++) append("stream " + std::to_string(i % 60), std::to_string(i));
    expect_all();
    opened.reset();
    open();
    EXPECT_EQ(opened->store.statistics().run_commit, opened->store.statistics().commit);
    expect_all();
}

// The one is so much larger than the other that they are not merged by themselves.
TEST_F(Runs, BecomeOneWhereThatIsAskedFor) {
    options.pool_size = std::size_t{1} << 20;
    options.replay_max = 4 << 20;
    open();
    for (const int count : {6000, 200}) {
        for (int i = 0; i < count; i++) append("stream " + std::to_string(model.size()), "x");
        maintain();
    }
    EXPECT_GT(opened->store.statistics().run_count, 1U);
    append("stream 7", "y");
    maintain({.entry_count_max = 100, .now = true, .as_one = true});
    EXPECT_TRUE(opened->store.statistics().maintenance_owed);
    while (opened->store.statistics().maintenance_owed)
        maintain({.entry_count_max = 100, .now = true, .as_one = true});
    EXPECT_EQ(opened->store.statistics().run_count, 1U);
    maintain({.now = true, .as_one = true});
    EXPECT_EQ(opened->store.statistics().run_count, 1U);
    expect_all();
}

TEST_F(Runs, AreALifeOfTheirOwn) {
    for (std::uint32_t seed = 1; seed <= 40; seed++) {
        SCOPED_TRACE(seed);
        machine.disk.~MemoryDisk();
        new (&machine.disk) MemoryDisk{machine.memory, 1 << 20};
        model.clear();
        std::mt19937 random{seed};
        const auto draw = [&random](std::uint32_t n) {
            return static_cast<std::uint32_t>(random()) % n;
        };
        options.runs = &runs();
        options.pool_size = std::size_t{32U + draw(64)} << 11;
        options.replay_max = std::uint64_t{512} << draw(6);
        open();
        std::uint64_t id = 0;
        Snapshot held;
        Model at_held;
        for (int step = 0; step < 400 && !HasFatalFailure(); step++) {
            const std::string stream = "stream " + std::to_string(draw(1 + draw(300)));
            switch (draw(12)) {
                case 0:
                    maintain({.entry_count_max = draw(100),
                              .now = draw(2) == 0,
                              .as_one = draw(4) == 0});
                    break;
                case 1: maintain(); break;
                case 2:
                    if (draw(4) == 0) {
                        held.close();
                        opened.reset();
                        options.runs = draw(4) == 0 ? nullptr : &runs();
                        options.pool_size = std::size_t{1} << 18;
                        open();
                    }
                    break;
                case 3: expect_stream(stream); break;
                case 4: ASSERT_TRUE(opened->store.snapshot(held)); break;
                default: append(stream, std::string(draw(60), 'x'), draw(3) == 0 ? ++id : 0);
            }
        }
        expect_all();
        held.close();
        opened.reset();
        options.runs = &runs();
        open();
        expect_all();
        opened.reset();
    }
}

}  // namespace
}  // namespace freshet::test

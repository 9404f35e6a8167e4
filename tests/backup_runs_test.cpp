// SPDX-License-Identifier: MIT
// Backups that take runs along: the copy has those that go no farther than its log, whole, or
// fewer; and it opens without reading what they have.
#include "tests/runs_fixture.hpp"

namespace freshet::test {
namespace {

// Reads something else from runs than was written.
class ForgetfulDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;

    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        is_run = name.ends_with(".run");
        return inner.open(name, mode);
    }
    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override {
        const Result<std::size_t> size = inner.read(file, offset, into);
        if (!is_run || offset <= tree::run_header_size) return size;
        if (is_short) return std::size_t{0};
        into[0] ^= std::byte{1};
        return size;
    }

    bool is_short = false;
    bool is_run = false;
};

class BackupRuns : public RunFiles {
protected:
    // Runs of 560, 80 and 5 streams, in 56, 8 and 1 commits, and two commits behind them.
    void SetUp() override {
        RunFiles::SetUp();
        make(20);
        open();
    }
    Code backup(Disk& target, BackupOptions with = {.runs = true}) {
        const Status status =
            opened->store.backup(with, target, scratch, report, opened->diagnostic);
        return status.error().code;
    }
    // The copy has so many runs and streams, and shows them; also when it is opened again.
    void expect_copy(std::uint32_t run_count, std::uint64_t stream_count) {
        said.clear();
        for (const bool read_only : {true, false, false}) {
            Options how = options;
            how.create = false;
            how.read_only = read_only;
            OpenStore its{copy.door(), how};
            ASSERT_EQ(its.error, Code::none);
            EXPECT_EQ(its.store.statistics().run_count, run_count);
            EXPECT_EQ(its.store.statistics().stream_count, stream_count);
            EXPECT_EQ(its.verify(&report.head), Code::none);
            EXPECT_TRUE(its.report.anchor_found);
            for (std::uint64_t i = 0; i < stream_count; i += 50)
                ASSERT_EQ(its.read(name_of(static_cast<int>(i))), std::vector<std::string>{"x"});
        }
        EXPECT_TRUE(said.empty());
    }
    std::uint32_t runs_in_copy() {
        std::uint32_t count = 0;
        for (std::uint32_t i = 1; i <= tree::run_count_max; i++) {
            const Result<File> file = copy.disk.open(run_file(i), OpenMode::read);
            if (file) copy.disk.close(*file);
            count += file ? 1U : 0U;
        }
        return count;
    }
    void empty_copy() {
        put_files(copy.disk, {});
        for (std::uint32_t i = 1; i <= tree::run_count_max; i++)
            static_cast<void>(copy.disk.remove(run_file(i)));
    }
    // Changes a byte of a page of a run.
    void damage(std::uint32_t number) {
        const Result<File> file = machine.disk.open(run_file(number), OpenMode::read);
        ASSERT_TRUE(file);
        std::array<std::byte, 1> byte;
        const std::uint64_t at = tree::run_header_size + 100;
        ASSERT_TRUE(machine.disk.read(*file, at, byte));
        byte[0] ^= std::byte{1};
        ASSERT_TRUE(machine.disk.write(*file, at, byte, {}));
    }

    Machine copy{1 << 20};
    BackupReport report;
    std::vector<std::byte> scratch = std::vector<std::byte>((1 << 12) + 8192);
};

TEST_F(BackupRuns, AreThoseThatAreNotAheadOfTheCopy) {
    struct Case {
        std::uint64_t commit;
        std::uint32_t run_count;
        std::uint64_t stream_count;
    };
    for (const Case& wanted : {Case{67, 3, 665}, Case{65, 3, 645}, Case{64, 2, 640},
                               Case{63, 1, 630}, Case{56, 1, 560}, Case{55, 0, 550}}) {
        SCOPED_TRACE(wanted.commit);
        empty_copy();
        BackupOptions with{.until = Until::commit(wanted.commit), .runs = true};
        ASSERT_EQ(backup(copy.disk, with), Code::none);
        EXPECT_EQ(report.run_count, wanted.run_count);
        EXPECT_EQ(runs_in_copy(), wanted.run_count);
        EXPECT_EQ(report.run_size == 0, wanted.run_count == 0);
        EXPECT_EQ(report.copied_size, report.total_size);
        expect_copy(wanted.run_count, wanted.stream_count);
    }
    empty_copy();
    ASSERT_EQ(backup(copy.disk, {}), Code::none);
    expect_copy(0, 665);
    // The store itself is as it was.
    expect_all();
}

TEST_F(BackupRuns, AreNoneWhereTheStoreHasNone) {
    options.runs = nullptr;
    opened.reset();
    open();
    ASSERT_EQ(backup(copy.disk), Code::none);
    EXPECT_EQ(report.run_count, 0U);
    options.runs = &runs();
    expect_copy(0, 665);
    opened.reset();
    put({}, {});
    open();
    empty_copy();
    ASSERT_EQ(backup(copy.disk), Code::none);
    EXPECT_EQ(report.run_count, 0U);
}

TEST_F(BackupRuns, AreLeftOutWhereTheyAreDamaged) {
    for (const std::uint32_t number : {3U, 2U, 1U}) {
        damage(number);
        empty_copy();
        said.clear();
        ASSERT_EQ(backup(copy.disk), Code::none);
        EXPECT_TRUE(was_said("a run is damaged"));
        EXPECT_EQ(report.run_count, number - 1);
        EXPECT_EQ(runs_in_copy(), number - 1);
        EXPECT_EQ(report.copied_size, report.total_size);
        expect_copy(number - 1, 665);
    }
}

TEST_F(BackupRuns, AreReadBack) {
    ForgetfulDisk target{copy.disk};
    for (const bool is_short : {false, true}) {
        target.is_short = is_short;
        EXPECT_EQ(backup(target), Code::corrupt);
        EXPECT_EQ(runs_in_copy(), 0U);
    }
    ASSERT_EQ(backup(copy.disk), Code::none);
    expect_copy(3, 665);
}

// Each call of the target fails in turn, and each time the copy is cancelled; then there is no
// store, and the next copy takes its place.
TEST_F(BackupRuns, AreMadeAnewAfterACopyThatWasCutOff) {
    bool was_made = true;
    for (std::uint64_t call = 1; was_made; call++) {
        SCOPED_TRACE(call);
        empty_copy();
        FaultyDisk target{copy.disk};
        target.wanted = Error{Code::io, 5};
        target.fail_at = call;
        const Code code = backup(target);
        was_made = target.call_count >= call;
        if (!was_made || code == Code::none) continue;
        EXPECT_EQ(code, Code::io);
        Options how = options;
        how.create = false;
        EXPECT_EQ((OpenStore{copy.door(), how}.error), Code::not_found);
        const bool is_early = call % 8 == 0;
        BackupOptions with{.until = is_early ? Until::commit(60) : Until::newest(), .runs = true};
        ASSERT_EQ(backup(copy.disk, with), Code::none);
        EXPECT_EQ(runs_in_copy(), is_early ? 1U : 3U);
        if (call % 8 < 2) expect_copy(is_early ? 1 : 3, is_early ? 600 : 665);
    }
    struct Told {
        std::uint64_t at;
    } told{0};
    for (bool was_cancelled = true; was_cancelled; told.at += 20'000) {
        empty_copy();
        BackupOptions with{.runs = true};
        with.progress = {[](void* context, std::uint64_t done, std::uint64_t) noexcept {
                             return done >= static_cast<Told*>(context)->at ? 1 : 0;
                         },
                         &told};
        const Code code = backup(copy.disk, with);
        was_cancelled = code == Code::cancelled;
        EXPECT_TRUE(was_cancelled || code == Code::none);
    }
    expect_copy(3, 665);
}

}  // namespace
}  // namespace freshet::test

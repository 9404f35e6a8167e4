// SPDX-License-Identifier: MIT
// A second process beside the one that writes: damage, and stores that take the place of the one
// it reads.
#include "tests/beside_fixture.hpp"

#include "freshet/follower.hpp"
#include "tests/faulty_disk.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

// What is whole before the damage shows all the same, and a refused place is no other history.
TEST_F(Beside, ShowsWhatIsWholeBeforeDamage) {
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"0"}));
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    ASSERT_TRUE(writer->append("s", {"1"}));
    const std::uint64_t end = writer->store.head().address;
    ASSERT_TRUE(writer->append("s", {"2"}));
    ASSERT_TRUE(disk.flip_bit("00000001.log", end * 8 + 8 * 85));
    EXPECT_EQ(refresh_error(), Code::corrupt);
    EXPECT_EQ(reader->diagnostic.offset, end);
    EXPECT_EQ(reader->read("s"), (Lines{"0", "1"}));
    // At the same place again, where a frame stands that follows what shows.
    EXPECT_EQ(refresh_error(), Code::corrupt);
    // Head attests what is damaged, and there is a writer: an open says so.
    ASSERT_TRUE(writer->store.maintain(writer->diagnostic));
    EXPECT_EQ(reader.open(reading(options)), Code::corrupt);
    disk.heal();
    EXPECT_EQ(reader.open(reading(options)), Code::none);
}

// Goal: whatever the disk does while a reader finds out that the log went another way, it is told
// that, or of the disk. Method: each call fails in turn.
TEST_F(Beside, IsToldOfADiskThatFailsOrOfAnotherHistory) {
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"0"}));
    ASSERT_TRUE(writer->store.close());
    const Files old = files_of(disk);
    bool was_made = true;
    for (std::uint64_t call = 1; was_made; call++) {
        put_files(disk, old);
        ASSERT_EQ(writer.open(options), Code::none);
        ASSERT_TRUE(writer->append("s", {"1"}));
        FaultyDisk faulty{disk};
        Process failing{faulty};
        ASSERT_EQ(failing.open(reading(options)), Code::none);
        ASSERT_EQ(failing->read("s"), (Lines{"0", "1"}));
        ASSERT_TRUE(writer->store.close());
        put_files(disk, old);
        writer.clock.state++;
        ASSERT_EQ(writer.open(options), Code::none);
        for (const std::string_view payload : {"x", "y"})
            ASSERT_TRUE(writer->append("s", {payload}));
        faulty.wanted = Error{Code::io, 5};
        faulty.fail_at = faulty.call_count + call;
        const Result<Refreshed> refreshed = failing->store.refresh(failing->diagnostic);
        was_made = faulty.call_count >= faulty.fail_at;
        const Code code = refreshed.error().code;
        // A note that cannot be read is none: then there is nothing new that is attested.
        EXPECT_TRUE(code == Code::io || code == Code::diverged || code == Code::corrupt ||
                    (code == Code::none && !refreshed->has_writer && !refreshed->news))
            << code_name(code);
        faulty.fail_at = ~std::uint64_t{0};
        EXPECT_EQ(failing->store.refresh(failing->diagnostic).error().code, Code::diverged);
        EXPECT_EQ(failing->read("s"), (Lines{"0", "1"}));
        failing.store.reset();
        ASSERT_TRUE(writer->store.close());
    }
}

TEST_F(Beside, NamesDamageInWhatIsNew) {
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"0"}));
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    const std::uint64_t end = writer->store.head().address;
    ASSERT_TRUE(writer->append("s", {"1"}));
    ASSERT_TRUE(disk.flip_bit("00000001.log", end * 8 + 300));
    EXPECT_EQ(refresh_error(), Code::corrupt);
    EXPECT_EQ(reader->diagnostic.segment, 1U);
    EXPECT_EQ(reader->diagnostic.offset, end);
    EXPECT_EQ(reader->diagnostic.commit, 1U);
    EXPECT_EQ(reader->read("s"), Lines{"0"});
    disk.heal();
    EXPECT_TRUE(refresh().news);
}

// Goal: a store that was exchanged under a reader is an error, never a jump. Method: an older copy,
// a copy that went on by itself, and another store take its place.
TEST_F(Beside, NoticesAnotherStoreInItsPlace) {
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"0"}));
    writer.store.reset();
    const Files old = files_of(disk);
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"1"}));
    ASSERT_TRUE(writer->append("s", {"2"}));
    writer.store.reset();
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    ASSERT_EQ(reader->read("s").size(), 3U);
    const auto open_copy = [&] {
        put_files(disk, old);
        writer.clock.state++;
        ASSERT_EQ(writer.open(options), Code::none);
    };

    open_copy();
    EXPECT_EQ(refresh_error(), Code::ahead_of_log);
    ASSERT_TRUE(writer->append("s", {"one"}));
    EXPECT_EQ(refresh_error(), Code::ahead_of_log);
    ASSERT_TRUE(writer->append("s", {"2"}));
    EXPECT_EQ(refresh_error(), Code::diverged);
    ASSERT_TRUE(writer->append("s", {"3"}));
    EXPECT_EQ(refresh_error(), Code::corrupt);  // No frame begins there.
    writer.store.reset();

    open_copy();
    ASSERT_TRUE(writer->append("s", {"x"}));
    ASSERT_TRUE(writer->append("s", {"y"}));
    ASSERT_TRUE(writer->append("s", {"z"}));
    EXPECT_EQ(refresh_error(), Code::diverged);
    // The reader is where it was.
    EXPECT_EQ(reader->store.head().commit, 3U);
    writer.store.reset();

    put_files(disk, {});
    ASSERT_EQ(refresh_error(), Code::not_found);
    ASSERT_EQ(writer.open(options), Code::none);
    EXPECT_EQ(refresh_error(), Code::other_store);
    ASSERT_TRUE(writer->append("s", {"0"}));
    writer.store.reset();
    EXPECT_EQ(refresh_error(), Code::other_store);
}

// A restored copy that nobody writes: its head says that it began an epoch before what was shown.
TEST_F(Beside, NoticesARestoredCopyBesideNoWriter) {
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"0"}));
    kill();
    const Files old = files_of(disk);
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"1"}));
    ASSERT_TRUE(writer->append("s", {"2"}));
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    kill();
    EXPECT_FALSE(refresh().news);
    put_files(disk, old);
    writer.clock.state++;
    ASSERT_EQ(writer.open(options), Code::none);
    kill();
    EXPECT_EQ(refresh_error(), Code::ahead_of_log);
}

}  // namespace
}  // namespace freshet::test

// SPDX-License-Identifier: MIT
// Files whose checksums are all right and whose contents are made up: a checksum is no proof of who
// wrote. Whatever stands there, a store that opens goes on, and can be opened again. Found by
// fuzz/log and fuzz/head.
#include "freshet/follower.hpp"
#include "fuzz/forge.hpp"
#include "fuzz/repair.hpp"
#include "log/head.hpp"
#include "tests/faulty_disk.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;
constexpr std::uint64_t most = ~std::uint64_t{0};

class Forged : public ::testing::Test {
protected:
    void SetUp() override {
        options = tiny_options();
        OpenStore store{machine.door(), options};
        fresh = files_of(machine.disk);
        ASSERT_TRUE(store.append("a", {"first"}));
        stopped = files_of(machine.disk);
        ASSERT_TRUE(store.store.close());
        closed = files_of(machine.disk);
        options.create = false;
    }

    // The record in the slot of head that counts, changed.
    template <class Change>
    static Files with_head(Files files, Change change) {
        Contents& head = files.at("head");
        log::HeadRecord records[2];
        for (std::size_t slot = 0; slot < 2; slot++) {
            std::uint32_t format = 0;
            static_cast<void>(log::decode_head(Bytes{head}.subspan(slot * log::head_slot_size),
                                               records[slot], format));
        }
        const std::size_t newest = records[1].sequence > records[0].sequence ? 1 : 0;
        change(records[newest]);
        std::array<std::byte, log::head_slot_size> slot;
        log::encode_head(records[newest], slot);
        std::copy(slot.begin(), slot.end(),
                  head.begin() + static_cast<std::ptrdiff_t>(newest * log::head_slot_size));
        return files;
    }

    // A log of this one event and nothing else.
    Files with_frame(std::string_view stream, std::string_view type, std::uint64_t time_us) const {
        return with_frames({{.events = {{stream, 0, type}}, .time_us = time_us}});
    }
    // A log of one frame with these events.
    Files with_frame(const std::vector<fuzz::ForgedEvent>& events) const {
        return with_frames({{.events = events}});
    }
    Files with_frames(const std::vector<fuzz::ForgedFrame>& frames) const {
        Files files = fresh;
        Contents& log = files.at("00000001.log");
        log = fuzz::forge_log(log, geometry_of(fresh), frames);
        return files;
    }
    // The same with other bytes where some stand.
    Files with_frames(const std::vector<fuzz::ForgedFrame>& frames, std::string_view from,
                      std::string_view to) const {
        Files files = with_frames(frames);
        fuzz::change_log(files.at("00000001.log"), geometry_of(fresh), from, to);
        return files;
    }

    static log::Geometry geometry_of(const Files& files) {
        log::HeadRecord record;
        std::uint32_t format = 0;
        const Bytes head{files.at("head")};
        EXPECT_TRUE(log::decode_head(head.subspan(log::head_slot_size), record, format));
        return record.geometry;
    }

    Code open_code(const Files& files) {
        put_files(machine.disk, files);
        const Code code = OpenStore{machine.door(), options}.error;
        EXPECT_EQ(files_of(machine.disk), files);
        return code;
    }

    // Opens, appends, and opens again; what is there at first.
    Lines go_on(const Files& files) {
        put_files(machine.disk, files);
        Lines before;
        Lines after;
        {
            OpenStore store{machine.door(), options};
            EXPECT_EQ(store.error, Code::none);
            before = store.read_log();
            EXPECT_TRUE(store.append("b", {"second"}));
            EXPECT_EQ(store.verify(), Code::none);
            after = store.read_log();
            EXPECT_EQ(after.size(), before.size() + 1);
        }
        OpenStore again{machine.door(), options};
        EXPECT_EQ(again.error, Code::none);
        EXPECT_EQ(again.read_log(), after);
        return before;
    }

    Machine machine{8192};
    Options options;
    Files fresh;
    Files stopped;
    Files closed;
};

TEST_F(Forged, WritesToNoStoreWhoseEpochsAreUsedUp) {
    const Files files =
        with_head(stopped, [](log::HeadRecord& record) { record.attested.epoch.count = ~0U; });
    EXPECT_EQ(open_code(files), Code::corrupt);
    options.read_only = true;
    EXPECT_EQ(open_code(files), Code::none);
    // Nor can a copy be made, which would begin one more.
    OpenStore open{machine.door(), options};
    Machine copy{8192};
    std::vector<std::byte> scratch(1024 + 8192);
    BackupReport report;
    EXPECT_EQ(open.store.backup({}, copy.disk, scratch, report, open.diagnostic).error().code,
              Code::corrupt);
}

// A place before the first frame is attested by any log.
TEST_F(Forged, OpensANewStoreWhoseHeadAttestsNothing) {
    const Files files =
        with_head(fresh, [](log::HeadRecord& record) { record.attested.address = 0; });
    for (const bool read_only : {true, false}) {
        options.read_only = read_only;
        put_files(machine.disk, files);
        OpenStore open{machine.door(), options};
        EXPECT_EQ(open.error, Code::none);
        EXPECT_EQ(open.read_log(), Lines{});
        EXPECT_EQ(open.verify(), Code::none);
    }
}

TEST_F(Forged, OpensNoStoreWhoseHeadCannotBeCountedUp) {
    for (const std::uint64_t sequence : {most, most - 1, most - 999'999'999}) {
        const Files files =
            with_head(closed, [&](log::HeadRecord& record) { record.sequence = sequence; });
        for (const bool read_only : {true, false}) {
            options.read_only = read_only;
            EXPECT_EQ(open_code(files), Code::corrupt) << sequence;
        }
    }
}

// What is appended must not be of an epoch before that of the log, or it would be cut off.
TEST_F(Forged, RecoversWhereTheHeadIsOfAnEpochThatTheLogIsNotOf) {
    for (const log::Epoch epoch : {log::Epoch{0, 0}, log::Epoch{1, 77}}) {
        const Files files =
            with_head(closed, [&](log::HeadRecord& record) { record.attested.epoch = epoch; });
        EXPECT_EQ(go_on(files), Lines{"1 0 a@0 first"});
    }
}

TEST_F(Forged, TakesNoTimeBehindWhichThereIsNone) {
    EXPECT_EQ(go_on(with_frame("s", "t", most)), Lines{});
    EXPECT_EQ(go_on(with_frame("s", "t", std::uint64_t{1} << 63)), Lines{"1 0 s@0 x"});
}

TEST_F(Forged, GivesNobodyANameThatIsNone) {
    EXPECT_EQ(go_on(with_frame("s", "t", 1)), Lines{"1 0 s@0 x"});
    EXPECT_EQ(open_code(with_frame("a\nb", "t", 1)), Code::corrupt);
    EXPECT_EQ(open_code(with_frame("s", "\xff", 1)), Code::corrupt);
    // Nor is there a version 0 of a type, used or not.
    const std::vector<fuzz::ForgedFrame> frames = {
        {.events = {{"s", 0, "first"}, {"s", 1, "other"}}}};
    EXPECT_EQ(open_code(with_frames(frames, "\1\5first", {"\0\5first", 7})), Code::corrupt);
    EXPECT_EQ(go_on(with_frames(frames, "\1\5other", {"\0\5other", 7})), Lines{});
}

// What stands in the store's own streams is taken for what it is, or not at all.
TEST_F(Forged, TakesNoSettingsThatAreNone) {
    using namespace std::string_view_literals;
    const std::string some{"\1\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 25};
    for (unsigned flags = 0; flags < 256; flags++) {
        std::string payload = some;
        payload[0] = static_cast<char>(flags);
        const Files files = with_frame({{"s", 0, "T", "x"}, {"$settings/s", 0, "any", payload}});
        if (flags < 8) {
            EXPECT_EQ(go_on(files).size(), 2U) << flags;
        } else {
            EXPECT_EQ(open_code(files), Code::corrupt) << flags;
        }
    }
    for (std::size_t size = 0; size <= 40; size++) {
        if (size == 25) continue;
        const std::string payload = (some + some).substr(0, size);
        EXPECT_EQ(
            open_code(with_frame({{"s", 0, "T", "x"}, {"$settings/s", 0, "$settings", payload}})),
            Code::corrupt)
            << size;
    }
    for (const std::string_view name : {"$settings/t"sv, "$settings/"sv, "$settings/$settings/s"sv})
        EXPECT_EQ(open_code(with_frame({{"s", 0, "T", "x"}, {name, 0, "$settings", some}})),
                  Code::corrupt);
    EXPECT_EQ(
        open_code(with_frames(
            {{.events = {{"s", 0, "T"}}},
             {.events = {{"$settings/s", 0, "$settings", some}, {"s", 0, ""}}, .commit = 2}})),
        Code::corrupt);
    EXPECT_EQ(open_code(with_frame({{"s", 0, "T", "x"},
                                    {"$settings/s", 0, "$settings", some},
                                    {"$settings/$settings/s", 0, "$settings", some}})),
              Code::corrupt);
    for (const std::string_view payload : {""sv, "1234567"sv, "123456789"sv})
        EXPECT_EQ(open_code(with_frame({{"$checkpoint/c", 0, "$checkpoint", payload}})),
                  Code::corrupt);
    EXPECT_EQ(go_on(with_frame({{"$checkpoint/c", 0, "any", "12345678"}, {"$x", 0, "T", "x"}})),
              (Lines{"1 0 $checkpoint/c@0 12345678", "1 1 $x@0 x"}));
}

// A stream begins once. A frame may name it twice, where each goes on from the other.
TEST_F(Forged, BeginsNoStreamTwice) {
    EXPECT_EQ(go_on(with_frames({{.events = {{"same", 0, ""}}},
                                 {.events = {{"same", 0, "T"}, {"new", 0, ""}}, .commit = 2}})),
              Lines{"2 0 same@0 x"});
    for (const std::string_view type : {"", "T"}) {
        EXPECT_EQ(open_code(with_frames({{.events = {{"same", 0, type}}},
                                         {.events = {{"same", 0, ""}}, .commit = 2}})),
                  Code::corrupt);
        for (const std::string_view again : {"", "T"}) {
            const Files files = with_frames({{.events = {{"same", 0, type}, {"some", 0, again}}}},
                                            "\1\3ome", "\1\3ame");
            EXPECT_EQ(open_code(files), Code::corrupt);
        }
    }
    EXPECT_EQ(go_on(with_frames({{.events = {{"same", 0, "T"}, {"some", 1, "T"}}}}, "\1\3ome",
                                "\1\3ame")),
              (Lines{"1 0 same@0 x", "1 1 same@1 x"}));
    EXPECT_EQ(
        open_code(with_frames({{.events = {{"same", 0, "T"}, {"some", 1, "T"}, {"same", 1, "T"}}}},
                              "\1\3ome", "\1\3ame")),
        Code::corrupt);
}

TEST_F(Forged, CountsTheEventsOfAStreamOneByOne) {
    const std::vector<fuzz::ForgedFrame> frames = {{.events = {{"s", 0, "T"}, {"s", 1, "T"}}}};
    EXPECT_EQ(go_on(with_frames(frames)).size(), 2U);
    EXPECT_EQ(open_code(with_frames(frames, "\1\1\1x", "\1\2\1x")), Code::corrupt);
}

TEST_F(Forged, NamesNoStreamWithoutEventsBehindItsBeginning) {
    using namespace std::string_view_literals;
    const std::vector<fuzz::ForgedFrame> frames = {{.events = {{"known", 0, "T"}}},
                                                   {.events = {{"other", 0, ""}}, .commit = 2}};
    EXPECT_EQ(go_on(with_frames(frames)), Lines{"1 0 known@0 x"});
    for (const std::string_view to : {"\0\5other\1"sv, "\0\5other\x7f"sv, "\0\5known\1"sv})
        EXPECT_EQ(open_code(with_frames(frames, "\0\5other\0"sv, to)), Code::corrupt);
    // Rows begin with an event.
    EXPECT_EQ(open_code(with_frames({{.events = {{"\0\0\0\1row"sv, 0, ""}}}})), Code::corrupt);
}

// Goal: a claim that no writer makes, into the middle of a frame or of a transaction, is no reason
// to refuse a log that is whole, nor to show half a transaction. Method: each place.
TEST_F(Forged, ShowsWholeTransactionsOnlyWhateverIsClaimed) {
    const std::vector<fuzz::ForgedFrame> frames = {
        {.events = {{"s", 0, "T"}}, .synced_to = 8},
        {.events = {{"s", 1, "T"}}, .commit = 2, .last = false, .synced_to = 8},
        {.events = {{"s", 2, "T"}}, .commit = 2, .synced_to = 8},
        {.events = {{"s", 3, "T"}}, .commit = 3}};
    const auto begin_of = [&](std::ptrdiff_t number) {
        return with_frames({frames.begin(), frames.begin() + number}).at("00000001.log").size();
    };
    for (std::uint64_t claim = 8; claim <= begin_of(3); claim += 8) {
        std::vector<fuzz::ForgedFrame> claiming = frames;
        claiming.back().synced_to = claim;
        const Files files = with_frames(claiming);
        put_files(machine.disk, files);
        options.read_only = true;
        {
            OpenStore store{machine.door(), options};
            ASSERT_EQ(store.error, Code::none) << claim;
            const std::size_t first = claim > begin_of(0) ? 1 : 0;
            EXPECT_EQ(store.read_log().size(), claim > begin_of(2) ? 3 : first) << claim;
        }
        options.read_only = false;
        EXPECT_EQ(go_on(files).size(), 4U) << claim;
    }
}

// Who has the place of an event that is in the log and not attested waits for it, however often
// there is other news.
TEST_F(Forged, KeepsAFollowerWaitingForWhatItHasSeen) {
    std::vector<fuzz::ForgedFrame> frames;
    const auto place = [&](std::size_t claimed) {
        frames.back().synced_to =
            with_frames({frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(claimed)})
                .at("00000001.log")
                .size();
        put_files(machine.disk, with_frames(frames));
    };
    const auto add = [&] {
        const std::uint64_t number = frames.size();
        frames.push_back({.events = {{"s", number, "T"}}, .commit = number + 1, .synced_to = 8});
    };
    for (int i = 0; i < 5; i++) add();
    place(1);
    options.read_only = true;
    FaultyDisk faulty{machine.disk};
    OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, options};
    Follower follower;
    EXPECT_EQ(follower.open(open.store, 6).error().code, Code::ahead_of_log);
    ASSERT_TRUE(follower.open(open.store, 4));
    Recorded event;
    EXPECT_EQ(*follower.next(event, 0), Follower::Step::caught_up);
    add();
    place(3);
    EXPECT_EQ(*follower.next(event, 0), Follower::Step::timeout);
    EXPECT_EQ(open.store.head().next_ordinal, 3U);  // Nothing is mapped by this.
    add();
    place(6);
    // Nor does it wait for more news where the disk fails as it would start.
    faulty.maps_fail = true;
    EXPECT_EQ(follower.next(event, 0).error().code, Code::io);
    faulty.maps_fail = false;
    EXPECT_EQ(*follower.next(event, 0), Follower::Step::event);
    EXPECT_EQ(event.ordinal, 4U);
}

// The checks of a reader that goes on are those of one that opens.
TEST_F(Forged, AddsNothingToWhatShowsThatContradictsIt) {
    const std::vector<fuzz::ForgedFrame> frames = {{.events = {{"s", 0, "T"}}},
                                                   {.events = {{"t", 0, "T"}}, .commit = 2},
                                                   {.events = {{"s", 0, ""}}, .commit = 3},
                                                   {.events = {{"s", 1, "T"}}, .commit = 4}};
    put_files(machine.disk, with_frames({frames[0], frames[1]}));
    options.read_only = true;
    OpenStore open{machine.door(), options};
    ASSERT_EQ(open.error, Code::none);
    const Lines shown = open.read_log();
    for (int i = 0; i < 2; i++) {
        put_files(machine.disk, with_frames(frames));
        EXPECT_EQ(open.store.refresh(open.diagnostic).error().code, Code::corrupt);
        EXPECT_EQ(open.diagnostic.segment, 1U);
        EXPECT_EQ(open.read_log(), shown);
        EXPECT_EQ(open.verify(), Code::none);
    }
    const Head head = open.store.head();
    EXPECT_TRUE(open.store.contains(head));
    Head forged = head;
    forged.commit = most;
    EXPECT_EQ(open.store.contains(forged).error().code, Code::diverged);
}

// A checkpoint is eight bytes of a type that there is, also in a log that is changed under a store.
TEST_F(Forged, HasNoCheckpointOfAnotherForm) {
    const Files good = with_frames({{.events = {{"$checkpoint/c", 0, "T", "12345678"}}},
                                    {.events = {{"s", 0, "T"}}, .commit = 2}});
    for (const std::string_view from : {"\10"
                                        "12345678",
                                        "\1\1T"}) {
        put_files(machine.disk, good);
        OpenStore open{machine.door(), options};
        ASSERT_EQ(open.error, Code::none);
        std::string to{from};
        to[0]--;
        Contents forged = good.at("00000001.log");
        fuzz::change_log(forged, geometry_of(fresh), from, to);
        const File file = *machine.disk.open("00000001.log", OpenMode::write);
        ASSERT_TRUE(machine.disk.write(file, 0, forged, {}));
        machine.disk.close(file);
        Snapshot snapshot;
        ASSERT_TRUE(open.store.snapshot(snapshot));
        EXPECT_EQ(snapshot.checkpoint("c").error().code, Code::corrupt);
        const Tracking tracking{.consumer = "c", .ordinal = ~std::uint64_t{0}};
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        EXPECT_EQ(transaction.track(tracking, open.diagnostic).error().code, Code::corrupt);
    }
}

// Numbers that no call would write hide everything, or nothing; nobody reads beyond the end.
TEST_F(Forged, ReadsAStreamWhateverItsSettingsSay) {
    for (const char high : {'\0', '\1', '\x7f', '\xff'}) {
        for (std::size_t field = 1; field < 25; field += 8) {
            std::string payload(25, '\0');
            payload[0] = 2;
            payload.replace(field, 8, 8, high);
            const Files files =
                with_frame({{"s", 0, "T", "x"}, {"$settings/s", 0, "$settings", payload}});
            put_files(machine.disk, files);
            OpenStore store{machine.door(), options};
            ASSERT_EQ(store.error, Code::none);
            const bool hides = field == 1 && high != 0;
            EXPECT_EQ(store.read("s"), hides ? Lines{} : Lines{"x"});
            ASSERT_TRUE(store.append("s", {"y"}));
            EXPECT_EQ(store.verify(), Code::none);
        }
    }
}

TEST_F(Forged, GoesNotOnBehindASegmentWithoutFrames) {
    const log::Geometry geometry = geometry_of(fresh);
    Files files = with_frame("s", "t", 1);
    const Contents& first = files.at("00000001.log");
    log::SegmentHeader header;
    std::uint32_t format = 0;
    ASSERT_TRUE(log::decode(first, header, format));
    header.previous_end = first.size();
    header.chain = log::chain_after(first.data() + log::segment_header_size, geometry);
    for (header.number = 2; header.number < 4; header.number++) {
        std::array<std::byte, log::segment_header_size> bytes;
        log::encode(header, bytes);
        files[segment_file(header.number)] = Contents(bytes.begin(), bytes.end());
        header.previous_end = geometry.first_frame(header.number);
    }
    EXPECT_EQ(go_on(files), Lines{"1 0 s@0 x"});
    EXPECT_EQ(files_of(machine.disk).count(segment_file(3)), 0U);
}

// Head and log agree on a place, and not on how many commits there are before it.
TEST_F(Forged, NamesALogWithFewerCommitsThanItsHeadAttests) {
    const Files files =
        with_head(closed, [](log::HeadRecord& record) { record.attested.commit++; });
    EXPECT_EQ(open_code(files), Code::corrupt);
}

}  // namespace
}  // namespace freshet::test

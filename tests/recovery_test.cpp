// SPDX-License-Identifier: MIT
// What opening makes of files that a crash or damage has changed: a torn tail is cut off,
// acknowledged data is there or its damage is named, and nothing else ever happens.
#include "base/checksum.hpp"
#include "log/format.hpp"
#include "log/head.hpp"
#include "tests/files.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class Recovery : public ::testing::Test {
protected:
    struct Opened {
        Code code = Code::none;
        Lines lines;
        Diagnostic diagnostic;
        Head head;
        std::vector<std::string> messages;
    };

    // Opens a store on these files, reads it, and looks whether it goes on.
    Opened open(const Files& files, bool read_only = false) {
        put_files(machine.disk, files);
        options.read_only = read_only;
        options.create = false;
        Opened opened;
        options.log = [](void* context, Level, Code, std::string_view message) noexcept {
            static_cast<Opened*>(context)->messages.emplace_back(message);
        };
        options.log_context = &opened;
        OpenStore store{machine.door(), options};
        opened.code = store.error;
        opened.diagnostic = store.diagnostic;
        if (store.error != Code::none) return opened;
        opened.lines = store.read_log();
        opened.head = store.store.head();
        EXPECT_EQ(store.verify(), Code::none);
        if (read_only) return opened;
        EXPECT_TRUE(store.append("after", {"recovery"}));
        EXPECT_EQ(store.read_log().size(), opened.lines.size() + 1);
        return opened;
    }

    // A session that appends `count` events; the files after each, and at the clean close.
    std::vector<Files> session(int count, Digest digest = Digest::none, bool close = true) {
        options.digest = digest;
        options.create = true;
        options.read_only = false;
        options.log = nullptr;
        std::vector<Files> states;
        OpenStore store{machine.door(), options};
        EXPECT_EQ(store.error, Code::none);
        for (int i = 0; i < count; i++) {
            EXPECT_TRUE(
                store.append("s" + std::to_string(i % 3), {"payload " + std::to_string(i)}));
            states.push_back(files_of(machine.disk));
        }
        if (!close) return states;
        lines = store.read_log();
        EXPECT_TRUE(store.store.close());
        states.push_back(files_of(machine.disk));
        return states;
    }
    static bool is_prefix(const Lines& part, const Lines& all) {
        return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
    }

    Machine machine{8192};
    Options options = tiny_options();
    Lines lines;
};

// Where the frames of segment 1 begin, and where the last one ends.
std::vector<std::size_t> frame_offsets(const Contents& segment) {
    std::vector<std::size_t> offsets = {log::segment_header_size};
    while (offsets.back() + 80 <= segment.size()) {
        const auto size = load<std::uint32_t>(segment.data() + offsets.back() + 56);
        if (size == 0) break;
        offsets.push_back(offsets.back() + size);
    }
    return offsets;
}

TEST_F(Recovery, CutsATornTailOffWhereverItTore) {
    for (const Digest digest : {Digest::none, Digest::sha256}) {
        put_files(machine.disk, {});
        const Files stopped = session(4, digest)[3];
        const std::vector<std::size_t> offsets = frame_offsets(stopped.at("00000001.log"));
        ASSERT_EQ(offsets.size(), 5U);
        for (std::size_t cut = offsets[3]; cut <= offsets[4]; cut++) {
            for (const int kind : {0, 1, 2}) {
                Files torn = stopped;
                Contents& segment = torn["00000001.log"];
                if (kind == 0) segment.resize(cut);
                for (std::size_t i = cut; i < segment.size(); i++) {
                    segment[i] = kind == 1 ? std::byte{0} : static_cast<std::byte>(i * 37);
                }
                const Opened opened = open(torn);
                ASSERT_EQ(opened.code, Code::none) << cut;
                // The last bytes of a frame may be what was lost all the same: zeros.
                const bool whole =
                    std::equal(segment.begin(),
                               segment.begin() + static_cast<std::ptrdiff_t>(
                                                     std::min(segment.size(), offsets[4])),
                               stopped.at("00000001.log").begin()) &&
                    segment.size() >= offsets[4];
                ASSERT_EQ(opened.lines.size(), whole ? 4U : 3U) << cut << " " << kind;
                ASSERT_TRUE(is_prefix(opened.lines, lines));
                ASSERT_EQ(opened.head.epoch, 2U);
            }
        }
    }
}

TEST_F(Recovery, NamesEveryFlippedBitOfAClosedLog) {
    for (const Digest digest : {Digest::none, Digest::sha256}) {
        put_files(machine.disk, {});
        const Files closed = session(3, digest).back();
        const std::size_t size = closed.at("00000001.log").size();
        ASSERT_LT(size, 1100U);
        for (std::size_t bit = 0; bit < size * 8; bit += digest == Digest::none ? 1 : 7) {
            Files damaged = closed;
            damaged["00000001.log"][bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
            const Opened opened = open(damaged, bit % 2 == 0);
            ASSERT_EQ(opened.code, Code::corrupt) << bit / 8;
            ASSERT_EQ(opened.diagnostic.segment, 1U);
            ASSERT_LE(opened.diagnostic.offset, bit / 8);
            ASSERT_EQ(files_of(machine.disk), damaged);
        }
    }
}

// The last group of commits before an unclean stop may be lost to damage; nothing else, and nothing
// changes.
TEST_F(Recovery, NamesEveryFlippedByteOfAStoppedLogButOfTheLastCommit) {
    const Files stopped = session(4)[3];
    const std::vector<std::size_t> offsets = frame_offsets(stopped.at("00000001.log"));
    for (std::size_t i = 0; i < stopped.at("00000001.log").size(); i++) {
        Files damaged = stopped;
        damaged["00000001.log"][i] ^= std::byte{0x41};
        const Opened opened = open(damaged);
        if (i < offsets[3]) {
            ASSERT_EQ(opened.code, Code::corrupt) << i;
        } else {
            ASSERT_EQ(opened.code, Code::none) << i;
            ASSERT_EQ(opened.lines.size(), i < offsets[4] ? 3U : 4U);
            ASSERT_TRUE(is_prefix(opened.lines, lines));
        }
    }
}

TEST_F(Recovery, NamesEveryLostByteOfAClosedLog) {
    const Files closed = session(3).back();
    for (std::size_t size = 0; size < closed.at("00000001.log").size(); size++) {
        Files cut = closed;
        cut["00000001.log"].resize(size);
        ASSERT_EQ(open(cut).code, Code::corrupt) << size;
    }
    Files longer = closed;
    longer["00000001.log"].resize(longer["00000001.log"].size() + 7, std::byte{9});
    EXPECT_EQ(open(longer).lines, lines);
}

// ---- head ----

TEST_F(Recovery, LivesWithDamageToOneSlotOfHead) {
    const Files closed = session(3).back();
    for (std::size_t bit = 0; bit < closed.at("head").size() * 8; bit += 211) {
        Files damaged = closed;
        damaged["head"][bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        const Opened opened = open(damaged);
        ASSERT_EQ(opened.code, Code::none) << bit / 8;
        ASSERT_EQ(opened.lines, lines);
        ASSERT_GE(opened.messages.size(), 1U);
        ASSERT_NE(opened.messages[0].find("damaged"), std::string::npos);
    }
}

TEST_F(Recovery, NamesDamageToBothSlotsOfHead) {
    const Files closed = session(3).back();
    for (const std::size_t offset : {0U, 7U, 8U, 12U, 16U, 50U, 4095U}) {
        Files damaged = closed;
        damaged["head"][offset] ^= std::byte{4};
        damaged["head"][4096 + offset] ^= std::byte{4};
        EXPECT_EQ(open(damaged).code, Code::corrupt) << offset;
        EXPECT_EQ(files_of(machine.disk), damaged);
    }
    // Even where a new store has one slot only.
    put_files(machine.disk, {});
    options.create = true;
    { OpenStore fresh{machine.door(), options}; }
    const Files fresh = files_of(machine.disk);
    for (std::size_t offset = 0; offset < 8192;
         offset += offset < 130 || (offset >= 4090 && offset < 4230) ? 1 : 400) {
        Files damaged = fresh;
        damaged["head"][offset] ^= std::byte{1};
        const Code code = open(damaged).code;
        EXPECT_EQ(code, offset < 4096 ? Code::none : Code::corrupt) << offset;
    }
    Files none = closed;
    none["head"].clear();
    EXPECT_EQ(open(none).code, Code::corrupt);
    none.erase("00000001.log");
    EXPECT_EQ(open(none).code, Code::not_a_store);
    none["head"] = Contents(8192);
    EXPECT_EQ(open(none).code, Code::not_a_store);
    none["head"] = Contents(5000, std::byte{'x'});
    EXPECT_EQ(open(none).code, Code::not_a_store);
}

void set_format(Contents& head, std::size_t slot, std::uint32_t format) {
    std::byte* const at = head.data() + slot * log::head_slot_size;
    store_at(at + 8, format);
    const std::uint32_t crc = crc32c(crc32c(0, {at, 12}), {at + 16, log::head_slot_size - 16});
    store_at(at + 12, crc);
}

TEST_F(Recovery, RefusesANewerFormatAndSaysWhich) {
    const Files closed = session(3).back();
    for (const int slots : {1, 2, 3}) {
        Files newer = closed;
        if ((slots & 1) != 0) set_format(newer["head"], 0, 7);
        if ((slots & 2) != 0) set_format(newer["head"], 1, 7);
        const Opened opened = open(newer, slots == 2);
        EXPECT_EQ(opened.code, Code::newer_format);
        EXPECT_EQ(opened.diagnostic.format, 7U);
        EXPECT_EQ(files_of(machine.disk), newer);
    }
}

// Records that pass the checksum and make no sense.
TEST_F(Recovery, RefusesAHeadThatContradictsItself) {
    const Files closed = session(3).back();
    struct Change {
        std::size_t offset;
        std::uint32_t value;
    };
    for (const Change change :
         {Change{32, 0}, {32, 2048}, {32, 5000}, {36, 1000}, {36, 1032}, {40, 2}}) {
        Files changed = closed;
        for (std::size_t slot = 0; slot < 2; slot++) {
            store_at(changed["head"].data() + slot * log::head_slot_size + change.offset,
                     change.value);
            set_format(changed["head"], slot, 0);
        }
        EXPECT_EQ(open(changed).code, Code::corrupt) << change.offset;
    }
}

TEST_F(Recovery, RefusesToMakeAStoreWhereThereIsALog) {
    Files closed = session(3).back();
    closed.erase("head");
    EXPECT_EQ(open(closed).code, Code::not_found);
    options.create = true;
    options.log = nullptr;
    OpenStore refused{machine.door(), options};
    EXPECT_EQ(refused.error, Code::corrupt);
    EXPECT_EQ(files_of(machine.disk), closed);
    Holder holder;
    EXPECT_TRUE(machine.disk.lock(holder));  // It was given back.
    machine.disk.unlock();
}

// A crash while a store was made: whatever is there but `head`, it is made again.
TEST_F(Recovery, MakesAStoreThatWasNotFinished) {
    options.create = true;
    { OpenStore fresh{machine.door(), options}; }
    const Files fresh = files_of(machine.disk);
    for (const std::size_t size : {0U, 5U, 96U}) {
        Files part;
        part["00000001.log"] =
            Contents(fresh.at("00000001.log").begin(),
                     fresh.at("00000001.log").begin() + static_cast<std::ptrdiff_t>(size));
        part["head.new"] = Contents(100, std::byte{1});
        put_files(machine.disk, part);
        OpenStore again{machine.door(), options};
        EXPECT_EQ(again.error, Code::none);
        EXPECT_TRUE(again.append("s", {"0"}));
    }
}

TEST_F(Recovery, GoesOnFromAnOlderHead) {
    const Files older = session(3).back();
    Files newer = session(5).back();
    newer["head"] = older.at("head");
    const Opened opened = open(newer);
    EXPECT_EQ(opened.code, Code::none);
    EXPECT_EQ(opened.lines, lines);
}

TEST_F(Recovery, NamesALogThatIsOlderThanItsHead) {
    const Files older = session(3).back();
    Files newer = session(5).back();
    newer["00000001.log"] = older.at("00000001.log");
    const Opened opened = open(newer);
    EXPECT_EQ(opened.code, Code::corrupt);
    EXPECT_EQ(opened.diagnostic.commit, 3U);
    EXPECT_EQ(opened.diagnostic.offset, older.at("00000001.log").size());
}

// Two copies of a store went on each for itself: the head of one does not fit the log of the other,
// however far it goes.
TEST_F(Recovery, NamesALogThatWentAnotherWayThanItsHead) {
    const Files common = session(3).back();
    Files one = session(2).back();
    put_files(machine.disk, common);
    for (const int count : {2, 4}) {
        put_files(machine.disk, common);
        Files other = session(count).back();
        other["head"] = one.at("head");
        EXPECT_EQ(open(other).code, Code::corrupt) << count;
        EXPECT_EQ(open(other, true).code, Code::corrupt) << count;
    }
}

// A crash took two commits, and the store went on without them; then the disk loses what was
// written since, and shows the two again, whose chain is right. One is left out as any last commit
// may be; the second one says that the first was durable.
TEST_F(Recovery, TakesNoCommitOfAnEpochThatWasGivenUp) {
    const Files common = session(1).back();
    const Lines before = lines;
    const std::vector<Files> given_up = session(2, Digest::none, false);
    Files lost = given_up.back();
    Contents& log = lost["00000001.log"];
    std::fill(log.begin() + static_cast<std::ptrdiff_t>(common.at("00000001.log").size()),
              log.end(), std::byte{0});
    put_files(machine.disk, lost);
    Files now = session(1, Digest::none, false).back();
    now["00000001.log"] = given_up[0].at("00000001.log");
    const Opened one = open(now);
    EXPECT_EQ(one.code, Code::none);
    EXPECT_EQ(one.lines, before);
    now["00000001.log"] = given_up[1].at("00000001.log");
    EXPECT_EQ(open(now).code, Code::corrupt);
    EXPECT_EQ(open(now, true).code, Code::corrupt);
}

// ---- segments ----

TEST_F(Recovery, NamesAMissingSegment) {
    const Files closed = session(170).back();
    const auto count = static_cast<std::uint32_t>(closed.size() - 1);
    ASSERT_GE(count, 4U);
    for (std::uint32_t number = 1; number <= count; number++) {
        Files missing = closed;
        missing.erase(segment_file(number));
        for (const bool read_only : {false, true}) {
            const Opened opened = open(missing, read_only);
            EXPECT_EQ(opened.code, Code::corrupt) << number;
            EXPECT_EQ(opened.diagnostic.segment, number == 1 ? 1 : number - 1);
            EXPECT_EQ(files_of(machine.disk), missing);
        }
        Files zeroed = closed;
        std::fill(zeroed[segment_file(number)].begin(), zeroed[segment_file(number)].end(),
                  std::byte{0});
        EXPECT_EQ(open(zeroed).code, Code::corrupt);
        Files empty = closed;
        empty[segment_file(number)].clear();
        EXPECT_EQ(open(empty).code, Code::corrupt);
    }
}

TEST_F(Recovery, NamesASegmentOfAnotherStoreOrPlace) {
    const Files closed = session(170).back();
    put_files(machine.disk, {});
    const Files other = session(170).back();
    for (std::uint32_t number = 1; number <= 4; number++) {
        Files mixed = closed;
        mixed[segment_file(number)] = other.at(segment_file(number));
        EXPECT_EQ(open(mixed).code, Code::corrupt) << number;
        mixed = closed;
        mixed[segment_file(number)] = closed.at(segment_file(number % 4 + 1));
        EXPECT_EQ(open(mixed).code, Code::corrupt) << number;
    }
}

// What lies behind the end of the log and does not go on from it is left over, and is removed.
TEST_F(Recovery, RemovesSegmentsThatAreLeftOver) {
    const Files closed = session(3).back();
    const Lines before = lines;
    put_files(machine.disk, {});
    const Files other = session(120).back();
    for (const int kind : {0, 1, 2}) {
        Files more = closed;
        more["00000002.log"] = kind == 0 ? other.at("00000002.log") : Contents(kind == 1 ? 512 : 0);
        more["00000003.log"] = other.at("00000003.log");
        const Opened read_only = open(more, true);
        EXPECT_EQ(read_only.code, Code::none);
        EXPECT_EQ(read_only.lines, before);
        const Opened opened = open(more);
        EXPECT_EQ(opened.lines, before);
        EXPECT_EQ(files_of(machine.disk).count("00000002.log"), 0U);
        EXPECT_EQ(files_of(machine.disk).count("00000003.log"), 0U);
    }
}

TEST_F(Recovery, RemovesMoreSegmentsThanItHasRoomFor) {
    Files more = session(3).back();
    for (std::uint32_t number = 2; number < 8; number++) more[segment_file(number)] = Contents(512);
    options.segment_count_max = 3;
    EXPECT_EQ(open(more).lines.size(), 3U);
    EXPECT_EQ(files_of(machine.disk).size(), 2U);
}

TEST_F(Recovery, RefusesMoreSegmentsThanItHasRoomFor) {
    const Files closed = session(170).back();
    options.segment_count_max = 3;
    EXPECT_EQ(open(closed).code, Code::invalid_argument);
    EXPECT_EQ(open(closed, true).code, Code::invalid_argument);
    EXPECT_EQ(files_of(machine.disk), closed);
}

// ---- sessions ----

TEST_F(Recovery, WritesNothingWhenAClosedStoreIsOpenedAndClosed) {
    for (const int count : {0, 1, 40}) {
        put_files(machine.disk, {});
        const Files closed = session(count).back();
        for (int i = 0; i < 3; i++) {
            OpenStore store{machine.door(), options};
            EXPECT_EQ(store.store.head().epoch, 1U);
            EXPECT_TRUE(store.store.maintain(store.diagnostic));
            EXPECT_TRUE(store.store.sync(store.diagnostic));
            EXPECT_TRUE(store.store.close());
            EXPECT_EQ(files_of(machine.disk), closed);
        }
    }
}

TEST_F(Recovery, CountsEpochs) {
    std::uint32_t epoch = 1;
    Head before;
    for (int i = 0; i < 12; i++) {
        const Files stopped = session(3, Digest::none, i % 3 == 0).back();
        put_files(machine.disk, stopped);
        if (i % 3 != 0) epoch++;
        options.create = false;
        OpenStore store{machine.door(), options};
        const Head head = store.store.head();
        EXPECT_EQ(head.epoch, epoch);
        EXPECT_EQ(head.commit, static_cast<std::uint64_t>(i + 1) * 3);
        EXPECT_EQ(head.epoch_nonce == before.epoch_nonce, i % 3 == 0 && i > 0) << i;
        before = head;
    }
}

// Read only, what the last writer left unattested does not show; a writer shows it, and from then
// on it stays.
TEST_F(Recovery, ShowsOnlyWhatIsAttestedWhenReadOnly) {
    const std::vector<Files> states = session(4);
    for (std::size_t i = 0; i < 4; i++) {
        const Opened opened = open(states[i], true);
        EXPECT_EQ(opened.code, Code::none);
        EXPECT_EQ(opened.lines.size(), i);
        EXPECT_EQ(opened.messages.size(), 1U);
        EXPECT_EQ(files_of(machine.disk), states[i]);
    }
    EXPECT_EQ(open(states[4], true).lines.size(), 4U);
    EXPECT_EQ(open(states[4], true).messages.size(), 0U);
    options.read_only = true;
    OpenStore reader{machine.door(), options};
    EXPECT_EQ(reader.append_events("s", {event_of("x")}), Code::read_only);
    EXPECT_EQ(reader.append_events("s0", {}), Code::none);
    EXPECT_EQ(reader.create("s"), Code::read_only);
    EXPECT_EQ(reader.store.maintain(reader.diagnostic).error().code, Code::read_only);
    EXPECT_TRUE(reader.store.sync(reader.diagnostic));
    OpenStore writer{machine.door(), [] {
                         Options o = tiny_options();
                         return o;
                     }()};
    EXPECT_EQ(writer.error, Code::none);
    OpenStore second{machine.door(), tiny_options()};
    EXPECT_EQ(second.error, Code::locked);
}

// Bytes that change under an open store are found by whoever reads them, and never given out.
TEST_F(Recovery, FindsDamageThatComesWhileTheStoreIsOpen) {
    session(3);
    OpenStore store{machine.door(), options};
    const Files files = files_of(machine.disk);
    const Contents& segment = files.at("00000001.log");
    const File file = *machine.disk.open("00000001.log", OpenMode::write);
    const std::vector<std::size_t> offsets = frame_offsets(segment);
    for (std::size_t i = 0; i < segment.size(); i++) {
        const std::array<std::byte, 1> flipped = {segment[i] ^ std::byte{0x10}};
        ASSERT_TRUE(machine.disk.write(file, i, flipped, {}));
        ASSERT_EQ(store.verify(), Code::corrupt) << i;
        Snapshot snapshot;
        ASSERT_TRUE(store.store.snapshot(snapshot));
        Lines read;
        LogCursor cursor;
        Recorded event;
        if (cursor.open(snapshot, LogStart::commit(1))) {
            for (Result<bool> there = cursor.next(event); there && *there;
                 there = cursor.next(event)) {
                read.push_back(std::to_string(event.commit) + " " + std::to_string(event.ordinal) +
                               " " + std::string{event.stream} + "@" + std::to_string(event.index) +
                               " " + std::string{as_text(event.payload)});
            }
        }
        ASSERT_TRUE(is_prefix(read, lines)) << i;
        StreamCursor of_stream;
        ASSERT_TRUE(of_stream.open(snapshot, "s1", Horizon::beginning()));
        const Result<bool> there = of_stream.next(event);
        if (there) {
            ASSERT_EQ(as_text(event.payload), "payload 1");
            ASSERT_EQ(event.commit, 2U);
        } else {
            ASSERT_EQ(there.error().code, Code::corrupt);
            ASSERT_TRUE(i >= offsets[1] && i < offsets[2]);
        }
        ASSERT_TRUE(machine.disk.write(file, i, {segment.data() + i, 1}, {}));
    }
    EXPECT_EQ(store.verify(), Code::none);
}

}  // namespace
}  // namespace freshet::test

// SPDX-License-Identifier: MIT
// Files whose checksums are all right and whose contents are made up: a checksum is no proof of who
// wrote. Whatever stands there, a store that opens goes on, and can be opened again. Found by
// fuzz/log and fuzz/head.
#include "base/arena.hpp"
#include "log/frame.hpp"
#include "log/head.hpp"
#include "tests/files.hpp"

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
        const log::Geometry geometry = geometry_of(fresh);
        log::SegmentHeader segment;
        std::uint32_t format = 0;
        Files files = fresh;
        Contents& bytes = files.at("00000001.log");
        EXPECT_TRUE(log::decode(bytes, segment, format));
        bytes.resize(geometry.segment_size);

        std::vector<std::byte> memory(log::FrameBuilder::required_memory());
        Arena arena{memory};
        log::FrameBuilder builder;
        EXPECT_TRUE(builder.open(arena, geometry));
        log::Position after;
        after.epoch = segment.epoch;
        std::byte* const room = bytes.data() + log::segment_header_size;
        builder.begin(room, after, log::segment_header_size, 1, time_us);
        builder.add(stream, 0, {.type = type, .payload = as_bytes("x"), .metadata = {}, .id = {}},
                    nullptr);
        const log::Position end = builder.seal(true);
        log::stamp(room, log::segment_header_size, log::segment_header_size, geometry);
        bytes.resize(end.address);
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
}

TEST_F(Forged, OpensNoStoreWhoseHeadCannotBeCountedUp) {
    for (const std::uint64_t sequence : {most, most - 1, most - 999'999'999}) {
        const Files files =
            with_head(closed, [&](log::HeadRecord& record) { record.sequence = sequence; });
        EXPECT_EQ(open_code(files), Code::corrupt) << sequence;
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

}  // namespace
}  // namespace freshet::test

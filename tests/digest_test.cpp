// SPDX-License-Identifier: MIT
// Verification against a head that was kept elsewhere, with both digests: what it finds, and what
// only it finds.
#include "base/checksum.hpp"
#include "log/event.hpp"
#include "log/head.hpp"
#include "log/scan.hpp"
#include "tests/files.hpp"

namespace freshet::test {
namespace {

class Anchors : public ::testing::TestWithParam<Digest> {
protected:
    void SetUp() override { options.digest = GetParam(); }

    // Writes `count` more events; what head() was after each.
    std::vector<Head> session(std::size_t count) {
        std::vector<Head> heads;
        OpenStore open{machine.door(), options};
        EXPECT_EQ(open.error, Code::none);
        heads.push_back(open.store.head());
        for (std::size_t i = 0; i < count; i++) {
            EXPECT_TRUE(open.append("s" + std::to_string(i % 3), {"payload " + std::to_string(i)}));
            heads.push_back(open.store.head());
        }
        return heads;
    }

    Machine machine{8192};
    Options options = tiny_options();
};

TEST_P(Anchors, AreFoundInTheLogTheyAreOf) {
    std::vector<Head> heads = session(40);
    const std::vector<Head> more = session(5);
    heads.insert(heads.end(), more.begin(), more.end());
    OpenStore open{machine.door(), options};
    for (const Head& head : heads) {
        ASSERT_EQ(open.verify(&head), Code::none);
        ASSERT_TRUE(open.report.anchor_found);
        ASSERT_EQ(open.report.head.commit, 45U);
        ASSERT_EQ(open.report.commit_count, 45U);
        ASSERT_EQ(open.report.event_count, 45U);
        ASSERT_EQ(open.report.stream_count, 3U);
        for (const int change : {0, 1, 2, 3}) {
            Head other = head;
            if (change == 0) other.chain[0] ^= std::byte{1};
            if (change == 1) other.next_ordinal++;
            if (change == 2) other.time_us++;
            if (change == 3) other.chain[31] ^= std::byte{1};
            ASSERT_EQ(open.verify(&other), Code::corrupt);
            ASSERT_FALSE(open.report.anchor_found);
        }
    }
    Head ahead = heads.back();
    ahead.commit++;
    EXPECT_EQ(open.verify(&ahead), Code::ahead_of_log);
    Head foreign = heads.back();
    foreign.store ^= 1;
    EXPECT_EQ(open.verify(&foreign), Code::invalid_argument);
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_FALSE(open.report.anchor_found);
}

TEST_P(Anchors, FindACopyThatWentItsOwnWay) {
    session(10);
    const Files common = files_of(machine.disk);
    const std::vector<Head> one = session(3);
    put_files(machine.disk, common);
    session(5);
    OpenStore open{machine.door(), options};
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.verify(&one.front()), Code::none);
    EXPECT_EQ(open.verify(&one.back()), Code::corrupt);
}

TEST_P(Anchors, FindALogThatWasCutBack) {
    session(10);
    const Files before = files_of(machine.disk);
    const std::vector<Head> heads = session(3);
    put_files(machine.disk, before);
    OpenStore open{machine.door(), options};
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.verify(&heads.back()), Code::ahead_of_log);
}

TEST_P(Anchors, NeedScratchMemory) {
    session(1);
    OpenStore open{machine.door(), options};
    std::vector<std::byte> scratch(options.frame_size_max + 8192);
    VerifyReport report;
    EXPECT_TRUE(open.store.verify(scratch, nullptr, report, open.diagnostic));
    scratch.pop_back();
    EXPECT_EQ(open.store.verify(scratch, nullptr, report, open.diagnostic).error().code,
              Code::out_of_memory);
    EXPECT_EQ(open.diagnostic.needed, scratch.size() + 1);
    EXPECT_EQ(open.diagnostic.limit, scratch.size());
    ASSERT_TRUE(open.store.close());
    EXPECT_EQ(open.store.verify(scratch, nullptr, report, open.diagnostic).error().code,
              Code::invalid_argument);
}

// Somebody changes a payload and every checksum that covers it, the whole chain and the head along
// with them.
void forge(Files& files, const log::Geometry& geometry) {
    Contents& segment = files["00000001.log"];
    log::Chain chain;
    for (std::size_t offset = log::segment_header_size; offset < segment.size();) {
        log::Frame frame{.address = offset, .header = {}, .bytes = segment.data() + offset};
        ASSERT_TRUE(log::decode(Bytes{segment}.subspan(offset), offset, geometry, frame.header));
        log::StoredEvent event;
        const Bytes first_type = frame.events(geometry).first(3);
        const Bytes events = frame.events(geometry).subspan(3);
        ASSERT_TRUE(log::decode(events, geometry.digest, event));
        Contents payload(event.payload.begin(), event.payload.end());
        payload[0] ^= std::byte{1};
        const Event changed{.type = "T", .payload = payload, .metadata = {}, .id = {}};
        const std::size_t stream = (frame.header.commit - 1) % 3;
        const std::string name = "s" + std::to_string(stream);
        const log::EventPlace place{.address = offset + event.offset,
                                    .index = (frame.header.commit - 1) / 3,
                                    .offset = event.offset,
                                    .number = 0,
                                    .slot = 0,
                                    .within = 0,
                                    .type = 0};
        log::Salt salt{};
        if (geometry.digest == Digest::sha256)
            std::ranges::copy(event.proof.last(log::salt_size), salt.begin());
        const bool salted = geometry.digest == Digest::sha256;
        const log::StoredEvent stored = log::encode(
            changed,
            log::seed_of(log::seed_of(log::seed_of(name), log::EventType{"T", 1}), frame.header),
            place, salted ? &salt : nullptr, segment.data() + offset + event.offset);
        frame.header.chain_before = chain;
        frame.header.body_crc =
            crc32c(crc32c(crc32c(0, first_type), stored.header), frame.tables(geometry));
        Sha256 sha;
        sha.update(first_type);
        sha.update(stored.header);
        sha.update(frame.tables(geometry));
        if (salted) frame.header.body_sha = sha.finish();
        log::encode(frame.header, geometry, segment.data() + offset);
        log::stamp(segment.data() + offset, offset, frame.header.synced_to, geometry);
        chain = log::chain_after(segment.data() + offset, geometry);
        offset += frame.header.size;
    }
    for (std::size_t slot = 0; slot < 2; slot++) {
        const auto bytes = std::span{files["head"]}
                               .subspan(slot * log::head_slot_size)
                               .first<log::head_slot_size>();
        log::HeadRecord record;
        std::uint32_t format = 0;
        if (!log::decode_head(bytes, record, format)) continue;
        record.attested.chain = chain;
        log::encode_head(record, bytes);
    }
}

TEST_P(Anchors, FindALogThatWasForgedFromStartToEnd) {
    const Head head = session(6).back();
    Files files = files_of(machine.disk);
    log::HeadRecord record;
    std::uint32_t format = 0;
    ASSERT_TRUE(log::decode_head(Bytes{files["head"]}.first(log::head_slot_size), record, format));
    forge(files, record.geometry);
    put_files(machine.disk, files);
    OpenStore open{machine.door(), options};
    ASSERT_EQ(open.error, Code::none);
    EXPECT_EQ(open.read("s0")[0], "qayload 0");
    EXPECT_EQ(open.verify(), Code::none);
    // The chain of checksums covers what stands in the event's header: its CRC or its digest.
    EXPECT_EQ(open.verify(&head), Code::corrupt);
}

INSTANTIATE_TEST_SUITE_P(Digests, Anchors, ::testing::Values(Digest::none, Digest::sha256),
                         [](const auto& digest) {
                             return digest.param == Digest::none ? "Crc" : "Sha256";
                         });

// A payload under a right checksum, but another digest: only its SHA-256 knows, and every scan
// looks.
TEST(Digests, FindAPayloadThatWasChangedUnderItsChecksums) {
    Machine machine{8192};
    Options options = tiny_options();
    options.digest = Digest::sha256;
    {
        OpenStore open{machine.door(), options};
        for (int i = 0; i < 3; i++) ASSERT_TRUE(open.append("s0", {"payload"}));
    }
    Files files = files_of(machine.disk);
    log::HeadRecord record;
    std::uint32_t format = 0;
    ASSERT_TRUE(log::decode_head(Bytes{files["head"]}.first(log::head_slot_size), record, format));
    const Files good = files;
    Contents& segment = files["00000001.log"];
    const std::size_t frame = log::segment_header_size;
    log::StoredEvent event;
    const std::size_t first_event = frame + 144 + 3;
    const Bytes encoded = Bytes{segment}.subspan(first_event);
    ASSERT_TRUE(log::decode(encoded, Digest::sha256, event));
    const auto at = static_cast<std::size_t>(event.payload.data() - segment.data());
    segment[at] ^= std::byte{1};
    // The CRC is seeded by the event's names and place.
    const std::array<std::byte, 7> names = {std::byte{2},  std::byte{'s'}, std::byte{'0'},
                                            std::byte{1},  std::byte{0},   std::byte{1},
                                            std::byte{'T'}};
    std::array<std::byte, 16> place{};
    store_at(place.data(), std::uint64_t{first_event});
    const Bytes moment = Bytes{segment}.subspan(frame + 32, 24);
    const std::uint32_t crc = crc32c(crc32c(crc32c(crc32c(0, names), moment), place),
                                     Bytes{segment}.subspan(first_event + 4, event.size - 4));
    store_at(segment.data() + first_event, crc);
    put_files(machine.disk, files);
    OpenStore open{machine.door(), options};
    EXPECT_EQ(open.error, Code::corrupt);
    EXPECT_EQ(open.diagnostic.offset, frame);
    // So does whoever reads the log of a store that is open already.
    put_files(machine.disk, good);
    OpenStore live{machine.door(), options};
    const File file = *machine.disk.open("00000001.log", OpenMode::write);
    ASSERT_TRUE(machine.disk.write(file, 0, segment, {}));
    machine.disk.close(file);
    Snapshot snapshot;
    ASSERT_TRUE(live.store.snapshot(snapshot));
    LogCursor cursor;
    ASSERT_TRUE(cursor.open(snapshot, LogStart::ordinal(0)));
    Recorded recorded;
    EXPECT_EQ(cursor.next(recorded).error().code, Code::corrupt);
}

}  // namespace
}  // namespace freshet::test

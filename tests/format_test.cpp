// SPDX-License-Identifier: MIT
// Golden bytes: the files of one small store, as the tables in format.hpp, event.hpp and head.hpp
// have them. When this fails, the format has changed: then change format_version, or this test
// while it is 0.
#include "base/checksum.hpp"
#include "log/event.hpp"
#include "log/head.hpp"
#include "log/scan.hpp"
#include "tests/files.hpp"

namespace freshet::test {
namespace {

// One commit: an empty stream, an event with everything, one with nothing in the same stream, one
// in another.
Files golden_files(Digest digest) {
    Machine machine{8192};
    Options options = tiny_options();
    options.digest = digest;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    EXPECT_TRUE(transaction.begin(open.store, open.diagnostic));
    EXPECT_TRUE(transaction.create("acct-0", open.diagnostic));
    const Event full{.type = "Opened",
                     .payload = as_bytes("{\"by\":1}"),
                     .metadata = as_bytes("meta"),
                     .id = id_of(0x0807060504030201)};
    const Event bare{.type = "Opened", .payload = {}, .metadata = {}, .id = {}};
    const Event other{
        .type = "Closed", .payload = as_bytes("x"), .metadata = {}, .id = {}, .schema_version = 2};
    const std::vector<Event> first = {full, bare};
    const std::vector<Event> second = {other};
    EXPECT_TRUE(transaction.append({"acct-17", Expected::any(), first}, open.diagnostic));
    EXPECT_TRUE(transaction.append({"b", Expected::any(), second}, open.diagnostic));
    EXPECT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    EXPECT_TRUE(open.store.close());
    return files_of(machine.disk);
}

std::string hex_of(Bytes bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        for (const int shift : {4, 0})
            text += "0123456789abcdef"[(std::to_integer<unsigned>(byte) >> shift) & 15];
    }
    return text;
}

// Without the zeros at its end.
Bytes trimmed(Bytes bytes) {
    while (!bytes.empty() && bytes.back() == std::byte{0}) bytes = bytes.first(bytes.size() - 1);
    return bytes;
}

TEST(Format, HasTheseBytes) {
    const Files files = golden_files(Digest::none);
    EXPECT_EQ(hex_of(files.at("00000001.log")),
              "46524553484c4f47000000003a6602ec6c82a562cb808d1001000000001000000000000000000000"
              "01000000d632be890000000000000000000000000000000000000000000000000000000000000000"
              "00000000000000000000000000000000467246015b120e0c60000000000000006c82a562cb808d10"
              "01000000d632be89010000000000000054420f00000000000000000000000000b000000044000000"
              "0300000003000200d5807efe0000000001064f70656e6564d0432fc31c5800010102030405060708"
              "000000000000000104086d6574617b226279223a317ddc890860507e01010100977cd18630880102"
              "020101780206436c6f7365640006616363742d30000502313700000162000000");
    EXPECT_EQ(hex_of(trimmed(Bytes{files.at("head")}.first(4096))),
              "465245534845414400000000706c953302000000000000006c82a562cb808d100010000000040000"
              "0000000001000000d632be897bfefc43100100000000000001000000000000000300000000000000"
              "54420f");
    EXPECT_EQ(hex_of(trimmed(Bytes{files.at("head")}.last(4096))),
              "4652455348454144000000007da65b9001000000000000006c82a562cb808d100010000000040000"
              "0000000001000000d632be890000000060");
    EXPECT_EQ(files.at("head").size(), 8192U);
}

TEST(Format, HasTheseBytesWithSha256) {
    const Files files = golden_files(Digest::sha256);
    EXPECT_EQ(hex_of(files.at("00000001.log")),
              "46524553484c4f47000000003a6602ec6c82a562cb808d1001000000001000000000000000000000"
              "01000000d632be890000000000000000000000000000000000000000000000000000000000000000"
              "000000000000000000000000000000004672460329014b9660000000000000006c82a562cb808d10"
              "01000000d632be89010000000000000054420f0000000000000000000000000080010000d6000000"
              "03000000030002002888d10300000000000000000000000000000000000000000000000000000000"
              "0000000000000000f5a6cc76f0cccccb2e09b5fb75c057b802fe446f80dc157dff849a3e551640ff"
              "01064f70656e65642090e0279c98010001010203040506070800000000000000010408ac5c0e367a"
              "4b36823f74ad76b59950fb289c1f39618e50cdc5885578dbb2b34ec8513ebf6c929f34ddfa8c9f63"
              "c9960e6d6574617b226279223a317db86d8566d0ef0101010100ea61983f5c993334528564eb7dda"
              "cf52094da653eeacc2f0dd21daae2cdf09a4f6e348a3528c8a3fcc2f044e39a3fc5b8b495285b0aa"
              "02020201018ec2bb22a95611040ddee646050b7393cfc49e9da7fd0185fff4cbfdec050fa994492f"
              "8f032e7549a20098f95befd612780206436c6f7365640006616363742d3000050231370000016200");
    EXPECT_EQ(hex_of(trimmed(Bytes{files.at("head")}.first(4096))),
              "465245534845414400000000f63b6cf402000000000000006c82a562cb808d100010000000040000"
              "0100000001000000d632be89a8926ba2e00100000000000001000000000000000300000000000000"
              "54420f0000000000992e16c3884b26bd25431161778d280775187469bff21e8296f926ff240069ca");
    EXPECT_EQ(hex_of(trimmed(Bytes{files.at("head")}.last(4096))),
              "46524553484541440000000037fbf1d501000000000000006c82a562cb808d100010000000040000"
              "0100000001000000d632be890000000060");
}

template <class T>
T field(Bytes bytes, std::size_t offset) {
    return load<T>(bytes.data() + offset);
}

// The tables, field by field.
TEST(Format, HasEachFieldWhereItsTableSays) {
    for (const Digest digest : {Digest::none, Digest::sha256}) {
        const bool sha = digest == Digest::sha256;
        const std::size_t header_size = sha ? 144 : 80;
        const Files files = golden_files(digest);
        const Bytes head = files.at("head");
        const Bytes slot = head.first(4096);  // Of sequence 2, which close() wrote.
        const Bytes segment = files.at("00000001.log");
        const Bytes frame = segment.subspan(96);

        EXPECT_EQ(as_text(segment.first(8)), "FRESHLOG");
        EXPECT_EQ(field<std::uint32_t>(segment, 8), 0U);
        EXPECT_EQ(field<std::uint32_t>(segment, 12), crc32c(0, segment.subspan(16, 80)));
        EXPECT_EQ(field<std::uint64_t>(segment, 16), field<std::uint64_t>(slot, 24));
        EXPECT_EQ(field<std::uint32_t>(segment, 24), 1U);
        EXPECT_EQ(field<std::uint32_t>(segment, 28), 4096U);
        EXPECT_EQ(field<std::uint64_t>(segment, 32), 0U);
        EXPECT_EQ(field<std::uint32_t>(segment, 40), 1U);
        EXPECT_EQ(field<std::uint32_t>(segment, 44), field<std::uint32_t>(slot, 48));
        EXPECT_TRUE(trimmed(segment.subspan(48, 48)).empty());

        EXPECT_EQ(as_text(frame.first(3)), "FrF");
        EXPECT_EQ(frame[3], sha ? std::byte{3} : std::byte{1});
        const std::array<std::uint64_t, 1> address = {96};
        std::uint32_t crc = crc32c(0, std::as_bytes(std::span{address}));
        crc = crc32c(crc, frame.first(4));
        EXPECT_EQ(field<std::uint32_t>(frame, 4), crc32c(crc, frame.subspan(8, header_size - 8)));
        EXPECT_EQ(field<std::uint64_t>(frame, 8), 96U);
        EXPECT_EQ(field<std::uint64_t>(frame, 16), field<std::uint64_t>(segment, 16));
        EXPECT_EQ(field<std::uint32_t>(frame, 24), 1U);
        EXPECT_EQ(field<std::uint32_t>(frame, 28), field<std::uint32_t>(segment, 44));
        EXPECT_EQ(field<std::uint64_t>(frame, 32), 1U);
        EXPECT_EQ(field<std::uint64_t>(frame, 40), 1'000'020U);
        EXPECT_EQ(field<std::uint64_t>(frame, 48), 0U);
        EXPECT_EQ(field<std::uint32_t>(frame, 56), frame.size());
        const auto events_size = field<std::uint32_t>(frame, 60);
        EXPECT_EQ(field<std::uint32_t>(frame, 64), 3U);
        EXPECT_EQ(field<std::uint16_t>(frame, 68), 3U);
        EXPECT_EQ(field<std::uint16_t>(frame, 70), 2U);
        EXPECT_EQ(field<std::uint32_t>(frame, 76), 0U);

        // The first type, the events, the other type with its version, then streams: acct-0 was
        // named first, acct-17 shares 5 bytes with it.
        EXPECT_EQ(as_text(frame.subspan(header_size, 8)), "\1\6Opened");
        const std::string tables{as_text(frame.subspan(header_size + events_size))};
        const std::string names{"\2\6Closed\0\6acct-0\0\5\00217\0\0\1b\0", 26};
        EXPECT_EQ(tables.substr(0, 26), names);
        EXPECT_LT(tables.size(), 34U);
        EXPECT_EQ(tables.find_first_not_of('\0', 26), std::string::npos);

        const Bytes event = frame.subspan(header_size + 8);
        const std::size_t extra = sha ? 48 : 0;
        EXPECT_EQ(event[4], static_cast<std::byte>(4 + 8 + 16 + (sha ? 128 : 0)));
        std::size_t at = 5;
        EXPECT_EQ(event[at++], static_cast<std::byte>(header_size + 8));
        if (sha) {
            EXPECT_EQ(event[at++], std::byte{1});  // 152 takes two bytes: 0x98 0x01.
        }
        EXPECT_EQ(event[at++], std::byte{0});  // Number in the frame.
        EXPECT_EQ(event[at++], std::byte{1});  // Slot.
        EXPECT_EQ(hex_of(event.subspan(at, 16)), "01020304050607080000000000000001");
        at += 16;
        EXPECT_EQ(event[at++], std::byte{4});
        EXPECT_EQ(event[at++], std::byte{8});
        EXPECT_EQ(as_text(event.subspan(at + extra, 12)), "meta{\"by\":1}");

        EXPECT_EQ(as_text(slot.first(8)), "FRESHEAD");
        EXPECT_EQ(field<std::uint32_t>(slot, 8), 0U);
        EXPECT_EQ(field<std::uint32_t>(slot, 12),
                  crc32c(crc32c(0, slot.first(12)), slot.subspan(16)));
        EXPECT_EQ(field<std::uint64_t>(slot, 16), 2U);
        EXPECT_EQ(field<std::uint64_t>(head, 4096 + 16), 1U);
        EXPECT_EQ(field<std::uint32_t>(slot, 32), 4096U);
        EXPECT_EQ(field<std::uint32_t>(slot, 36), 1024U);
        EXPECT_EQ(field<std::uint32_t>(slot, 40), sha ? 1U : 0U);
        EXPECT_EQ(field<std::uint32_t>(slot, 44), 1U);
        const std::uint32_t chain =
            crc32c(crc32c(0, frame.first(4)), frame.subspan(16, header_size - 16));
        EXPECT_EQ(field<std::uint32_t>(slot, 52), chain);
        EXPECT_EQ(field<std::uint64_t>(slot, 56), segment.size());
        EXPECT_EQ(field<std::uint64_t>(slot, 64), 1U);
        EXPECT_EQ(field<std::uint64_t>(slot, 72), 3U);
        EXPECT_EQ(field<std::uint64_t>(slot, 80), 1'000'020U);
        Sha256 hash;
        hash.update(frame.first(4));
        hash.update(frame.subspan(16, header_size - 16));
        const auto digest_bytes = hash.finish();
        EXPECT_EQ(hex_of(slot.subspan(88, 32)), sha ? hex_of(digest_bytes) : std::string(64, '0'));
        EXPECT_TRUE(trimmed(slot.subspan(120)).empty());
    }
}

TEST(Format, NamesSegmentsByEightDigits) {
    EXPECT_EQ(log::as_view(log::segment_name(1)), "00000001.log");
    EXPECT_EQ(log::as_view(log::segment_name(99'999'999)), "99999999.log");
    EXPECT_EQ(log::as_view(log::segment_name(12'345)), "00012345.log");
}

TEST(Format, KnowsASegmentHeaderFromAnythingElse) {
    std::array<std::byte, log::segment_header_size> bytes{};
    log::SegmentHeader header;
    std::uint32_t format = 0;
    EXPECT_EQ(log::decode(bytes, header, format).error().code, Code::not_a_store);
    log::encode(log::SegmentHeader{.store = 5,
                                   .number = 3,
                                   .segment_size = 4096,
                                   .previous_end = 77,
                                   .epoch = {2, 9},
                                   .chain = {}},
                bytes);
    ASSERT_TRUE(log::decode(bytes, header, format));
    EXPECT_EQ(header.number, 3U);
    EXPECT_EQ(log::decode(Bytes{bytes}.first(95), header, format).error().code, Code::not_a_store);
    store_at(bytes.data() + 8, std::uint32_t{1});
    EXPECT_EQ(log::decode(bytes, header, format).error().code, Code::newer_format);
    EXPECT_EQ(format, 1U);
    bytes[20] ^= std::byte{1};
    EXPECT_EQ(log::decode(bytes, header, format).error().code, Code::corrupt);
}

// Fields of a frame's header that pass its checksum and make no sense.
TEST(Format, RefusesAFrameHeaderThatContradictsItself) {
    const Files files = golden_files(Digest::none);
    const log::Geometry geometry{field<std::uint64_t>(files.at("00000001.log"), 16), 4096, 1024,
                                 Digest::none};
    const Contents original(files.at("00000001.log").begin() + 96, files.at("00000001.log").end());
    log::FrameHeader header;
    ASSERT_TRUE(log::decode(original, 96, geometry, header));
    const auto refuses = [&](const std::function<void(log::FrameHeader&)>& change) {
        log::FrameHeader changed = header;
        change(changed);
        Contents bytes = original;
        log::encode(changed, geometry, bytes.data());
        log::stamp(bytes.data(), 96, changed.synced_to, geometry);
        return log::decode(bytes, 96, geometry, changed).error().code == Code::corrupt;
    };
    EXPECT_FALSE(refuses([](log::FrameHeader&) {}));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.store++; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.size += 4; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.size = 1032; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.size = 72; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.events_size = h.size; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.stream_count = 0; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.stream_count = 1025; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.type_count = 256; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.commit = 0; }));
    EXPECT_TRUE(refuses([](log::FrameHeader& h) { h.synced_to = 97; }));
    EXPECT_EQ(log::decode(Bytes{original}.first(79), 96, geometry, header).error().code,
              Code::corrupt);
    EXPECT_EQ(log::decode(original, 104, geometry, header).error().code, Code::corrupt);
    // The address behind a frame lies in its segment, too.
    const auto fits = [&](std::uint64_t address) {
        Contents bytes = original;
        log::stamp(bytes.data(), address, header.synced_to, geometry);
        return bool{log::decode(bytes, address, geometry, header)};
    };
    EXPECT_TRUE(fits(4096 - header.size - 8));
    EXPECT_FALSE(fits(4096 - header.size));
    const log::Geometry small{geometry.store, 256, 1024, Digest::none};
    EXPECT_EQ(log::decode(original, 96, small, header).error().code, Code::corrupt);
    const log::Geometry other{geometry.store, 4096, 1024, Digest::sha256};
    EXPECT_EQ(log::decode(original, 96, other, header).error().code, Code::corrupt);
}

}  // namespace
}  // namespace freshet::test
